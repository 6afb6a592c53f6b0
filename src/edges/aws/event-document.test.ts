import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../core/messages/messages.ts';
import type { EventNotice, PublishedHappening } from '../../core/publishing/publishing.ts';
import { readHeader } from '../../mail/header-fields.ts';
import { delayType, eventDocument } from './event-document.ts';

const at = Date.parse('2026-09-01T10:00:04.000Z');
const render = eventDocument({ hostname: 'mta.example', authority: 'own.example' });
const message: Message = {
  id: '0100-1',
  account: '111122223333',
  region: 'eu-west-1',
  direction: 'out',
  envelopeFrom: 'ann@sub.example.com',
  from: 'Ann <ann@sub.example.com>',
  recipients: ['bob@example.org'],
  subject: 'Hello',
  at: Date.parse('2026-09-01T10:00:00.123Z'),
  size: 1,
  segments: [],
  bodyHash: '',
  tags: [
    { name: 'kind', value: 'a' },
    { name: 'kind', value: 'b' },
  ],
  facts: {
    operation: 'SendEmail',
    sourceIp: '192.0.2.3',
    fromAddress: 'ann@sub.example.com',
    callerArn: 'arn:aws:iam::111122223333:user/mailer',
    identity: 'example.com',
  },
};
const header = readHeader(Buffer.from('From: Ann <ann@sub.example.com>\r\nSubject: Hello\r\n\r\n')).fields;

const documentOf = (happening: PublishedHappening, over: Partial<EventNotice> = {}) =>
  JSON.parse(render({ message, at, happening, configurationSet: 'set', header, ...over }).message);

/** Everything but the mail, and the order of the keys. */
function check(happening: PublishedHappening, expected: Record<string, unknown>): void {
  const { mail, ...rest } = documentOf(happening);
  assert.equal(mail.messageId, '0100-1');
  assert.deepEqual(rest, expected);
}

const timestamp = '2026-09-01T10:00:04.000Z';
const recipients = [{ recipient: 'bob@example.org', reply: '550 5.1.1 who?', status: '5.1.1' }];
const visit = { userAgent: 'Browser', ipAddress: '192.0.2.1', bot: false };

test('the mail object, with its tags in the order of SES', () => {
  const happening = { type: 'delivery', recipients: [], reply: '250 Ok', processingTime: 1, peer: 'mx' } as const;
  const { mail } = documentOf({ ...happening, outgoingIp: '192.0.2.9' });
  assert.deepEqual(mail, {
    timestamp: '2026-09-01T10:00:00.123Z',
    source: 'Ann <ann@sub.example.com>',
    sourceArn: 'arn:aws:ses:eu-west-1:111122223333:identity/example.com',
    sendingAccountId: '111122223333',
    messageId: '0100-1',
    destination: ['bob@example.org'],
    headersTruncated: false,
    headers: [
      { name: 'From', value: 'Ann <ann@sub.example.com>' },
      { name: 'Subject', value: 'Hello' },
    ],
    commonHeaders: { from: ['Ann <ann@sub.example.com>'], messageId: '0100-1', subject: 'Hello' },
    tags: {
      'ses:operation': ['SendEmail'],
      'ses:configuration-set': ['set'],
      'ses:source-ip': ['192.0.2.3'],
      'ses:from-domain': ['sub.example.com'],
      kind: ['a', 'b'],
      'ses:caller-identity': ['mailer'],
      'ses:outgoing-ip': ['192.0.2.9'],
    },
  });
  const bare = documentOf({ type: 'send' }, { header: undefined, message: { ...message, tags: [], facts: {} } }).mail;
  assert.deepEqual(
    [bare.headers, bare.commonHeaders, bare.sourceArn, bare.headersTruncated, bare.tags],
    [undefined, undefined, undefined, false, { 'ses:configuration-set': ['set'] }],
  );
});

test('mail with an identity of another account', () => {
  const facts = { ...message.facts, identityAccount: '444455556666' };
  const { mail } = documentOf({ type: 'send' }, { message: { ...message, facts } });
  assert.equal(mail.sourceArn, 'arn:aws:ses:eu-west-1:444455556666:identity/example.com');
  assert.equal(mail.sendingAccountId, '111122223333');
});

test('a header of more than 10 KB is cut', () => {
  const long = readHeader(Buffer.from(`From: a@b\r\nX-Long: ${'x'.repeat(11_000)}\r\n\r\n`)).fields;
  const { mail } = documentOf({ type: 'send' }, { header: long });
  assert.deepEqual([mail.headersTruncated, mail.headers], [true, [{ name: 'From', value: 'a@b' }]]);
});

test('what became of it', () => {
  check({ type: 'send' }, { eventType: 'Send', send: {} });
  check(
    { type: 'delivery', recipients: ['bob@example.org'], reply: '250 2.6.0 Ok', processingTime: 3877, peer: 'mx' },
    {
      eventType: 'Delivery',
      delivery: {
        timestamp,
        processingTimeMillis: 3877,
        recipients: ['bob@example.org'],
        smtpResponse: '250 2.6.0 Ok',
        reportingMTA: 'mta.example',
      },
    },
  );
  check({ type: 'reject', reason: 'Bad content' }, { eventType: 'Reject', reject: { reason: 'Bad content' } });
  check(
    { type: 'rendering-failure', template: 'T', reason: "Attribute 'name' is not present in the rendering data." },
    {
      eventType: 'Rendering Failure',
      failure: { errorMessage: "Attribute 'name' is not present in the rendering data.", templateName: 'T' },
    },
  );
});

test('bounces: of a peer, and of an address that was not tried', () => {
  const bounced = (subType: 'General' | 'OnAccountSuppressionList', reply: string) =>
    documentOf({
      type: 'bounce',
      feedbackId: '0100-2',
      bounce: { type: 'Permanent', subType },
      recipients: [{ recipient: 'bob@example.org', reply, status: '5.1.1' }],
      peer: 'mx',
    });
  const recipient = { emailAddress: 'bob@example.org', action: 'failed', status: '5.1.1' };
  const { eventType, bounce } = bounced('General', '550 5.1.1 who?');
  assert.equal(eventType, 'Bounce');
  assert.deepEqual(bounce, {
    feedbackId: '0100-2',
    bounceType: 'Permanent',
    bounceSubType: 'General',
    bouncedRecipients: [{ ...recipient, diagnosticCode: 'smtp; 550 5.1.1 who?' }],
    timestamp,
    reportingMTA: 'dns; mta.example',
  });
  const listed = bounced('OnAccountSuppressionList', 'It is on the list.').bounce;
  assert.deepEqual(
    [listed.bouncedRecipients, listed.reportingMTA],
    [[{ ...recipient, diagnosticCode: 'It is on the list.' }], 'dns; own.example'],
  );
});

test('complaints, with a report and without', () => {
  const complaint = { type: 'complaint', feedbackId: '0100-3', recipients: ['bob@example.org'] } as const;
  const expected = {
    feedbackId: '0100-3',
    complaintSubType: null,
    complainedRecipients: [{ emailAddress: 'bob@example.org' }],
    timestamp,
  };
  check(complaint, { eventType: 'Complaint', complaint: expected });
  check(
    { ...complaint, userAgent: 'FBL/1.0', feedbackType: 'abuse', arrived: at - 1_000 },
    {
      eventType: 'Complaint',
      complaint: {
        ...expected,
        userAgent: 'FBL/1.0',
        complaintFeedbackType: 'abuse',
        arrivalDate: '2026-09-01T10:00:03.000Z',
      },
    },
  );
});

test('delays and their kinds', () => {
  check(
    { type: 'delivery-delay', recipients, peer: 'mx', expires: at + 1_000 },
    {
      eventType: 'DeliveryDelay',
      deliveryDelay: {
        timestamp,
        delayType: 'General',
        expirationTime: '2026-09-01T10:00:05.000Z',
        reportingMTA: 'mta.example',
        delayedRecipients: [
          { emailAddress: 'bob@example.org', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 who?' },
        ],
      },
    },
  );
  const kind = (status: string, reply: string, expected: string) => assert.equal(delayType(status, reply), expected);
  kind('4.2.2', '452 4.2.2 full', 'MailboxFull');
  kind('4.3.2', '421 4.3.2 shutting down', 'RecipientServerError');
  kind('4.4.1', '421 4.4.1 Unable to connect', 'TransientCommunicationFailure');
  kind('4.0.0', 'connect ECONNREFUSED', 'TransientCommunicationFailure');
  kind('4.7.1', '450 4.7.1 greylisted', 'General');
});

test('what readers do', () => {
  check(
    { type: 'open', ...visit },
    { eventType: 'Open', open: { timestamp, userAgent: 'Browser', ipAddress: '192.0.2.1', isBotEvent: 'Unlikely' } },
  );
  check(
    { type: 'click', ...visit, bot: true, link: 'https://example.com/?a=1', linkTags: { product: ['book'] } },
    {
      eventType: 'Click',
      click: {
        timestamp,
        ipAddress: '192.0.2.1',
        userAgent: 'Browser',
        link: 'https://example.com/?a=1',
        linkTags: { product: ['book'] },
      },
    },
  );
  const topics = [
    { topic: 'Sports', subscribed: false },
    { topic: 'News', subscribed: true },
  ];
  const topicSubscriptionStatus = [
    { topicName: 'Sports', subscriptionStatus: 'OptOut' },
    { topicName: 'News', subscriptionStatus: 'OptIn' },
  ];
  check(
    {
      type: 'subscription',
      contactList: 'MyList',
      source: 'UnsubscribeHeader',
      before: { unsubscribedFromAll: false, topics },
      after: { unsubscribedFromAll: true, topics },
    },
    {
      eventType: 'Subscription',
      subscription: {
        contactList: 'MyList',
        timestamp,
        source: 'UnsubscribeHeader',
        newTopicPreferences: { unsubscribeAll: true, topicSubscriptionStatus },
        oldTopicPreferences: { unsubscribeAll: false, topicSubscriptionStatus },
      },
    },
  );
});
