import { Refusal } from '../../base/refusal.ts';
import type { Rows } from '../../storage/ports.ts';
import type { Notices } from '../notices/notices.ts';
import type { Brought, Courier } from './publications.ts';
import type { MessageToSend } from './queues/queues.ts';
import { type QueueRef, queueOfArn } from './queues/settings.ts';

/** Where messages of topics go that are meant for a queue: ours, or somebody else's. */
export type QueueTarget = (queue: QueueRef, message: MessageToSend) => Promise<unknown>;

const SENDER = 'sns.amazonaws.com';

/** To the queue that the endpoint's ARN names. What a queue refuses it refuses for good. */
export function queueCourier(send: QueueTarget): Courier {
  return async ({ endpoint, headers, body }): Promise<Brought> => {
    const attributes = JSON.parse(headers['attributes'] ?? '{}');
    try {
      await send(queueOfArn(endpoint)!, { body, attributes, sender: SENDER });
      return { kind: 'done' };
    } catch (cause) {
      const refused = cause instanceof Refusal && cause.code !== 'busy';
      return { kind: 'failed', error: (cause as Error).message, concerns: refused ? 'for-good' : 'everything' };
    }
  };
}

/** As a mail from us: from here on the notice has its own retries. */
export function mailCourier({ rows, notices }: { rows: Rows; notices: Notices }): Courier {
  return async ({ scope, endpoint, headers, body }): Promise<Brought> => {
    const letter = { subject: headers['subject'] ?? '', text: body };
    const { applied } = await rows.write(
      [notices.owe({ ...scope, kind: 'topic-notification', to: endpoint, letter })],
      'committed',
    );
    if (!applied) return { kind: 'failed', error: 'The notice was not kept', concerns: 'only-this' };
    notices.announce();
    return { kind: 'done' };
  };
}
