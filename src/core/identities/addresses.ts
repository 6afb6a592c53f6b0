import { Refusal } from '../../base/refusal.ts';
import { parseAddress } from '../../mail/address.ts';
import type { Scope } from '../../storage/ports.ts';
import { identityName } from './covering.ts';
import type { Identity, IdentityDocument } from './identity.ts';
import type { Records } from './records.ts';

interface Needs {
  readonly records: Records;
}

/** Address identities: how they come into being and how their ownership is proved. */
export class Addresses {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Nothing if there is one of that name. A name that is no address is refused. */
  async create(
    scope: Scope,
    name: string,
    settings: Pick<IdentityDocument, 'tags' | 'configurationSet'>,
  ): Promise<Identity | undefined> {
    if (!name.includes('@') || !parseAddress(name).ok) {
      throw new Refusal('invalid-parameter', `Invalid email address<${name}>.`);
    }
    return this.#needs.records.insert(scope, {
      name: identityName(name),
      type: 'address',
      status: 'success',
      document: settings,
    });
  }

  /** The address identity, made if it is not there yet: the v1 verification calls may be repeated. */
  async ensure(scope: Scope, address: string): Promise<Identity> {
    for (;;) {
      const present = await this.#needs.records.get(scope, address);
      const identity = present?.identity ?? (await this.create(scope, address, { tags: [] }));
      // Otherwise another call made it in between.
      if (identity) return identity;
    }
  }
}
