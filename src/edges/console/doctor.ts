import type { Doctor } from '../../core/identities/identities.ts';
import type { Request, Response } from '../http.ts';
import { BadRequest, json, limitOf } from './json.ts';

/** Identities of one answer: each asks DNS some seven questions. */
const SHOWN = 20;
const MOST_SHOWN = 100;

interface Needs {
  readonly doctor: Doctor;
  /** `SESAME_DOMAIN`, and the name server to which it may be delegated. */
  readonly domain: string | undefined;
  readonly nameServer: string;
}

/**
 * `GET /_sesame/doctor?limit=20&next=`: every record to publish and what is found now, of our own domain (on the first page)
 * and of each identity: `{"domain", "nameServer", "records": […], "identities": [{"account", "region", "name", "type",
 * "status", "records": [{"name", "type", "value", "purpose", "found": […], "state"}]}], "next"}`. State ∈ published, missing,
 * different, unknown.
 */
export class DoctorApi {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async handle({ method, query }: Request, rest: readonly string[]): Promise<Response | undefined> {
    if (method !== 'GET' || rest.length > 0) return undefined;
    const { doctor, domain, nameServer } = this.#needs;
    const asked = new URLSearchParams(query);
    const limit = limitOf(asked, { fallback: SHOWN, most: MOST_SHOWN });
    const next = asked.get('next') ?? undefined;
    const identities = await doctor.identities(placeOf(next), limit);
    const last = identities.at(-1);
    return json(200, {
      ...(next === undefined && { domain, nameServer, records: await doctor.ours() }),
      identities,
      ...(last && identities.length === limit && { next: `${last.account}/${last.region}/${last.name}` }),
    });
  }
}

function placeOf(next: string | undefined) {
  if (next === undefined) return { account: '', region: '', name: '' };
  const [, account, region, name] = /^(\d{12})\/([a-z0-9-]+)\/(.+)$/.exec(next) ?? [];
  if (account === undefined || region === undefined || name === undefined)
    throw new BadRequest('next is not of this list.');
  return { account, region, name };
}
