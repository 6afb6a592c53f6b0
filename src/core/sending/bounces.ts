import { type Clock, DAY } from '../../base/clock.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { parseAddress } from '../../mail/address.ts';
import { composeBounce, type DsnField, type DsnRecipient, UNDELIVERED } from '../../mail/dsn.ts';
import { fieldFault, readHeader } from '../../mail/header-fields.ts';
import type { Bytes } from '../../storage/ports.ts';
import type { Message, Messages } from '../messages/messages.ts';
import { checkIdentityArn, correspondent, type Draft } from './draft.ts';
import type { Submission } from './submission.ts';

/** Somebody who received a message tells its sender that it was not delivered after all (SES: SendBounce). */
export interface BounceSubmission extends Pick<Submission, 'caller' | 'operation' | 'sourceIp' | 'identityArns'> {
  /** Of the received message. */
  readonly messageId: string;
  readonly sender: string;
  /** Made of what became of the recipients where there is none. */
  readonly explanation?: string | undefined;
  /** `dns; mta.example.com`; the door that received it where it is not given. */
  readonly reportingMta?: string | undefined;
  /** Civil milliseconds. */
  readonly arrival?: number | undefined;
  readonly fields?: readonly DsnField[] | undefined;
  readonly recipients: readonly BouncedRecipient[];
}

interface BouncedRecipient extends DsnRecipient {
  /** As the message had it, or the report's address. */
  readonly recipient: string;
  /** The identity by which the mail was received: that it was is what counts. */
  readonly identityArn?: string | undefined;
}

/** SES: what was received longer ago cannot be bounced. */
const BOUNCEABLE = DAY;
const SUBJECT = 'Delivery Status Notification (Failure)';

interface Needs {
  readonly messages: Messages;
  readonly bytes: Bytes;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

/** The report, to go through the same checks as any mail of its sender. */
export async function draftBounce(bounce: BounceSubmission, needs: Needs): Promise<Draft> {
  const { sender, identityArns } = bounce;
  const from = parseAddress(sender);
  if (!from.ok) throw new Refusal('invalid-parameter', from.fault);
  checkReport(bounce);
  const original = await received(bounce, needs);
  const content = composeBounce({
    from: correspondent(from.address),
    to: { address: original.envelopeFrom },
    explanation: { text: bounce.explanation ?? explained(bounce.recipients), charset: 'UTF-8' },
    reportingMta: bounce.reportingMta ?? `dns; ${needs.names.inboundHost(original.region)}`,
    arrival: bounce.arrival ?? original.at,
    fields: bounce.fields,
    recipients: bounce.recipients,
    original: await needs.bytes.read(original.segments),
    unique: needs.random.uuid(),
  });
  return {
    senders: [{ given: sender, arn: identityArns?.from ?? identityArns?.source }],
    from: sender,
    fromAddress: from.address.address,
    // Nobody is told what becomes of a report (RFC 5321 §4.5.5).
    feedback: '',
    recipients: [original.envelopeFrom],
    givenRecipients: [{ given: original.envelopeFrom, address: original.envelopeFrom }],
    subject: SUBJECT,
    content,
    header: readHeader(content),
    hasHtml: false,
    hasMarks: false,
  };
}

/** What the caller wrote must be fit for the fields of the report. */
function checkReport({ reportingMta, fields = [], recipients }: BounceSubmission): void {
  if (recipients.length === 0) throw new Refusal('invalid-parameter', 'There are no bounced recipients specified.');
  for (const { address, recipient, identityArn } of recipients) {
    if (identityArn !== undefined) checkIdentityArn(identityArn);
    for (const one of [recipient, address]) {
      const parsed = parseAddress(one);
      if (!parsed.ok) throw new Refusal('invalid-parameter', parsed.fault);
    }
  }
  const all: (readonly [name: string, value: string | undefined])[] = [
    ['Reporting-MTA', reportingMta],
    ...fields,
    ...recipients.flatMap(({ address, status, remoteMta, diagnosticCode, fields: own = [] }) => [
      ['Final-Recipient', address] as const,
      ['Status', status] as const,
      ['Remote-MTA', remoteMta] as const,
      ['Diagnostic-Code', diagnosticCode] as const,
      ...own,
    ]),
  ];
  for (const [name, value = ''] of all) {
    const fault = fieldFault(name, value);
    if (fault) throw new Refusal('invalid-parameter', fault);
  }
  const wrong = recipients.find(({ status }) => !/^[245]\.\d{1,3}\.\d{1,3}$/.test(status));
  if (wrong) throw new Refusal('invalid-parameter', `Invalid DSN status <${wrong.status}>.`);
}

/** The message that bounces: the caller's, lately received for these recipients, and from somebody who can be told. */
async function received({ caller, messageId, recipients }: BounceSubmission, needs: Needs): Promise<Message> {
  const message = await needs.messages.get(messageId);
  const isTheirs =
    message?.direction === 'in' && message.account === caller.account && message.region === caller.region;
  if (!isTheirs || needs.clock.civil() - message.at > BOUNCEABLE) {
    throw new Refusal('message-rejected', `No message <${messageId}> was received within the last 24 hours.`);
  }
  if (message.envelopeFrom === '') {
    throw new Refusal('message-rejected', `Message <${messageId}> has no return path: it cannot be bounced.`);
  }
  const own = new Set(message.recipients.map((recipient) => recipient.toLowerCase()));
  const stranger = recipients.find((one) => ![one.recipient, one.address].some((it) => own.has(it.toLowerCase())));
  if (!stranger) return message;
  throw new Refusal(
    'message-rejected',
    `<${stranger.recipient}> is not a recipient of message <${messageId}>: it cannot be bounced for it.`,
  );
}

function explained(recipients: BounceSubmission['recipients']): string {
  const lines = recipients.map(({ address, diagnosticCode, status }) => `${address}: ${diagnosticCode ?? status}`);
  return `${UNDELIVERED}\r\n\r\n${lines.join('\r\n')}\r\n`;
}
