import { formatArn } from '../../base/arn.ts';
import type { Bounce, Preferences } from '../../core/events/events.ts';
import { identityOwner } from '../../core/messages/messages.ts';
import type { EventNotice, PublishedHappening, RenderEvent } from '../../core/publishing/publishing.ts';
import { commonFields, shownHeader } from '../../mail/mail-object.ts';

const iso = (at: number) => new Date(at).toISOString();

export interface Names {
  /** How we greet peers: who reports. */
  readonly hostname: string;
  /** Who reports what was never tried. */
  readonly authority: string;
}

/** The JSON of SES's event publishing, one object an event. */
export function eventDocument(names: Names): RenderEvent {
  return (notice) => ({
    subject: 'Amazon SES Email Event Notification',
    message: JSON.stringify(documentOf(notice, names)),
  });
}

function documentOf(notice: EventNotice, names: Names): object {
  const { happening, at } = notice;
  const mail = mailObject(notice);
  switch (happening.type) {
    case 'send':
      return { eventType: 'Send', mail, send: {} };
    case 'delivery':
      return { eventType: 'Delivery', mail, delivery: deliveryObject(happening, at, names) };
    case 'bounce':
      return { eventType: 'Bounce', bounce: bounceObject(happening, at, names), mail };
    case 'complaint':
      return { eventType: 'Complaint', complaint: complaintObject(happening, at), mail };
    case 'reject':
      return { eventType: 'Reject', mail, reject: { reason: happening.reason } };
    case 'open':
      return { eventType: 'Open', mail, open: openObject(happening, at) };
    case 'click':
      return { eventType: 'Click', click: clickObject(happening, at), mail };
    case 'rendering-failure': {
      const failure = { errorMessage: happening.reason, templateName: happening.template };
      return { eventType: 'Rendering Failure', mail, failure };
    }
    case 'delivery-delay':
      return { eventType: 'DeliveryDelay', mail, deliveryDelay: delayObject(happening, at, names) };
    case 'subscription':
      return { eventType: 'Subscription', mail, subscription: subscriptionObject(happening, at) };
  }
}

/** Mail that a template makes: SES tells of its sending before it is rendered, when there is little of a header yet. */
const templated: ReadonlySet<string | undefined> = new Set(['SendTemplatedEmail', 'SendBulkTemplatedEmail']);
const unrendered: ReadonlySet<string> = new Set(['from', 'to', 'mime-version']);

/** SES: the same for every event of a message, but for what is known only once it was on its way. */
function mailObject(notice: EventNotice): object {
  const { message, happening } = notice;
  const { account, facts } = message;
  const isEarly = happening.type === 'send' && templated.has(facts['operation']);
  const header = isEarly ? notice.header?.filter(({ key }) => unrendered.has(key)) : notice.header;
  const identity = isEarly ? undefined : facts['identity'];
  const shown = header && shownHeader(header);
  return {
    timestamp: iso(message.at),
    source: message.from,
    sourceArn: identity && formatArn({ service: 'ses', ...identityOwner(message), resource: `identity/${identity}` }),
    sendingAccountId: account,
    messageId: message.id,
    destination: message.recipients,
    headersTruncated: shown?.truncated ?? false,
    headers: shown?.fields,
    commonHeaders: header && commonFields(header, message.id),
    tags: tagsOf(notice),
  };
}

/** In the order in which SES was seen to write them; each an array. */
function tagsOf({ message, configurationSet, happening }: EventNotice): Record<string, string[]> {
  const { operation, sourceIp, fromAddress, callerArn } = message.facts;
  const tags: Record<string, string[]> = {};
  const add = (name: string, value: string | undefined) => {
    if (value) tags[name] = [...(tags[name] ?? []), value];
  };
  add('ses:operation', operation);
  add('ses:configuration-set', configurationSet);
  add('ses:source-ip', sourceIp);
  add('ses:from-domain', fromAddress?.slice(fromAddress.lastIndexOf('@') + 1));
  for (const { name, value } of message.tags) add(name, value);
  add('ses:caller-identity', callerArn?.split(/[:/]/).at(-1));
  add('ses:outgoing-ip', 'outgoingIp' in happening ? happening.outgoingIp : undefined);
  return tags;
}

export type Of<Type extends PublishedHappening['type']> = Extract<PublishedHappening, { type: Type }>;

export function deliveryObject({ processingTime, recipients, reply }: Of<'delivery'>, at: number, { hostname }: Names) {
  return {
    timestamp: iso(at),
    processingTimeMillis: processingTime,
    recipients,
    smtpResponse: reply,
    reportingMTA: hostname,
  };
}

/** Nobody was spoken to: the recipient stands on a list. */
const notTried: ReadonlySet<Bounce['subType']> = new Set([
  'Suppressed',
  'OnAccountSuppressionList',
  'OnTenantSuppressionList',
  'EmailValidationSuppressed',
  'UnsubscribedRecipient',
]);

export function bounceObject({ feedbackId, bounce, recipients }: Of<'bounce'>, at: number, names: Names) {
  const ours = notTried.has(bounce.subType);
  return {
    feedbackId,
    bounceType: bounce.type,
    bounceSubType: bounce.subType,
    bouncedRecipients: recipients.map(({ recipient, reply, status }) => ({
      emailAddress: recipient,
      action: 'failed',
      status,
      diagnosticCode: ours ? reply : `smtp; ${reply}`,
    })),
    timestamp: iso(at),
    reportingMTA: `dns; ${ours ? names.authority : names.hostname}`,
  };
}

export function complaintObject(complaint: Of<'complaint'>, at: number) {
  const { feedbackId, recipients, subType, userAgent, feedbackType, arrived } = complaint;
  return {
    feedbackId,
    complaintSubType: subType ?? null,
    complainedRecipients: recipients.map((emailAddress) => ({ emailAddress })),
    timestamp: iso(at),
    userAgent,
    complaintFeedbackType: feedbackType,
    arrivalDate: arrived === undefined ? undefined : iso(arrived),
  };
}

function openObject({ userAgent, ipAddress, bot }: Of<'open'>, at: number) {
  return { timestamp: iso(at), userAgent, ipAddress, isBotEvent: bot ? 'Likely' : 'Unlikely' };
}

function clickObject({ userAgent, ipAddress, link, linkTags }: Of<'click'>, at: number) {
  return { timestamp: iso(at), ipAddress, userAgent, link, linkTags: linkTags ?? null };
}

function delayObject({ recipients, expires }: Of<'delivery-delay'>, at: number, { hostname }: Names) {
  return {
    timestamp: iso(at),
    delayType: delayType(recipients[0]?.status ?? '', recipients[0]?.reply ?? ''),
    expirationTime: iso(expires),
    reportingMTA: hostname,
    delayedRecipients: recipients.map(({ recipient, reply, status }) => ({
      emailAddress: recipient,
      status,
      diagnosticCode: `smtp; ${reply}`,
    })),
  };
}

/** By the enhanced status (RFC 3463 §3); without a reply nobody was reached. */
export function delayType(status: string, reply: string): string {
  if (/^4\.2\.2$/.test(status)) return 'MailboxFull';
  if (/^4\.3\./.test(status)) return 'RecipientServerError';
  if (/^4\.4\./.test(status) || !/^[45]\d\d /.test(reply)) return 'TransientCommunicationFailure';
  return 'General';
}

function subscriptionObject({ contactList, source, before, after }: Of<'subscription'>, at: number) {
  return {
    contactList,
    timestamp: iso(at),
    source,
    newTopicPreferences: preferencesObject(after),
    oldTopicPreferences: preferencesObject(before),
  };
}

function preferencesObject({ unsubscribedFromAll, topics }: Preferences) {
  return {
    unsubscribeAll: unsubscribedFromAll,
    topicSubscriptionStatus: topics.map(({ topic, subscribed }) => ({
      topicName: topic,
      subscriptionStatus: subscribed ? 'OptIn' : 'OptOut',
    })),
  };
}
