import type { OwnNames } from '../../base/own-names.ts';
import { deliveryStatus, UNDELIVERED } from '../../mail/dsn.ts';
import { fitForField } from '../../mail/header-fields.ts';
import { feedbackFields } from '../../mail/report.ts';
import type { Message } from '../messages/messages.ts';
import type { Notice } from '../notices/notices.ts';
import type { PublishedHappening } from './publishing.ts';

type Feedback = Extract<PublishedHappening, { type: 'bounce' | 'complaint' }>;

interface Reported {
  readonly message: Message;
  readonly at: number;
  readonly happening: Feedback;
  readonly names: OwnNames;
  /** How we greet peers: who reports. */
  readonly hostname: string;
}

const COMPLAINED = 'This is an email abuse report for a mail that you sent to the following recipients:';

/** The mail by which a sender hears of a bounce or a complaint (SES: feedback forwarding). */
export function feedbackMail(reported: Reported): Notice {
  const { message, happening } = reported;
  const { id, account, region, envelopeFrom } = message;
  const letter = {
    about: id,
    ...(happening.type === 'bounce' ? bounce(reported, happening) : complaint(reported, happening)),
  };
  return { account, region, kind: happening.type, to: envelopeFrom, letter };
}

function bounce({ message, names, hostname }: Reported, { recipients, peer }: Extract<Feedback, { type: 'bounce' }>) {
  const fields = deliveryStatus({
    reportingMta: `dns; ${hostname}`,
    arrival: message.at,
    recipients: recipients.map(({ recipient, reply, status }) => ({
      address: fitForField(recipient),
      action: 'failed',
      status,
      remoteMta: `dns; ${fitForField(peer)}`,
      diagnosticCode: `smtp; ${fitForField(reply)}`,
    })),
  });
  return {
    from: names.bounceSender(message.region),
    subject: 'Delivery Status Notification (Failure)',
    text: `${UNDELIVERED}\r\n${recipients.map(({ recipient }) => `${recipient}\r\n`).join('')}`,
    type: 'delivery-status',
    fields: fields.toString('latin1'),
  } as const;
}

/** Who complained without a report is told as abuse, which is what a complaint is (RFC 5965 §7.3). */
function complaint({ message, at, names }: Reported, happening: Extract<Feedback, { type: 'complaint' }>) {
  const { recipients, feedbackType = 'abuse', userAgent = names.feedbackSender, arrived = at } = happening;
  return {
    from: names.complaintSender(message.region),
    subject: `Complaint about message ${message.id}`,
    text: `${COMPLAINED}\r\n${recipients.map((recipient) => `${recipient}\r\n`).join('')}`,
    type: 'feedback-report',
    fields: feedbackFields({
      type: fitForField(feedbackType),
      userAgent: fitForField(userAgent),
      mailFrom: fitForField(message.envelopeFrom),
      recipients: recipients.map(fitForField),
      arrival: arrived,
    }),
  } as const;
}
