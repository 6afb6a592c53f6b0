import type { Kysely } from 'kysely';
import type { Dialect } from '../ports.ts';
import { first } from './0001-first.ts';
import { contacts } from './0002-contacts.ts';
import { suppressed } from './0003-suppressed.ts';
import { queue } from './0004-queue.ts';
import { identities } from './0006-identities.ts';
import { domains } from './0007-domains.ts';
import { callers } from './0008-callers.ts';
import { reviews } from './0009-reviews.ts';
import { neighbours } from './0011-neighbours.ts';
import { judged } from './0013-judged.ts';
import { direct } from './0015-direct.ts';

export type Migrations = Readonly<Record<string, { up(db: Kysely<unknown>): Promise<void> }>>;

/** Every change of the tables, in order. A migration that was released never changes; a new one is added below it. */
export function migrations(dialect: Dialect): Migrations {
  return {
    '0001-first': { up: first(dialect) },
    '0002-contacts': { up: contacts(dialect) },
    '0003-suppressed': { up: suppressed(dialect) },
    '0004-queue': { up: queue(dialect) },
    '0006-identities': { up: identities(dialect) },
    '0007-domains': { up: domains(dialect) },
    '0008-callers': { up: callers(dialect) },
    '0009-reviews': { up: reviews(dialect) },
    '0011-neighbours': { up: neighbours(dialect) },
    '0013-judged': { up: judged() },
    '0015-direct': { up: direct },
  };
}
