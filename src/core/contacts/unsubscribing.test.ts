import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignedTokens } from '../../base/signed-token.ts';
import {
  readUnsubscribeToken,
  type UnsubscribeLink,
  unsubscribeFields,
  unsubscribeToken,
  unsubscribeUrl,
  withUnsubscribeUrl,
} from './unsubscribing.ts';

const tokens = new SignedTokens(Buffer.alloc(32, 1));
const link: UnsubscribeLink = {
  scope: { account: '000000000000', region: 'us-east-1' },
  list: 'News',
  topic: 'Sports',
  address: 'bob@example.org',
  messageId: '0100019900001111-aaaa-000000',
};

test('a token stands for the whole link', () => {
  const { topic: _, ...everything } = link;
  const check = (one: UnsubscribeLink) =>
    assert.deepEqual(readUnsubscribeToken(tokens, unsubscribeToken(tokens, one)), one);
  check(link);
  check(everything);
  assert.equal(readUnsubscribeToken(tokens, tokens.sign(['something', 'else'])), undefined);
  assert.equal(readUnsubscribeToken(tokens, 'x'), undefined);
});

test('the longest link fits a header line', () => {
  const longest = unsubscribeToken(tokens, {
    scope: { account: '0'.repeat(12), region: 'ap-southeast-1' },
    list: 'l'.repeat(64),
    topic: 't'.repeat(64),
    address: `${'a'.repeat(308)}@example.org`,
    messageId: 'm'.repeat(60),
  });
  const [[name, value]] = unsubscribeFields(unsubscribeUrl('https://mail.example.org', longest), {
    mailbox: 'unsubscribe@inbound-smtp.ap-southeast-1.example.org',
    token: longest,
  }) as [[string, string]];
  const lines = `${name}: ${value}`.split(' ');
  assert.ok(Math.max(...lines.map(({ length }) => length)) < 980);
});

test('the link and the fields', () => {
  const check = (base: string, expected: string) => assert.equal(unsubscribeUrl(base, 'TOKEN'), expected);
  check('https://mail.example.org', 'https://mail.example.org/u/TOKEN');
  check('http://127.0.0.1:4566/', 'http://127.0.0.1:4566/u/TOKEN');
  assert.deepEqual(unsubscribeFields('https://h/u/TOKEN'), [
    ['List-Unsubscribe', '<https://h/u/TOKEN>'],
    ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
  ]);
  assert.equal(
    unsubscribeFields('https://h/u/TOKEN', { mailbox: 'unsubscribe@h', token: 'TOKEN' })[0]![1],
    '<https://h/u/TOKEN>, <mailto:unsubscribe@h?subject=TOKEN>',
  );
});

test('the placeholder, twice at most', () => {
  const P = '{{amazonSESUnsubscribeUrl}}';
  const check = (text: string, expected: string) => assert.equal(withUnsubscribeUrl(text, 'U$&'), expected);
  check('', '');
  check('nothing', 'nothing');
  check(P, 'U$&');
  check(`a ${P} b`, 'a U$& b');
  check(`<a href="${P}">${P}</a>`, '<a href="U$&">U$&</a>');
  check(`${P}1${P}2${P}3${P}`, `U$&1U$&2${P}3${P}`);
  check(
    '{{ amazonSESUnsubscribeUrl }} {{amazonSESunsubscribeUrl}}',
    '{{ amazonSESUnsubscribeUrl }} {{amazonSESunsubscribeUrl}}',
  );
});
