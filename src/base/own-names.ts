import { regionName } from './region-names.ts';

/**
 * The names that Sesame itself owns, all derived from one domain. Without a domain of its own (development, strict) it
 * carries SES's names, so that clients and fixtures see what they expect; nothing of that ever leaves the machine.
 */
export interface OwnNames {
  /** All of them are within one of these; the first has our name server. */
  readonly zones: readonly [string, ...string[]];
  /** Host that receives mail for a region: the target of a customer's MX. */
  inboundHost(region: string): string;
  /** Host named by the SMTP interface; SES leaves the region out of its greeting. */
  readonly submissionHost: string;
  /** The same with its region, as SDKs and people know it. */
  regionalSubmissionHost(region: string): string;
  /** Right side of Message-ID (SES: `email.amazonses.com` in us-east-1, `<region>.amazonses.com` elsewhere). */
  messageIdDomain(region: string): string;
  /** Right side of the envelope sender that receivers see. */
  returnPathDomain(region: string): string;
  /** Host that takes bounces: the one MX of a custom MAIL FROM domain. */
  feedbackHost(region: string): string;
  /** Zone of the keys of Easy DKIM: the target of a customer's alias is `<token>.<dkimZone>`. */
  readonly dkimZone: string;
  /** What a customer's SPF record includes. */
  readonly spfDomain: string;
  /** Who sent it, last part of Feedback-ID. */
  readonly feedbackSender: string;
  /** Name that signs Authentication-Results and our own second signature. */
  readonly authority: string;
  /** Who writes the mails that Sesame itself owes someone. */
  readonly noticeSender: string;
  /** Who tells a sender that a mail bounced, and that somebody complained of one. */
  bounceSender(region: string): string;
  complaintSender(region: string): string;
  /** Who reads what people worry about when they are asked to prove an address. */
  readonly verificationContact: string;
  /** What the MX calls itself in its greeting. */
  readonly software: string;
  /** What the SMTP interface calls itself in its greeting. */
  readonly submissionSoftware: string;
  /** How they and our pages name us. */
  readonly organisation: string;
  /** How they and our pages name a region. */
  regionName(region: string): string;
}

const SES: OwnNames = {
  zones: ['amazonses.com', 'amazonaws.com'],
  inboundHost: (region) => `inbound-smtp.${region}.amazonaws.com`,
  submissionHost: 'email-smtp.amazonaws.com',
  regionalSubmissionHost: (region) => `email-smtp.${region}.amazonaws.com`,
  messageIdDomain: (region) => (region === 'us-east-1' ? 'email.amazonses.com' : `${region}.amazonses.com`),
  returnPathDomain: (region) => (region === 'us-east-1' ? 'amazonses.com' : `${region}.amazonses.com`),
  feedbackHost: (region) => `feedback-smtp.${region}.amazonses.com`,
  dkimZone: 'dkim.amazonses.com',
  spfDomain: 'amazonses.com',
  feedbackSender: 'AmazonSES',
  authority: 'amazonses.com',
  noticeSender: 'no-reply-aws@amazon.com',
  bounceSender: (region) => `MAILER-DAEMON@${SES.returnPathDomain(region)}`,
  complaintSender: (region) => `complaints@${region === 'us-east-1' ? '' : `${region}.`}email-abuse.amazonses.com`,
  verificationContact: 'aws-email-domain-verification@amazon.com',
  software: 'Amazon SES',
  submissionSoftware: 'SimpleEmailService',
  organisation: 'Amazon Web Services',
  regionName,
};

export function ownNames(domain: string | undefined): OwnNames {
  if (!domain) return SES;
  return {
    zones: [domain],
    inboundHost: (region) => `inbound-smtp.${region}.${domain}`,
    submissionHost: `email-smtp.${domain}`,
    regionalSubmissionHost: (region) => `email-smtp.${region}.${domain}`,
    messageIdDomain: (region) => `email.${region}.${domain}`,
    returnPathDomain: (region) => `${region}.${domain}`,
    feedbackHost: (region) => `feedback-smtp.${region}.${domain}`,
    dkimZone: `dkim.${domain}`,
    spfDomain: domain,
    feedbackSender: 'Sesame',
    authority: domain,
    noticeSender: `no-reply@${domain}`,
    bounceSender: (region) => `MAILER-DAEMON@${region}.${domain}`,
    complaintSender: (region) => `complaints@${region}.email-abuse.${domain}`,
    verificationContact: `postmaster@${domain}`,
    software: 'Sesame',
    submissionSoftware: 'Sesame',
    organisation: domain,
    regionName: (region) => region,
  };
}
