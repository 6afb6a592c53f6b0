/**
 * The second home of buckets, topics and queues: somebody else's, named by a setting. The rooms above ask the same of both;
 * how the other side is spoken to belongs to the doors.
 */

import { parseArn } from '../../base/arn.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Bytes, Command, Rows, Segment } from '../../storage/ports.ts';
import type { Bucket, ObjectToPut } from './buckets.ts';
import type { MessageAttributes } from './message-attributes.ts';
import type { Brought, Courier, Publications } from './publications.ts';
import type { MessageToPublish } from './topics.ts';

type ObjectToHandOver = ObjectToPut & { readonly content: Buffer | readonly (Segment | Buffer)[] };

/** What other rooms ask of buckets. */
export interface BucketTarget {
  /** The bucket of that name, if the account may write to it. */
  writable(account: string, name: string): Promise<Pick<Bucket, 'region'> | undefined>;
  put(account: string, object: ObjectToHandOver): Promise<string>;
  /** Embedded, the put is in the batch. Remote, it is done when this resolves: once more does no harm. */
  putting(account: string, object: ObjectToHandOver): Promise<{ batch: Command[]; etag: string }>;
}

/** What other rooms ask of topics. */
export interface TopicTarget {
  find(arn: string): Promise<{ readonly arn: string } | undefined>;
  publish(arn: string, message: MessageToPublish): Promise<string>;
  publishing(arn: string, message: MessageToPublish): Promise<{ id: string; batch: Command[] }>;
}

/** Somebody else's buckets, as they are spoken to. */
export interface RemoteObjects {
  /** Nothing where there is none, or none that our key may see. */
  region(bucket: string): Promise<string | undefined>;
  put(object: {
    bucket: string;
    key: string;
    /** Octets. */
    size: number;
    content: AsyncIterable<Buffer>;
    contentType: string;
    metadata: Readonly<Record<string, string>>;
  }): Promise<string>;
}

export class RemoteBuckets implements BucketTarget {
  readonly #bytes: Bytes;
  readonly #remote: RemoteObjects;

  constructor(bytes: Bytes, remote: RemoteObjects) {
    this.#bytes = bytes;
    this.#remote = remote;
  }

  async writable(_account: string, name: string): Promise<Pick<Bucket, 'region'> | undefined> {
    const region = await this.#remote.region(name);
    return region === undefined ? undefined : { region };
  }

  async put(_account: string, object: ObjectToHandOver): Promise<string> {
    const { bucket, key, contentType = 'binary/octet-stream', metadata = {} } = object;
    const pieces = Buffer.isBuffer(object.content) ? [object.content] : object.content;
    const size = pieces.reduce((sum, piece) => sum + (Buffer.isBuffer(piece) ? piece.length : piece.size), 0);
    return this.#remote.put({ bucket, key, size, content: this.#octetsOf(pieces), contentType, metadata });
  }

  async putting(account: string, object: ObjectToHandOver): Promise<{ batch: Command[]; etag: string }> {
    return { batch: [], etag: await this.put(account, object) };
  }

  async *#octetsOf(pieces: readonly (Segment | Buffer)[]): AsyncGenerator<Buffer> {
    for (const piece of pieces) {
      if (Buffer.isBuffer(piece)) yield piece;
      else yield* this.#bytes.stream([piece]);
    }
  }
}

/** Somebody else's topics, as they are spoken to. */
export interface RemotePublisher {
  exists(topicArn: string): Promise<boolean>;
  /** Refuses with `no-such-topic` where there is none. */
  publish(message: {
    topicArn: string;
    subject?: string | undefined;
    message: string;
    attributes: MessageAttributes;
  }): Promise<void>;
}

interface Needs {
  readonly rows: Rows;
  readonly publications: Publications;
  readonly remote: RemotePublisher;
  readonly random: Random;
}

const WAY = 'sns';

/** What is published is owed to the topic itself, and tried until the other side has taken it. */
export class RemoteTopics implements TopicTarget {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async find(arn: string): Promise<{ arn: string } | undefined> {
    return (await this.#needs.remote.exists(arn)) ? { arn } : undefined;
  }

  async publish(arn: string, message: MessageToPublish): Promise<string> {
    const { id, batch } = await this.publishing(arn, message);
    await this.#needs.rows.write(batch, 'durable');
    this.#needs.publications.loop.wake();
    return id;
  }

  /** The id is ours: the other side gives it one of its own. */
  async publishing(arn: string, { subject, message, attributes = {} }: MessageToPublish) {
    const { publications, random } = this.#needs;
    const parsed = parseArn(arn);
    if (parsed?.service !== 'sns') throw new Refusal('no-such-topic', 'Topic does not exist');
    const headers = { attributes: JSON.stringify(attributes), ...(subject !== undefined && { subject }) };
    return { id: random.uuid(), batch: [publications.owe(parsed, arn, { way: WAY, headers, body: message })] };
  }
}

/** Brings what is owed to a topic of the other side. */
export function topicCourier(remote: RemotePublisher): Courier {
  return async ({ endpoint, headers, body }): Promise<Brought> => {
    try {
      const attributes = JSON.parse(headers['attributes'] ?? '{}');
      await remote.publish({ topicArn: endpoint, subject: headers['subject'], message: body, attributes });
      return { kind: 'done' };
    } catch (cause) {
      const refused = cause instanceof Refusal && cause.code !== 'busy';
      return { kind: 'failed', error: (cause as Error).message, concerns: refused ? 'for-good' : 'everything' };
    }
  };
}
