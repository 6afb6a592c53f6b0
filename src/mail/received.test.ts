import assert from 'node:assert/strict';
import test from 'node:test';
import { formatDate } from './date.ts';
import { type Reception, traceFields, verdictFields } from './received.ts';

test('dates', () => {
  const check = (at: number, expected: string) => assert.equal(formatDate(at), expected);
  check(Date.UTC(2026, 8, 1, 10), 'Tue, 01 Sep 2026 10:00:00 +0000');
  check(0, 'Thu, 01 Jan 1970 00:00:00 +0000');
});

const reception: Reception = {
  returnPath: 'sender@example.org',
  helo: 'mail.example.org',
  peerName: 'mail.example.org',
  peerIp: '198.51.100.7',
  host: 'inbound-smtp.us-east-1.amazonaws.com',
  messageId: 'd6iitobk75ur',
  recipient: 'user@example.com',
  at: Date.UTC(2026, 8, 1, 10),
};

test('trace fields', () => {
  const check = (changes: Partial<Reception>, expected: RegExp) =>
    assert.match(traceFields({ ...reception, ...changes }), expected);
  assert.equal(
    traceFields(reception),
    [
      ...['Return-Path: <sender@example.org>', 'Received: from mail.example.org (mail.example.org [198.51.100.7])'],
      ...[' by inbound-smtp.us-east-1.amazonaws.com with SMTP id d6iitobk75ur', ' for user@example.com;'],
      ...[' Tue, 01 Sep 2026 10:00:00 +0000 (UTC)', ''],
    ].join('\r\n'),
  );
  check({ returnPath: '' }, /^Return-Path: <>\r\n/);
  check({ peerName: undefined, peerIp: '2001:db8::1' }, /\(unknown \[IPv6:2001:db8::1\]\)/);
  check({ helo: 'a\r\nX: (b)' }, /from a\?\?X: \?b\? \(/);
  check({ helo: 'x'.repeat(100_000) }, /from x{320} \(/);
});

test('verdict fields', () => {
  const spf = {
    result: 'pass',
    explanation: 'domain of example.org designates 198.51.100.7 as permitted sender',
    peerIp: '198.51.100.7',
    envelopeFrom: 'sender@example.org',
    helo: 'mail.example.org',
  };
  const text =
    'pass (spfCheck: domain of example.org designates 198.51.100.7 as permitted sender) client-ip=198.51.100.7; envelope-from=sender@example.org; helo=mail.example.org;';
  assert.equal(
    verdictFields({
      spam: 'PASS',
      virus: 'PASS',
      found: {
        spf,
        dkim: [{ result: 'pass', domain: 'example.org' }],
        dmarc: { result: 'pass', domain: 'example.org' },
        arc: 'none',
      },
      authority: 'amazonses.com',
    }),
    [
      ...['X-SES-Spam-Verdict: PASS', 'X-SES-Virus-Verdict: PASS', `Received-SPF: ${text}`],
      ...['Authentication-Results: amazonses.com;', ` spf=${text}`, ' dkim=pass header.i=@example.org;'],
      ...[' dmarc=pass header.from=example.org;', ''],
    ].join('\r\n'),
  );
  assert.equal(verdictFields({ spam: 'GRAY', authority: 'amazonses.com' }), 'X-SES-Spam-Verdict: GRAY\r\n');
  const sealed = { spf, dkim: [], dmarc: { result: 'none', domain: 'x' }, arc: 'pass' };
  assert.match(
    verdictFields({ found: sealed, authority: 'amazonses.com' }),
    /\r\n dkim=none;\r\n arc=pass;\r\n dmarc=none /,
  );
});
