import { createHash } from 'node:crypto';

/** What a message of a topic or a queue carries beside its text. */
export interface MessageAttribute {
  /** `String`, `Number` or `Binary`, maybe with a label of the sender's: `Number.int`. */
  readonly type: string;
  /** Text, or octets in base64. */
  readonly value: string;
}
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

export const isBinary = ({ type }: Pick<MessageAttribute, 'type'>) => type.startsWith('Binary');

/** Octets that a message counts for its limit: text, names, types and values. */
export function sizeOf(body: string, attributes: MessageAttributes): number {
  return Object.entries(attributes).reduce(
    (sum, [name, { type, value }]) => sum + octets(name) + octets(type) + octetsOf({ type, value }).length,
    octets(body),
  );
}

export const digestOf = (text: string) => createHash('md5').update(text).digest('hex');

/**
 * MD5 over all attributes, by which clients of a queue see that they arrived (SQS: message metadata): sorted by name; each
 * with its name, its type, one octet for its kind of value, and the value, each but the octet with its length before it.
 */
export function digestOfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (value: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.length);
    hash.update(length).update(value);
  };
  for (const name of names) {
    const attribute = attributes[name]!;
    add(Buffer.from(name));
    add(Buffer.from(attribute.type));
    hash.update(Buffer.of(isBinary(attribute) ? 2 : 1));
    add(octetsOf(attribute));
  }
  return hash.digest('hex');
}

function octetsOf(attribute: MessageAttribute): Buffer {
  return Buffer.from(attribute.value, isBinary(attribute) ? 'base64' : 'utf8');
}

const octets = (text: string) => Buffer.byteLength(text);
