import type { Clock } from '../../base/clock.ts';
import { outgoingMessageId } from '../../base/ids.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { composeMail } from '../../mail/compose.ts';
import { formatDate } from '../../mail/date.ts';
import { simpleBodyHash } from '../../mail/dkim.ts';
import { readHeader, rewriteHeader } from '../../mail/header-fields.ts';
import type { Store } from '../../storage/ports.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Message, Messages } from '../messages/messages.ts';
import type { Accepted, Notice } from '../notices/notices.ts';
import type { Publishing } from '../publishing/publishing.ts';

interface Needs {
  readonly store: Store;
  readonly messages: Messages;
  readonly delivery: Delivery;
  readonly publishing: Publishing;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Makes a message of a notice. It is listed with the mail of the account that it concerns, with the fact `notice`, but it
 * is ours: from our own address, past sandbox, quota, suppression list and configuration sets.
 */
export class NoticeMail {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** @throws Refusal `busy`: the disk is full. */
  async accept(notice: Notice): Promise<Accepted> {
    const { store, messages, delivery, publishing } = this.#needs;
    if (store.isFull()) throw new Refusal('busy', 'Insufficient system storage');
    const { content, ...facts } = this.#compose(notice);
    const { segment, commands } = await store.bytes.stage(content);
    const message: Message = { ...facts, segments: [segment] };
    const sent = await publishing.record({ message, at: message.at, happening: { type: 'send' }, content });
    const { batch, waiting } = await delivery.enqueue(message, { content });
    return {
      batch: [...commands, messages.record(message), ...sent, ...batch],
      announce: () => {
        messages.announce();
        if (waiting) delivery.loop.wake();
      },
    };
  }

  #compose({ account, region, kind, to, letter }: Notice): Omit<Message, 'segments'> & { content: Buffer } {
    const { clock, random, names } = this.#needs;
    const at = clock.civil();
    const id = outgoingMessageId(region, clock, random);
    const from = names.noticeSender;
    const text = (words: string) => ({ text: words, charset: 'UTF-8' });
    const composed = composeMail({
      from: [{ address: from }],
      to: [{ address: to }],
      subject: text(letter.subject),
      text: text(letter.text),
      html: letter.html === undefined ? undefined : text(letter.html),
      // RFC 3834 §5: nobody should answer it by a program.
      fields: [['Auto-Submitted', 'auto-generated']],
      unique: random.uuid(),
    });
    const content = rewriteHeader({
      message: composed,
      header: readHeader(composed),
      remove: new Set(),
      append: [
        ['Message-ID', `<${id}@${names.messageIdDomain(region)}>`],
        ['Date', formatDate(at)],
      ],
    });
    return {
      id,
      account,
      region,
      direction: 'out',
      envelopeFrom: from,
      from,
      recipients: [to],
      subject: letter.subject,
      at,
      size: content.length,
      bodyHash: simpleBodyHash(content.subarray(readHeader(content).bodyStart)),
      tags: [],
      facts: { notice: kind, fromAddress: from },
      content,
    };
  }
}
