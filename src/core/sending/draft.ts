import { parseArn } from '../../base/arn.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Address, parseAddress } from '../../mail/address.ts';
import { type Correspondent, composeApart, formatCorrespondents } from '../../mail/compose.ts';
import { decodeWords } from '../../mail/encoded-words.ts';
import {
  fieldFault,
  fieldText,
  firstField,
  type Header,
  type HeaderField,
  readHeader,
  rewriteHeader,
} from '../../mail/header-fields.ts';
import { toCrlf } from '../../mail/line-endings.ts';
import { readMailboxes } from '../../mail/mailboxes.ts';
import { type Entity, readMime } from '../../mail/mime-tree.ts';
import { toSevenBit } from '../../mail/seven-bit.ts';
import { duplicateSingleField } from '../../mail/single-fields.ts';
import type { Unsent } from '../delivery/delivery.ts';
import type { Tag } from '../messages/messages.ts';
import { BAD_CONTENT, checkFileName, type Enclosing, hasBadPart, isBad as isBadContent } from './attachments.ts';
import type { Envelope, FormattedMail, IdentityArns, ListChoice, RawMail } from './submission.ts';
import { readTags } from './tags.ts';

/** SES: recipients of one message, To, Cc and Bcc together. */
const MOST_RECIPIENTS = 50;
/** SES: the author's own fields in formatted mail. */
const MOST_FIELDS = 15;

/** A submission that was understood: what must be checked, and the message but for the fields that accepting adds. */
export interface Draft {
  /** Everyone in whose name it is sent: each must be a verified identity. */
  readonly senders: readonly Sender[];
  /** The From field for people and events, and its address. */
  readonly from: string;
  readonly fromAddress: string;
  /** Where bounces and complaints are told; empty for a message that has the null reverse path. */
  readonly feedback: string;
  /** The envelope's. */
  readonly recipients: readonly string[];
  /** The same, with what the caller wrote for each. */
  readonly givenRecipients: readonly { readonly given: string; readonly address: string }[];
  /** Decoded. */
  readonly subject: string;
  /** With CRLF line ends, 7-bit. */
  readonly content: Buffer;
  /** What comes after it, where letters of one call share that: the same array for all of them. */
  readonly rest?: readonly Buffer[] | undefined;
  readonly header: Header;
  /** Whether there is HTML, and whether there may be something in it that is for us only and has to be taken out. */
  readonly hasHtml: boolean;
  readonly hasMarks: boolean;
  /** From the X-SES fields of raw mail. */
  readonly configurationSet?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
  readonly list?: ListChoice | undefined;
  readonly tenant?: string | undefined;
  /** Name of the stored template that made it. */
  readonly template?: string | undefined;
  /** It is accepted all the same. */
  readonly unsent?: Unsent | undefined;
}

export interface Sender {
  /** As the caller wrote it: an address, or a field with several. */
  readonly given: string;
  /** The identity that is meant, where it is another account's (SES: delegate sending). */
  readonly arn?: string | undefined;
}

/** Addresses are read and fields checked, whatever the letter says. */
export function readEnvelope(mail: Envelope) {
  const from = parse(mail.from);
  const [replyTo, to, cc, bcc] = [mail.replyTo, mail.to, mail.cc, mail.bcc].map((list) => list.map(parse)) as [
    Address[],
    Address[],
    Address[],
    Address[],
  ];
  const returnPath = mail.returnPath === undefined ? undefined : parse(mail.returnPath);
  const given = [...mail.to, ...mail.cc, ...mail.bcc];
  checkRecipients(given.length);
  checkFields(mail);
  const givenRecipients = [...to, ...cc, ...bcc].map(({ address }, n) => ({ given: given[n]!, address }));
  return { from, replyTo, to, cc, returnPath, givenRecipients };
}

interface Drafting extends Enclosing {
  /** Makes the boundaries its own. */
  readonly unique: string;
  readonly arns?: IdentityArns | undefined;
}

/** Takes the parts of a letter. */
export function draftFormatted(mail: FormattedMail, { unique, arns = {}, enclosure, isBad }: Drafting): Draft {
  const { from, replyTo, to, cc, returnPath, givenRecipients } = readEnvelope(mail);
  const { content, rest } = composeApart({
    from: [correspondent(from)],
    replyTo: replyTo.map(correspondent),
    to: to.map(correspondent),
    cc: cc.map(correspondent),
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    fields: mail.fields ?? [],
    enclosure,
    unique,
  });
  const bad = isBad || [mail.text, mail.html].some((part) => part && isBadContent(Buffer.from(part.text)));
  return {
    senders: sendersOf([
      [mail.from, arns.from ?? arns.source],
      [mail.returnPath, arns.returnPath ?? arns.source],
    ]),
    from: mail.from,
    fromAddress: from.address,
    feedback: (returnPath ?? from).address,
    recipients: distinct(givenRecipients.map(({ address }) => address)),
    givenRecipients,
    subject: mail.subject.text,
    content,
    rest,
    header: readHeader(content),
    hasHtml: mail.html !== undefined,
    hasMarks: mail.html !== undefined && marks.test(mail.html.text),
    unsent: bad ? rejected : undefined,
  };
}

/** Takes a whole message: line ends are made CRLF and 8-bit parts encoded before anything else looks at it. */
export function draftRaw(mail: RawMail, arns: IdentityArns = {}): Draft {
  const { content, ...seen } = readContent(answeredAt(mail.replyTo, toCrlf(mail.content)));
  const header = readHeader(content);
  const { fields } = header;
  const repeated = duplicateSingleField(fields);
  if (repeated) throw new Refusal('invalid-parameter', `Duplicate header '${repeated}'.`);
  const text = (key: string) => {
    const field = firstField(fields, key);
    return field && fieldText(field);
  };
  const fromField = text('from');
  if (!fromField?.trim()) throw new Refusal('invalid-parameter', "Missing required header 'From'.");
  const authors = readMailboxes(fromField).map(({ address }) => parse(address).address);
  if (authors.length === 0) throw new Refusal('invalid-parameter', 'Illegal address');
  const returnField = mail.from === undefined ? text('return-path') : undefined;
  const returnAddress = mail.returnPath
    ? parse(mail.returnPath).address
    : returnField && readMailboxes(returnField)[0]?.address;
  const source = arns.source ?? text('x-ses-source-arn');
  const givenRecipients = (mail.recipients ?? headerRecipients(fields)).map((given) => ({
    given,
    address: parse(given).address,
  }));
  const recipients = givenRecipients.map(({ address }) => address);
  checkRecipients(recipients.length);
  const tags = text('x-ses-message-tags');
  const list = text('x-ses-list-management-options');
  return {
    senders: sendersOf([
      [mail.from, source],
      [fromField, arns.from ?? text('x-ses-from-arn') ?? source],
      [text('sender'), arns.from ?? text('x-ses-from-arn') ?? source],
      [returnAddress, arns.returnPath ?? text('x-ses-return-path-arn') ?? source],
    ]),
    from: decodeWords(fromField),
    fromAddress: authors[0]!,
    feedback: returnAddress || (mail.from === undefined ? authors[0]! : parse(mail.from).address),
    recipients: distinct(recipients),
    givenRecipients,
    subject: decodeWords(text('subject') ?? ''),
    content,
    header,
    ...seen,
    list: list === undefined ? undefined : readListChoice(list),
    tenant: text('x-ses-tenant')?.trim(),
    configurationSet: text('x-ses-configuration-set')?.trim(),
    tags: tags === undefined ? undefined : readTags(tags),
  };
}

/** Each once, in the order in which they are checked; one that is not given, or empty, is none. */
function sendersOf(list: readonly (readonly [given: string | undefined, arn: string | undefined])[]): Sender[] {
  const senders = new Map<string, Sender>();
  for (const [given, arn] of list) {
    if (arn !== undefined) checkIdentityArn(arn);
    if (given && !senders.has(given)) senders.set(given, { given, arn });
  }
  return [...senders.values()];
}

export function checkIdentityArn(text: string): void {
  const arn = parseArn(text);
  if (arn?.service === 'ses' && arn.account !== '' && arn.resource.startsWith('identity/')) return;
  throw new Refusal('invalid-parameter', `Invalid identity ARN <${text}>.`);
}

/** SES: addresses for answers that are given with a raw message take the place of its own. */
function answeredAt(replyTo: readonly string[] = [], message: Buffer): Buffer {
  if (replyTo.length === 0) return message;
  const value = formatCorrespondents(replyTo.map((given) => correspondent(parse(given))));
  return rewriteHeader({ message, remove: new Set(['reply-to']), append: [['Reply-To', value]] });
}

/** Content is made 7-bit after what is attached was looked at. */
function readContent(message: Buffer): Pick<Draft, 'content' | 'hasHtml' | 'hasMarks' | 'unsent'> {
  const tree = readMime(message);
  if (!tree.ok) throw new Refusal('invalid-parameter', tree.fault);
  for (const { fileName } of tree.entities) if (fileName !== undefined) checkFileName(fileName);
  const encoded = toSevenBit(message, tree);
  if (!encoded.ok) throw new Refusal('invalid-parameter', encoded.fault);
  const pages = tree.entities.filter(({ type, body }) => type === 'text/html' && body);
  return {
    content: encoded.message,
    hasHtml: pages.length > 0,
    hasMarks: pages.some((page) => mayHaveMarks(message, page)),
    unsent: hasBadPart(message, tree.entities) ? rejected : undefined,
  };
}

/** `ses:no-track`, `ses:tags`, `{{ses:openTracker}}`. */
const marks = /ses:/i;

/** What is encoded would have to be decoded to be sure. */
function mayHaveMarks(message: Buffer, { body, encoding }: Entity): boolean {
  const isEncoded = encoding === 'base64' || encoding === 'quoted-printable';
  return isEncoded || marks.test(message.toString('latin1', body!.start, body!.end));
}

const rejected: Unsent = { state: 'rejected', reason: BAD_CONTENT };

/** `{contactListName}; topic={topicName}`, the braces being there or not (SES: subscription management). */
function readListChoice(field: string): ListChoice {
  const [, list = '', topic] =
    /^\{?([^;{}]*?)\}?\s*(?:;\s*topic\s*=\s*\{?([^;{}]*?)\}?\s*)?$/i.exec(field.trim()) ?? [];
  if (list) return { list, ...(topic && { topic }) };
  throw new Refusal('invalid-parameter', `Invalid list management options <${field}>.`);
}

function headerRecipients(fields: readonly HeaderField[]): string[] {
  return fields
    .filter(({ key }) => key === 'to' || key === 'cc' || key === 'bcc')
    .flatMap((field) => readMailboxes(fieldText(field)).map(({ address }) => address));
}

function parse(given: string): Address {
  const parsed = parseAddress(given);
  if (!parsed.ok) throw new Refusal('invalid-parameter', parsed.fault);
  return parsed.address;
}

function checkRecipients(count: number): void {
  if (count === 0) throw new Refusal('invalid-parameter', 'There are no recipients specified.');
  if (count > MOST_RECIPIENTS) throw new Refusal('invalid-parameter', `Recipient count exceeds ${MOST_RECIPIENTS}.`);
}

/** Fields that formatted mail has already; the author's own must not repeat one that may stand once. */
const composed = ['From', 'Subject', 'MIME-Version', 'Content-Type', 'Content-Transfer-Encoding', 'Date', 'Message-ID'];

function checkFields({ fields = [], replyTo }: Pick<Envelope, 'fields' | 'replyTo'>): void {
  if (fields.length > MOST_FIELDS) throw new Refusal('invalid-parameter', `Header count exceeds ${MOST_FIELDS}.`);
  for (const [name, value] of fields) {
    const fault = fieldFault(name, value);
    if (fault) throw new Refusal('invalid-parameter', fault);
  }
  const names = [...composed, ...(replyTo.length > 0 ? ['Reply-To'] : []), ...fields.map(([name]) => name)];
  const repeated = duplicateSingleField(names.map((name) => ({ name, key: name.toLowerCase() })));
  if (repeated) throw new Refusal('invalid-parameter', `Duplicate header '${repeated}'.`);
}

export const correspondent = ({ display, displayAsGiven, address }: Address): Correspondent => ({
  ...(display !== undefined && { display }),
  displayAsGiven,
  address,
});

const distinct = (list: readonly string[]) => [...new Set(list)];
