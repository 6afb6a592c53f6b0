import assert from 'node:assert/strict';
import test from 'node:test';
import PostalMime from 'postal-mime';
import { type Bounce, composeBounce, fromXtext } from './dsn.ts';
import { readMime } from './mime-tree.ts';
import { isSevenBit } from './transfer-encodings.ts';

const bounce: Bounce = {
  from: { display: 'Mail', address: 'bounces@us.example' },
  to: { address: 'ann@world.example' },
  explanation: { text: 'Nobody of that name.\r\n' },
  reportingMta: 'dns; mta.us.example',
  arrival: Date.parse('2026-09-01T10:00:00Z'),
  recipients: [
    { address: 'x@us.example', action: 'failed', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 user unknown' },
    { address: 'y@us.example', action: 'delayed', status: '4.0.0', fields: [['X-Own', 'yes']] },
  ],
  original: Buffer.from(
    'From: ann@world.example\r\nMessage-ID: <1@world.example>\r\nSubject: Hi\r\n\r\nWhat it said\r\n',
  ),
  unique: '1.2',
};
const entitiesOf = (message: Buffer) => {
  const tree = readMime(message);
  assert.ok(tree.ok);
  return tree.entities;
};

test('a report of three parts, as RFC 3464 and RFC 6522 have it', () => {
  const message = composeBounce(bounce);
  const [root, ...parts] = entitiesOf(message);
  assert.deepEqual([root?.type, root?.parameters.get('report-type')], ['multipart/report', 'delivery-status']);
  assert.deepEqual(
    parts.map(({ type }) => type),
    ['text/plain', 'message/delivery-status', 'text/rfc822-headers'],
  );
  const [, status, header] = parts.map(({ body }) => message.toString('latin1', body!.start, body!.end));
  assert.equal(
    status,
    [
      'Reporting-MTA: dns; mta.us.example',
      'Arrival-Date: Tue, 01 Sep 2026 10:00:00 +0000',
      '',
      'Final-Recipient: rfc822; x@us.example',
      'Action: failed',
      'Status: 5.1.1',
      'Diagnostic-Code: smtp; 550 5.1.1 user unknown',
      '',
      'Final-Recipient: rfc822; y@us.example',
      'Action: delayed',
      'Status: 4.0.0',
      'X-Own: yes',
      '',
    ].join('\r\n'),
  );
  assert.match(header!, /^From: ann@world.example\r\n.*Subject: Hi\r\n/s);
  assert.doesNotMatch(message.toString('latin1'), /What it said/);
});

test('readers find who wrote to whom, and what it answers', async () => {
  const { subject, from, to, headers, text } = await PostalMime.parse(composeBounce(bounce));
  const field = (name: string) => headers.find(({ key }) => key === name)?.value;
  assert.deepEqual(
    [subject, from?.address, to?.[0]?.address, text?.includes('Nobody of that name.')],
    ['Delivery Status Notification (Failure)', 'bounces@us.example', 'ann@world.example', true],
  );
  assert.deepEqual(['in-reply-to', 'references', 'auto-submitted'].map(field), [
    '<1@world.example>',
    '<1@world.example>',
    'auto-replied',
  ]);
});

test('an original with octets above 127, or a message id that is none, makes no bad report', () => {
  const original = Buffer.from('Subject: café\r\nMessage-ID: no id\r\n\r\n');
  const message = composeBounce({ ...bounce, explanation: { text: 'Voilà', charset: 'UTF-8' }, original });
  assert.ok(isSevenBit(message));
  assert.doesNotMatch(message.toString('latin1'), /In-Reply-To/);
});

test('xtext is read', () => {
  assert.equal(fromXtext('QQ+3Da+2Bb+C3+A9'), 'QQ=a+b\xc3\xa9');
});
