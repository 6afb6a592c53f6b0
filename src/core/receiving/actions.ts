import type { Clock } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import type { HeaderField } from '../../mail/header-fields.ts';
import type { Command } from '../../storage/ports.ts';
import type { Message } from '../messages/messages.ts';
import type { Buckets, Topics } from '../targets/targets.ts';
import type { BounceWords, Onward } from './onward.ts';
import type { Action } from './rules.ts';
import type { SeenMessage } from './seen-message.ts';
import type { Step } from './steps.ts';

/** What a notification tells; its shape belongs to the doors. */
export interface ReceiptNotice {
  readonly message: Message;
  /** Of the message as the action sees it: what actions before it added, our trace fields, its own. */
  readonly header: readonly HeaderField[];
  /** The whole message; only for the action that hands it over. */
  readonly content?: Buffer | undefined;
  readonly recipients: readonly string[];
  readonly action: Action;
  /** Key of the stored object, where the action stored one. */
  readonly objectKey?: string | undefined;
  /** Milliseconds from accept to now. */
  readonly processingTime: number;
}
export type RenderReceipt = (notice: ReceiptNotice) => { readonly subject: string; readonly message: string };

export interface Performed {
  readonly batch: readonly Command[];
  /** What it came to, for the timeline. */
  readonly result: string;
  /** To be called once the batch is written. */
  readonly announce?: (() => void) | undefined;
}

/** SES: a message with an SNS action may be this large, headers included. */
const MOST_NOTIFIED = 150 * 1_024;

interface Needs {
  readonly buckets: Buckets;
  readonly topics: Topics;
  readonly onward: Onward;
  readonly render: RenderReceipt;
  /** Speaks where no rule names a sender. */
  readonly daemon: string;
  readonly clock: Clock;
}

/** What each kind of action does: the commands of one, to be written with the note that it ran. */
export class Actions {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Throws where it could not be done: it is tried again. */
  async perform({ action, recipients }: Step, seen: SeenMessage): Promise<Performed> {
    const { clock, topics } = this.#needs;
    const processingTime = clock.civil() - seen.message.at;
    const notice = { message: seen.message, recipients, action, processingTime };
    const performed = await this.#handOver(notice, seen);
    const topic = 'topic' in action && action.kind !== 'sns' ? action.topic : undefined;
    if (!topic) return performed;
    const { objectKey } = performed;
    const told = await topics.publishing(
      topic,
      this.#needs.render({ ...notice, header: await seen.header(), objectKey }),
    );
    return { ...performed, batch: [...performed.batch, ...told.batch] };
  }

  async #handOver(notice: Omit<ReceiptNotice, 'header'>, seen: SeenMessage): Promise<HandedOver> {
    const { action, recipients } = notice;
    switch (action.kind) {
      case 's3':
        return this.#store(action, seen);
      case 'sns': {
        if (seen.size > MOST_NOTIFIED)
          return this.#bounce(seen, recipients, { ...tooLarge, sender: this.#needs.daemon });
        const [header, content] = [await seen.header(), await seen.whole()];
        const { batch, id } = await this.#needs.topics.publishing(
          action.topic,
          this.#needs.render({ ...notice, header, content }),
        );
        return { batch, result: id };
      }
      case 'bounce':
        return this.#bounce(seen, recipients, action);
      case 'add-header':
        return { batch: [], result: `${action.name}: ${action.value}` };
      case 'stop':
        return { batch: [], result: 'No further rule or action' };
      case 'lambda':
        throw new Refusal('not-built', 'Functions are not built yet');
    }
  }

  async #store({ bucket, prefix }: S3, seen: SeenMessage): Promise<HandedOver> {
    const objectKey = objectKeyOf(prefix, seen.message.id);
    const contentType = 'application/octet-stream';
    const object = { bucket, key: objectKey, content: seen.pieces, contentType };
    const { batch } = await this.#needs.buckets.putting(seen.message.account, object);
    return { batch, result: objectKey, objectKey };
  }

  async #bounce(seen: SeenMessage, recipients: readonly string[], words: BounceWords): Promise<HandedOver> {
    const owed = await this.#needs.onward.bounce(seen, recipients, words);
    if (!owed) return { batch: [], result: 'Nobody is to be told' };
    return { batch: owed.batch, result: owed.id, announce: owed.announce };
  }
}

type S3 = Extract<Action, { kind: 's3' }>;

interface HandedOver extends Performed {
  readonly objectKey?: string;
}

/** SES: mail that is too large for an SNS action bounces; the words are those of its preset. */
const tooLarge = { replyCode: '552', statusCode: '5.3.4', message: 'Message too large' };

/** A prefix is a folder: a slash is put between where it has none at its end (SES: S3 action). */
export function objectKeyOf(prefix: string | undefined, name: string): string {
  if (!prefix) return name;
  return prefix.endsWith('/') ? prefix + name : `${prefix}/${name}`;
}
