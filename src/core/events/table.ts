import type { Generated } from 'kysely';
import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  events: {
    seq: Generated<number>;
    message_id: string;
    account: string;
    region: string;
    type: string;
    at: number;
    document: string;
  };
}
type NewRow = Omit<Tables['events'], 'seq'>;

const { query, command, commandOver } = statementsOver<Tables>();

export const insertEvent = command('events.insert', (db, p: NewRow) =>
  db.insertInto('events').values(pick(p, 'message_id', 'account', 'region', 'type', 'at', 'document')),
);

export const eventsOfMessage = query('events.of-message', (db, p: { messageId: string }) =>
  db.selectFrom('events').select(['type', 'at', 'document']).where('message_id', '=', p.messageId).orderBy('seq'),
);

export const deleteEvents = commandOver('events.delete', (db, messageIds) =>
  db.deleteFrom('events').where('message_id', 'in', messageIds),
);
