import { isIP } from 'node:net';
import type { Random } from '../../base/random.ts';
import type { DryRun, Extension, Receiving, RuleSets } from '../../core/receiving/receiving.ts';
import { parseAddress } from '../../mail/address.ts';
import { account as accountId, region as regionName } from '../../settings/values.ts';
import type { Scope } from '../../storage/ports.ts';
import type { Request, Response } from '../http.ts';
import { BadRequest, checked, json, readJson, textMember } from './json.ts';

interface Needs {
  readonly receiving: Receiving;
  readonly ruleSets: RuleSets;
  /** Of a webhook's secret, for the storage. */
  readonly seal: (secret: string) => string;
  readonly random: Random;
  /** Account and region where a call names none. */
  readonly home: Scope;
}

/**
 * What AWS has no operation for: `POST /_sesame/receipt-rules/dry-run`, and
 * `GET|PUT|DELETE /_sesame/receipt-rules/{ruleSet}/{rule}/extensions?account=&region=`.
 *
 * Extensions: `{"type":"webhook","url":"https://…","secret":"…"}` (a secret is made and answered once where none is given)
 * and `{"type":"forward","to":"…"}`. They run behind the rule's actions, in front of its Stop.
 */
export class ReceiptRulesApi {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async handle(request: Request, [first, rule, part, ...rest]: readonly string[]): Promise<Response | undefined> {
    if (first === 'dry-run' && rule === undefined) {
      return request.method === 'POST' ? this.#dryRun(request) : undefined;
    }
    if (first === undefined || rule === undefined || part !== 'extensions' || rest.length > 0) return undefined;
    return this.#extensions(request, { ruleSet: first, rule });
  }

  async #dryRun(request: Request): Promise<Response> {
    const body = readJson(request);
    const content = Buffer.from(wanted(body, 'raw'), 'base64');
    const peerAddress = textMember(body, 'ip') ?? '127.0.0.1';
    if (!isIP(peerAddress)) throw new BadRequest('ip must be an IP address.');
    const tls = body['tls'] ?? true;
    if (typeof tls !== 'boolean') throw new BadRequest('tls must be true or false.');
    const recipients = body['to'];
    if (!Array.isArray(recipients) || !recipients.every((one) => typeof one === 'string')) {
      throw new BadRequest('to must be a list of addresses.');
    }
    const sender = textMember(body, 'from') ?? '';
    const helo = textMember(body, 'helo') ?? 'localhost';
    return json(
      200,
      outcomeOf(await this.#needs.receiving.dryRun({ sender, recipients, peerAddress, helo, tls, content })),
    );
  }

  async #extensions(request: Request, { ruleSet, rule }: { ruleSet: string; rule: string }) {
    const { ruleSets } = this.#needs;
    const scope = this.#scope(request);
    const kept = async () => (await ruleSets.rule(scope, ruleSet, rule)).extensions ?? [];
    switch (request.method) {
      case 'GET':
        return json(200, { extensions: (await kept()).map(shown) });
      case 'DELETE':
        await ruleSets.extend(scope, ruleSet, rule, []);
        return json(200, { extensions: [] });
      case 'PUT': {
        const given = readJson(request)['extensions'];
        if (!Array.isArray(given)) throw new BadRequest('extensions must be a list.');
        const read = given.map((one) => this.#read(one));
        await ruleSets.extend(
          scope,
          ruleSet,
          rule,
          read.map(({ extension }) => extension),
        );
        return json(200, { extensions: read.map(({ extension, made }) => ({ ...shown(extension), ...made })) });
      }
      default:
        return undefined;
    }
  }

  /** `made`: the secret that is told only now. */
  #read(given: unknown): { extension: Extension; made?: { secret: string } } {
    if (typeof given !== 'object' || given === null) throw new BadRequest('An extension must be an object.');
    const members = given as Record<string, unknown>;
    const type = textMember(members, 'type');
    if (type === 'forward') {
      const parsed = parseAddress(wanted(members, 'to'));
      if (!parsed.ok) throw new BadRequest(parsed.fault);
      return { extension: { kind: 'forward', to: parsed.address.address } };
    }
    if (type !== 'webhook') throw new BadRequest('type must be webhook or forward.');
    const url = wanted(members, 'url');
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new BadRequest(`'${url}' is no HTTP URL.`);
    const known = textMember(members, 'secret');
    const secret = known ?? this.#needs.random.bytes(32).toString('base64url');
    const extension: Extension = { kind: 'webhook', url, secret: this.#needs.seal(secret) };
    return known === undefined ? { extension, made: { secret } } : { extension };
  }

  #scope({ query }: Request): Scope {
    const parameters = new URLSearchParams(query);
    const { home } = this.#needs;
    return {
      account: checked(accountId, parameters.get('account') ?? home.account),
      region: checked(regionName, parameters.get('region') ?? home.region),
    };
  }
}

function wanted(members: Record<string, unknown>, name: string): string {
  const value = textMember(members, name);
  if (value === undefined) throw new BadRequest(`${name} is wanted.`);
  return value;
}

const shown = (extension: Extension) =>
  extension.kind === 'webhook' ? { type: 'webhook', url: extension.url } : { type: 'forward', to: extension.to };

/** What the peer would hear, in the words of the MX door. */
const replies: Readonly<Record<DryRun['recipients'][number]['answer'], string>> = {
  yes: '250 OK',
  unknown: '550 5.1.1 Requested action not taken: mailbox unavailable',
  blocked: '550 5.7.1 Requested action not taken: IP address blocked',
  'needs-tls': '530 5.7.0 Must issue a STARTTLS command first',
  full: '452 4.3.2 Sandbox receive limit exceeded, try again later',
};

function outcomeOf({ recipients, loops, receivers }: DryRun) {
  return {
    recipients: recipients.map(({ recipient, answer }) => ({ recipient, reply: replies[answer] })),
    ...(loops && { reply: '554 5.4.6 Too many hops, this mail loops' }),
    receivers: receivers.map(({ rules, ...receiver }) => ({
      ...receiver,
      rules: rules.map((tried) =>
        tried.matched
          ? { ...tried, actions: tried.actions.map(({ kind, effect }) => ({ type: kind, effect })) }
          : tried,
      ),
    })),
  };
}
