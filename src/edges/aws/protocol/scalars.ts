/** Single values as text: in paths, queries, headers, forms and XML; and the two encodings that JSON puts in strings. */
import type { Constraint } from './constraints.ts';
import { Invalid } from './invalid.ts';
import { kindOf, type Schema } from './schema.ts';

export type NumberKind = NonNullable<Constraint['number']>;

/** The number codes by which the schemas name the formats of a timestamp; the fourth (4) is the protocol's own. */
const timestampFormats: Readonly<Record<number, TimestampFormat>> = { 5: 'date-time', 6: 'http-date', 7: 'epoch' };
export type TimestampFormat = 'date-time' | 'http-date' | 'epoch';

export function timestampFormat(schema: Schema, otherwise: TimestampFormat): TimestampFormat {
  return timestampFormats[schema.getSchema() as number] ?? otherwise;
}

/** How the text of a label, a query value, a header, a form field or an element becomes a value. */
export function textReader(schema: Schema, number: NumberKind | undefined): (text: string) => unknown {
  switch (kindOf(schema)) {
    case 'boolean':
      return booleanFromText;
    case 'number':
      return (text) => numberFromText(text, number);
    case 'timestamp':
      return timestampFromText;
    case 'blob':
      return blobFromText;
    default:
      return (text) => text;
  }
}

/** How a value becomes text in headers and XML. SES prints doubles with a fraction: `200.0`. */
export function textWriter(
  schema: Schema,
  { number, timestamp }: { number?: NumberKind | undefined; timestamp: TimestampFormat },
): (value: unknown) => string {
  switch (kindOf(schema)) {
    case 'number':
      return number === 'double' ? (value) => doubleToText(value as number) : String;
    case 'timestamp': {
      const format = timestampFormat(schema, timestamp);
      return (value) => timestampToText(value as Date, format);
    }
    case 'blob':
      return (value) => blobToText(value as Uint8Array);
    default:
      return String;
  }
}

const yes = new Set(['true', 'yes', 'y', 't', '1']);
const no = new Set(['false', 'no', 'n', 'f', '0']);

export function booleanFromText(text: string): boolean {
  const word = text.toLowerCase();
  if (yes.has(word)) return true;
  if (no.has(word)) return false;
  throw new Invalid('serialization', 'STRING_VALUE can not be converted to an Boolean');
}

const kindNames: Readonly<Record<NumberKind, string>> = { integer: 'Integer', long: 'Long', double: 'Double' };
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i;

export function numberFromText(text: string, kind: NumberKind = 'double'): number {
  const number = decimal.test(text) ? Number(text) : Number.NaN;
  return checkedNumber(number, text, kind);
}

/** A number that fits its kind; `shown` is how the refusal quotes it. */
export function checkedNumber(number: number, shown: string, kind: NumberKind): number {
  const fits = kind === 'double' ? Number.isFinite(number) : Number.isSafeInteger(number);
  if (fits && (kind !== 'integer' || number === (number | 0))) return number;
  throw new Invalid('serialization', `'${shown.slice(0, 100)}' can not be converted to ${kindNames[kind]}`);
}

function doubleToText(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

export function timestampFromText(text: string): Date {
  const time = decimal.test(text) ? Number(text) * 1000 : Date.parse(text);
  return checkedDate(time);
}

export function checkedDate(milliseconds: number): Date {
  const date = new Date(milliseconds);
  if (!Number.isNaN(date.getTime())) return date;
  throw new Invalid('serialization', 'STRING_VALUE can not be converted to milliseconds since epoch');
}

function timestampToText(date: Date, format: TimestampFormat): string {
  switch (format) {
    case 'date-time':
      return date.toISOString();
    case 'http-date':
      return date.toUTCString();
    case 'epoch':
      return String(date.getTime() / 1000);
  }
}

/** Node decodes base64 by skipping what does not belong; a caller's mistake must not become a shorter blob. */
export function blobFromText(text: string): Buffer {
  const blob = Buffer.from(text, 'base64');
  if (blob.length === decodedLength(text)) return blob;
  const dense = text.replace(/[\s]+/g, '');
  if (blob.length === decodedLength(dense)) return blob;
  throw new Invalid('serialization', 'STRING_VALUE can not be converted to a Blob');
}

/** Of a text that is base64 and nothing else; a text with other characters decodes to fewer bytes than this. */
function decodedLength(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const characters = text.length - padding;
  return characters % 4 === 1 ? -1 : Math.floor((characters * 3) / 4);
}

export function blobToText(blob: Uint8Array): string {
  return Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength).toString('base64');
}
