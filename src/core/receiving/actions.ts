import { type Clock, SECOND } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import type { HeaderField } from '../../mail/header-fields.ts';
import type { Command } from '../../storage/ports.ts';
import type { HttpPost } from '../../wire/http-post.ts';
import type { Message } from '../messages/messages.ts';
import type { BucketTarget, TopicTarget } from '../targets/targets.ts';
import { MOST_NOTIFIED } from './dry-run.ts';
import type { BounceWords, Onward } from './onward.ts';
import type { Action, Extension } from './rules.ts';
import type { SeenMessage } from './seen-message.ts';
import type { Step } from './steps.ts';
import type { Verdicts } from './verdicts.ts';
import { signedHeaders } from './webhook-signature.ts';

/** What a notification tells; its shape belongs to the doors. */
export interface ReceiptNotice {
  readonly message: Message;
  /** Of the message as the action sees it: what actions before it added, our trace fields, its own. */
  readonly header: readonly HeaderField[];
  /** The whole message; only for the action that hands it over. */
  readonly content?: Buffer | undefined;
  readonly recipients: readonly string[];
  readonly action: Action | Extension;
  /** Key of the stored object, where the action stored one. */
  readonly objectKey?: string | undefined;
  readonly verdicts: Verdicts;
  /** Milliseconds from accept to now. */
  readonly processingTime: number;
}
export type RenderReceipt = (notice: ReceiptNotice) => { readonly subject: string; readonly message: string };

export interface Performed {
  readonly batch: readonly Command[];
  /** What it came to, for the timeline. */
  readonly result: string;
  /** A topic was published to. */
  readonly told?: boolean;
  /** To be called once the batch is written. */
  readonly announce?: (() => void) | undefined;
}

interface Needs {
  readonly buckets: BucketTarget;
  readonly topics: TopicTarget;
  readonly onward: Onward;
  readonly render: RenderReceipt;
  readonly post: HttpPost;
  /** Milliseconds since 1970, never moved. */
  readonly machineTime: () => number;
  /** Opens a secret that was sealed for a webhook. */
  readonly open: (sealed: string) => string;
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
  async perform({ action, recipients }: Step, seen: SeenMessage, verdicts: Verdicts): Promise<Performed> {
    const { clock, topics } = this.#needs;
    const processingTime = clock.civil() - seen.message.at;
    const notice = { message: seen.message, recipients, action, verdicts, processingTime };
    const performed = await this.#handOver(notice, seen);
    const topic = 'topic' in action && action.kind !== 'sns' ? action.topic : undefined;
    if (!topic) return performed;
    const { objectKey } = performed;
    const told = await topics.publishing(
      topic,
      this.#needs.render({ ...notice, header: await seen.header(), objectKey }),
    );
    return { ...performed, batch: [...performed.batch, ...told.batch], told: true };
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
        return { batch, result: id, told: true };
      }
      case 'bounce':
        return this.#bounce(seen, recipients, action);
      case 'add-header':
        return { batch: [], result: `${action.name}: ${action.value}` };
      case 'stop':
        return { batch: [], result: 'No further rule or action' };
      case 'forward': {
        const owed = await this.#needs.onward.forward(seen, action.to);
        return { batch: owed.batch, result: owed.id, announce: owed.announce };
      }
      case 'webhook':
        return this.#post(notice, action, seen);
      case 'lambda':
        throw new Refusal('not-built', 'Functions are not built yet');
    }
  }

  /** Posted before the note is written: after a crash in between it is posted again, with the same message id. */
  async #post(notice: Omit<ReceiptNotice, 'header'>, { url, secret }: Webhook, seen: SeenMessage): Promise<HandedOver> {
    const { post, open, machineTime, render } = this.#needs;
    const content = seen.size > MOST_NOTIFIED ? undefined : await seen.whole();
    const body = render({ ...notice, header: await seen.header(), content }).message;
    // Compared by somebody who knows no moved clock.
    const headers = signedHeaders({ body, secret: open(secret), seconds: Math.floor(machineTime() / SECOND) });
    const answer = await post.send({ url, headers: { ...headers, 'sesame-message-id': seen.message.id }, body });
    if (answer.kind === 'failed') throw new Refusal('target-failed', answer.reason);
    if (answer.status < 200 || answer.status >= 300) throw new Refusal('target-failed', `HTTP ${answer.status}`);
    return { batch: [], result: `HTTP ${answer.status}` };
  }

  async #store({ bucket, prefix }: S3, seen: SeenMessage): Promise<HandedOver> {
    const objectKey = objectKeyOf(prefix, seen.message.id);
    const contentType = 'application/octet-stream';
    const object = { bucket, key: objectKey, content: await seen.pieces(), contentType };
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
type Webhook = Extract<Extension, { kind: 'webhook' }>;

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
