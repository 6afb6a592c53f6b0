import type { Clock } from '../../base/clock.ts';
import { outgoingMessageId } from '../../base/ids.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { composeMail } from '../../mail/compose.ts';
import { formatDate } from '../../mail/date.ts';
import { BodyHash } from '../../mail/dkim.ts';
import { readHeader, rewriteHeader } from '../../mail/header-fields.ts';
import { composeReport } from '../../mail/report.ts';
import type { Command, Segment, Store } from '../../storage/ports.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Message, Messages } from '../messages/messages.ts';
import type { Accepted, Notice, NoticeLetter, NoticeReport } from '../notices/notices.ts';
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

/** A notice as a message without the fields that every message gets. */
interface Written {
  readonly from: string;
  readonly content: Buffer;
  /** What comes after it: the message that it reports on, and the end. */
  readonly rest?: readonly (Buffer | readonly Segment[])[];
  readonly facts?: Message['facts'];
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
    const { letter } = notice;
    const written = 'about' in letter ? await this.#report(notice, letter) : this.#letter(notice, letter);
    const { message, keep } = await this.#message(notice, written);
    const sent = await publishing.record({ message, at: message.at, happening: { type: 'send' } });
    const { batch, waiting } = await delivery.enqueue(message);
    return {
      batch: [...keep, messages.record(message), ...sent, ...batch],
      announce: () => {
        messages.announce();
        if (waiting) delivery.loop.wake();
      },
    };
  }

  #letter({ to }: Notice, letter: NoticeLetter): Written {
    const { names, random } = this.#needs;
    const from = names.noticeSender;
    const text = (words: string) => ({ text: words, charset: 'UTF-8' });
    const content = composeMail({
      from: [{ address: from }],
      to: [{ address: to }],
      subject: text(letter.subject),
      text: text(letter.text),
      html: letter.html === undefined ? undefined : text(letter.html),
      // RFC 3834 §5: nobody should answer it by a program.
      fields: [['Auto-Submitted', 'auto-generated']],
      unique: random.uuid(),
    });
    return { from, content };
  }

  /** With the message that it is about, unless that was forgotten meanwhile. It has the null path: nothing answers it. */
  async #report({ to }: Notice, report: NoticeReport): Promise<Written> {
    const about = await this.#needs.messages.get(report.about);
    const enclosing = about !== undefined;
    const { before, after } = composeReport({ ...report, to, enclosing, unique: this.#needs.random.uuid() });
    return {
      from: report.from,
      content: before,
      rest: about ? [about.segments, after] : [],
      facts: { cause: report.about, envelopeSender: '' },
    };
  }

  async #message({ account, region, kind, to, letter }: Notice, written: Written) {
    const { clock, random, names, store } = this.#needs;
    const { from, rest = [], facts } = written;
    const at = clock.civil();
    const id = outgoingMessageId(region, clock, random);
    const content = rewriteHeader({
      message: written.content,
      header: readHeader(written.content),
      remove: new Set(),
      append: [
        ['Message-ID', `<${id}@${names.messageIdDomain(region)}>`],
        ['Date', formatDate(at)],
      ],
    });
    const keep: Command[] = [];
    const segments: Segment[] = [];
    const hash = new BodyHash().update(content.subarray(readHeader(content).bodyStart));
    for (const piece of [content, ...rest]) {
      if (Buffer.isBuffer(piece)) {
        const { segment, commands } = await store.bytes.stage(piece);
        segments.push(segment);
        keep.push(...commands);
      } else {
        segments.push(...piece);
        keep.push(...store.bytes.share(piece));
      }
      if (piece !== content) for await (const octets of this.#octets(piece)) hash.update(octets);
    }
    const message: Message = {
      id,
      account,
      region,
      direction: 'out',
      envelopeFrom: facts?.['envelopeSender'] ?? from,
      from,
      recipients: [to],
      subject: letter.subject,
      at,
      size: segments.reduce((sum, { size }) => sum + size, 0),
      segments,
      bodyHash: hash.digest(),
      tags: [],
      facts: { notice: kind, fromAddress: from, ...facts },
    };
    return { message, keep };
  }

  async *#octets(piece: Buffer | readonly Segment[]): AsyncIterable<Buffer> {
    if (Buffer.isBuffer(piece)) yield piece;
    else yield* this.#needs.store.bytes.stream(piece);
  }
}
