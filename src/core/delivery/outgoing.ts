import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { OwnNames } from '../../base/own-names.ts';
import { type CanonicalHeader, canonicaliseHeader, signMessage, withField } from '../../mail/dkim.ts';
import { formatField, readHeader } from '../../mail/header-fields.ts';
import type { Bytes, Scope } from '../../storage/ports.ts';
import type { SigningKey } from '../identities/identities.ts';
import { identityOwner, type Message } from '../messages/messages.ts';

/** Prefixes kept: a message with recipients at several domains is signed once. About 1 KB each. */
const MOST_KEPT = 1_000;

interface Needs {
  readonly bytes: Bytes;
  readonly names: OwnNames;
  readonly clock: Clock;
  /** The key of the domain in From, or nothing where it has none. */
  readonly signingKey: (scope: Scope, fromAddress: string) => Promise<SigningKey | undefined>;
  /** The key of our own domain, while it is published. */
  readonly ownKey: () => SigningKey | undefined;
}

/** What leaves: the stored bytes as they are, and before them what the way out adds. */
export class Outgoing {
  readonly #needs: Needs;
  readonly #prefixes = new Map<string, Promise<string>>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Our own envelope sender: the message id at our return-path domain, so that feedback finds its message. What is no
   * account's mail brings its own: a report has the null path, a forwarded mail one that leads back to its sender.
   */
  envelopeSender({ id, region, facts }: Message): string {
    return facts['envelopeSender'] ?? `${id}@${this.#needs.names.returnPathDomain(region)}`;
  }

  /** The signatures of the author's domain and of our own, and Feedback-ID; then the stored message. */
  async content(message: Message): Promise<Buffer> {
    const stored = await this.#needs.bytes.read(message.segments);
    const prefix = await this.#prefix(message, stored);
    return Buffer.concat([Buffer.from(prefix, 'latin1'), stored]);
  }

  #prefix(message: Message, stored: Buffer): Promise<string> {
    const kept = this.#prefixes.get(message.id);
    if (kept) return kept;
    if (this.#prefixes.size >= MOST_KEPT) this.#prefixes.delete(this.#prefixes.keys().next().value!);
    const made = this.#makePrefix(message, stored);
    this.#prefixes.set(message.id, made);
    made.catch(() => this.#prefixes.delete(message.id));
    return made;
  }

  /** Our own signature covers Feedback-ID too, which is ours (SES). */
  async #makePrefix(message: Message, stored: Buffer): Promise<string> {
    const { clock, signingKey, ownKey, names } = this.#needs;
    const feedbackId = feedbackIdOf(message, names.feedbackSender);
    const header = canonicaliseHeader(readHeader(stored).fields);
    const author = await signingKey(identityOwner(message), message.facts['fromAddress'] ?? message.envelopeFrom);
    const signature = (key: SigningKey | undefined, signed: CanonicalHeader) =>
      key ? signMessage({ header: signed, bodyHash: message.bodyHash, key, at: clock.civil() }) : '';
    const signatures = await Promise.all([
      signature(author, header),
      signature(ownKey(), withField(header, 'Feedback-ID', ` ${feedbackId}`)),
    ]);
    return signatures.join('') + formatField('Feedback-ID', feedbackId);
  }
}

/**
 * `1.<region>.<44 characters of base64>:<who sent it>`; the opaque part is the same for all mail of a domain and account. Two
 * tags of the sender's come first, where there is one of them (SES: `ses:feedback-id-a`, `-b`).
 */
function feedbackIdOf({ account, region, facts, tags }: Message, sender: string): string {
  const domain = (facts['fromAddress'] ?? '').split('@').at(-1);
  const opaque = createHash('sha256').update(`${account} ${domain}`).digest('base64');
  const [a, b] = ['a', 'b'].map((part) => tags.find(({ name }) => name === `ses:feedback-id-${part}`)?.value ?? '');
  return `${a || b ? `${a}:${b}:` : ''}1.${region}.${opaque}:${sender}`;
}
