import type { Clock } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import { raiseGeneration } from '../../storage/generations.ts';
import type { Rows, Scope } from '../../storage/ports.ts';
import {
  addressFurtherOn,
  deleteContactsOf,
  deleteContactsUpTo,
  deleteList,
  deletePreferencesOf,
  deletePreferencesUpTo,
  insertList,
  type ListRow,
  listOf,
  replaceList,
} from './table.ts';
import { checkList, checkListName, type Topic } from './topics.ts';

interface ListContent {
  readonly topics: readonly Topic[];
  readonly description?: string | undefined;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

export interface ContactList extends ListContent {
  readonly name: string;
  /** Civil milliseconds. */
  readonly created: number;
  readonly updated: number;
}

/** Contacts that go with their list in one transaction: nobody waits long behind a big list. */
const A_SLICE = 10_000;

/** Contact lists: an account has one in each region (SES: quotas). */
export class ContactLists {
  readonly #rows: Rows;
  readonly #clock: Clock;

  constructor({ rows, clock }: { rows: Rows; clock: Clock }) {
    this.#rows = rows;
    this.#clock = clock;
  }

  async create(scope: Scope, name: string, { topics, description, tags }: ListContent): Promise<void> {
    checkListName(name);
    checkList({ topics, description });
    const at = this.#clock.civil();
    const document = JSON.stringify({ topics, description, tags } satisfies ListContent);
    const { account, region } = scope;
    const batch = [insertList({ account, region, name, document, created: at, updated: at }), raiseGeneration(scope)];
    if ((await this.#rows.write(batch, 'durable')).applied) return;
    throw new Refusal('invalid-parameter', 'A maximum of 1 Lists allowed per account.');
  }

  /** A name that cannot be one, and one that the scope has no list of, are refused. */
  async get(scope: Scope, name: string): Promise<ContactList> {
    return listFrom(await this.#existing(scope, name));
  }

  /** Nothing where the list is gone. */
  async find(scope: Scope, name: string): Promise<ContactList | undefined> {
    const row = await this.#row(scope);
    return row?.name === name ? listFrom(row) : undefined;
  }

  async all(scope: Scope): Promise<ContactList[]> {
    const row = await this.#row(scope);
    return row ? [listFrom(row)] : [];
  }

  /** What is left out stays as it is; topics are replaced together. */
  async update(scope: Scope, name: string, change: Partial<Omit<ListContent, 'tags'>>): Promise<void> {
    checkListName(name);
    checkList({ topics: change.topics ?? [], description: change.description });
    const found = await this.#change(scope, name, ({ topics, description, tags }) => ({
      topics: change.topics ?? topics,
      description: change.description ?? description,
      tags,
    }));
    if (!found) throw noList(name);
  }

  /** False where there is no such list. */
  retag(scope: Scope, name: string, change: (tags: ListContent['tags']) => ListContent['tags']): Promise<boolean> {
    return this.#change(scope, name, ({ topics, description, tags }) => ({ topics, description, tags: change(tags) }));
  }

  async #change(scope: Scope, name: string, next: (list: ListContent) => ListContent): Promise<boolean> {
    for (;;) {
      const row = await this.#row(scope);
      if (row?.name !== name) return false;
      const { account, region, version } = row;
      const updated = this.#clock.civil();
      const document = JSON.stringify(next(listFrom(row)));
      const write = replaceList({ account, region, name, version, updated, document });
      if ((await this.#rows.write([write, raiseGeneration(scope)], 'durable')).applied) return true;
    }
  }

  /** With everyone on it: the bulk in slices, the rest and the list itself in one step. */
  async remove(scope: Scope, name: string): Promise<void> {
    const { account, region } = await this.#existing(scope, name);
    for (;;) {
      const further = await this.#rows.first(addressFurtherOn({ account, region, after: '', distance: A_SLICE }));
      if (!further) break;
      const upTo = { account, region, address: further.address };
      await this.#rows.write([deletePreferencesUpTo(upTo), deleteContactsUpTo(upTo)], 'committed');
    }
    const one = { account, region };
    const batch = [
      deleteList({ ...one, name }),
      deletePreferencesOf(one),
      deleteContactsOf(one),
      raiseGeneration(scope),
    ];
    if (!(await this.#rows.write(batch, 'durable')).applied) throw noList(name);
  }

  async #existing(scope: Scope, name: string): Promise<ListRow> {
    checkListName(name);
    const row = await this.#row(scope);
    if (row?.name !== name) throw noList(name);
    return row;
  }

  #row({ account, region }: Scope): Promise<ListRow | undefined> {
    return this.#rows.first(listOf({ account, region }));
  }
}

const noList = (name: string) => new Refusal('not-found', `List with name: ${name} doesn't exist.`);

function listFrom({ name, document, created, updated }: ListRow): ContactList {
  return { name, created, updated, ...(JSON.parse(document) as ListContent) };
}
