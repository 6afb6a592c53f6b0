import { formatField } from './header-fields.ts';
import { formatParameter } from './mime-parameters.ts';
import { CRLF } from './octets.ts';
import {
  encodeBase64,
  encodeQuotedPrintable,
  encodeShortest,
  isSevenBit,
  type TransferEncoding,
} from './transfer-encodings.ts';

/** A MIME entity to be written: its own fields (MIME-Version is the message's) and its body. */
export interface Part {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: readonly Buffer[];
}

/** Content as the author has it, before any encoding; text with CRLF line ends. */
export interface Leaf {
  /** Whole Content-Type value. */
  readonly contentType: string;
  readonly content: Buffer;
  /** A wish: 7bit is kept to only where the content is. Default: the shortest that fits. */
  readonly encoding?: TransferEncoding | undefined;
  /** Content-Disposition, Content-ID and the like, after the encoding. */
  readonly fields?: Part['fields'];
}

export function leaf({ contentType, content, encoding, fields = [] }: Leaf): Part {
  const encoded = encodeAs(content, encoding);
  return {
    fields: [['Content-Type', contentType], ['Content-Transfer-Encoding', encoded.encoding], ...fields],
    body: [encoded.body],
  };
}

function encodeAs(content: Buffer, wish: TransferEncoding | undefined): { encoding: TransferEncoding; body: Buffer } {
  switch (wish) {
    case undefined:
      return encodeShortest(content);
    case 'quoted-printable':
      return { encoding: wish, body: encodeQuotedPrintable(content) };
    case '7bit':
      if (isSevenBit(content)) return { encoding: wish, body: content };
      return { encoding: 'base64', body: encodeBase64(content) };
    case 'base64':
      return { encoding: wish, body: encodeBase64(content) };
  }
}

export interface Multipart {
  readonly subtype: 'alternative' | 'mixed' | 'related' | 'report';
  /** Of a report only (RFC 6522 §3). */
  readonly reportType?: string | undefined;
  /** Must occur in no part: `=_` in it never occurs in an encoded body, chance keeps it out of the others. */
  readonly boundary: string;
  readonly parts: readonly Part[];
}

/** RFC 2046 §5.1.1. */
export function multipart({ subtype, reportType, boundary, parts }: Multipart): Part {
  const body: Buffer[] = [];
  for (const part of parts) body.push(Buffer.from(`--${boundary}\r\n`, 'latin1'), ...renderPart(part), CRLF);
  body.push(Buffer.from(`--${boundary}--\r\n`, 'latin1'));
  const report = reportType === undefined ? '' : formatParameter('report-type', reportType);
  return { fields: [['Content-Type', `multipart/${subtype}${report}${formatParameter('boundary', boundary)}`]], body };
}

/** Header, empty line, body; in pieces, so that a large body is copied once. */
export function renderPart({ fields, body }: Part): Buffer[] {
  let header = '';
  for (const [name, value] of fields) header += formatField(name, value);
  return [Buffer.from(`${header}\r\n`, 'latin1'), ...body];
}

/** `----=_Part_0_355072649.1693000415859`: the form of JavaMail, which SES composes with. */
export function boundaryOf(number: number, unique: string): string {
  return `----=_Part_${number}_${unique}`;
}
