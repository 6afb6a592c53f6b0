import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { BodyHash, canonicaliseHeader, relaxedValue, signMessage, simpleBodyHash, withField } from './dkim.ts';
import { readHeader } from './header-fields.ts';
import { toCrlf } from './line-endings.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const record = `v=DKIM1; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;
const key = { domain: 'example.com', selector: 'sel', key: privateKey };

async function signed(message: Buffer, feedbackId?: string): Promise<Buffer> {
  const { fields, bodyStart } = readHeader(message);
  const plain = canonicaliseHeader(fields);
  const header = feedbackId ? withField(plain, 'Feedback-ID', feedbackId) : plain;
  const bodyHash = simpleBodyHash(message.subarray(bodyStart));
  const signature = await signMessage({ header, bodyHash, key, at: 1_788_256_800_000 });
  return Buffer.concat([Buffer.from(signature, 'latin1'), message]);
}

async function verdict(message: Buffer): Promise<string> {
  const { results } = await dkimVerify(message, {
    resolver: async () => [[record]],
    curTime: new Date(1_788_256_900_000),
  } as Parameters<typeof dkimVerify>[1]);
  return String(results[0]?.status.result);
}

test('body hashes', () => {
  const check = (input: string, canonical: string) => {
    const expected = createHash('sha256').update(canonical).digest('base64');
    assert.equal(simpleBodyHash(Buffer.from(input)), expected, JSON.stringify(input));
  };
  check('', '\r\n');
  check('\r\n', '\r\n');
  check('\r\n\r\n\r\n', '\r\n');
  check('a', 'a\r\n');
  check('a\r\n', 'a\r\n');
  check('a\r\n\r\n\r\n', 'a\r\n');
  check('\r\na\r\n \r\n', '\r\na\r\n \r\n');
  check('a\r', 'a\r\r\n');
  check('a\r\r\n\r\n', 'a\r\r\n');
  // RFC 6376 §3.4.5 says so.
  assert.equal(simpleBodyHash(Buffer.alloc(0)), 'frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=');
});

test('chunks hash as the whole', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\r\n', ' ') });
  fc.assert(
    fc.property(fc.array(text), (chunks) => {
      const whole = new BodyHash();
      for (const chunk of chunks) whole.update(Buffer.from(chunk));
      assert.equal(whole.digest(), simpleBodyHash(Buffer.from(chunks.join(''))));
    }),
  );
});

test('relaxed values', () => {
  const check = (input: string, expected: string) => assert.equal(relaxedValue(input), expected);
  check(' a b c ', 'a b c');
  check('  a  b\t c\r\n d\r\n', 'a b c d');
  check('', '');
  check(' \r\n ', '');
  check(' \xa0a\xa0 ', '\xa0a\xa0');
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '\t', '\r\n ') }), (value) => {
      assert.equal(relaxedValue(value), value.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, ''));
    }),
  );
});

test('the signature is in the form of SES', async () => {
  const message = Buffer.from('To: b\r\nFrom: a\r\nSubject: s\r\nX-Other: x\r\nTo: c\r\nDate: d\r\n\r\nbody\r\n');
  const field = (await signed(message, '1.us-east-1.x:AmazonSES')).toString('latin1').slice(0, -message.length);
  assert.match(
    field,
    /^DKIM-Signature: v=1; a=rsa-sha256; q=dns\/txt; c=relaxed\/simple;\r\n\ts=sel; d=example\.com; t=1788256800;\r\n\th=From:To:Subject:Date:Feedback-ID;\r\n\tbh=[A-Za-z0-9+/]{43}=;\r\n\tb=[A-Za-z0-9+/=]+(?:\r\n\t [A-Za-z0-9+/=]+)*\r\n$/,
  );
  for (const line of field.split('\r\n')) assert.ok(line.length <= 78, line);
});

test('another implementation verifies what is signed, and notices what is changed', async () => {
  const value = fc.string({ unit: fc.constantFrom('a', 'B', ' ', '\t', '\r\n ', ':', '\xe9', '\xa0') });
  const name = fc.constantFrom('To', 'to', 'Subject', 'Cc', 'List-Unsubscribe', 'X-Other', 'Date', 'MIME-Version');
  const field = fc.tuple(name, value).map(([key, text]) => `${key}:${text}x\r\n`);
  const body = fc.string({ unit: fc.constantFrom('a', ' ', '\r\n', '\t', '\xe9', '=') });
  await fc.assert(
    fc.asyncProperty(fc.array(field), body, async (fields, text) => {
      const message = toCrlf(Buffer.from(`From: a@example.com\r\n${fields.join('')}\r\n${text}`, 'latin1'));
      const whole = await signed(message);
      assert.equal(await verdict(whole), 'pass', JSON.stringify(message.toString('latin1')));
      assert.notEqual(await verdict(Buffer.concat([whole, Buffer.from('more')])), 'pass');
    }),
    { numRuns: 60 },
  );
});

test('a key that cannot sign is a fault', async () => {
  const other = generateKeyPairSync('ed25519').privateKey;
  await assert.rejects(
    signMessage({ header: canonicaliseHeader([]), bodyHash: '', key: { ...key, key: other }, at: 0 }),
    /RSA/,
  );
});
