import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { composeMail } from '../../mail/compose.ts';
import { BodyHash } from '../../mail/dkim.ts';
import { readHeader, rewriteHeader } from '../../mail/header-fields.ts';
import { composeReport } from '../../mail/report.ts';
import type { Bytes, Segment } from '../../storage/ports.ts';
import type { Message, Messages } from '../messages/messages.ts';
import type { Accepted, Notice, NoticeLetter, NoticeReport } from '../notices/notices.ts';
import type { OwnMail } from './own-mail.ts';

interface Needs {
  readonly ownMail: OwnMail;
  readonly bytes: Bytes;
  readonly messages: Messages;
  readonly names: OwnNames;
  readonly random: Random;
}

/** A notice as a message without the fields that every message gets. */
interface Written {
  readonly from: string;
  readonly content: Buffer;
  /** What comes after it: the message that it reports on, and the end. */
  readonly rest?: readonly (Buffer | Segment)[];
  readonly facts?: Message['facts'];
}

/** Makes a message of a notice: a mail of our own, with the fact `notice`. */
export class NoticeMail {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** @throws Refusal `busy`: the disk is full. */
  async accept(notice: Notice): Promise<Accepted> {
    const { account, region, kind, to, letter } = notice;
    const written = 'about' in letter ? await this.#report(notice, letter) : this.#letter(notice, letter);
    const { from, content, rest = [], facts } = written;
    return this.#needs.ownMail.owe({
      account,
      region,
      envelopeFrom: facts?.['envelopeSender'] ?? from,
      from,
      to,
      subject: letter.subject,
      pieces: (append) => [rewriteHeader({ message: content, remove: new Set(), append }), ...rest],
      bodyHash: await this.#bodyHash(written),
      facts: { notice: kind, fromAddress: from, ...facts },
    });
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
      rest: about ? [...about.segments, after] : [],
      facts: { cause: report.about, envelopeSender: '' },
    };
  }

  async #bodyHash({ content, rest = [] }: Written): Promise<string> {
    const hash = new BodyHash().update(content.subarray(readHeader(content).bodyStart));
    for (const piece of rest) {
      if (Buffer.isBuffer(piece)) hash.update(piece);
      else for await (const octets of this.#needs.bytes.stream([piece])) hash.update(octets);
    }
    return hash.digest();
  }
}
