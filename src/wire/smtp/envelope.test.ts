import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress, parseMail, parseRcpt } from './envelope.ts';

const offers = new Set(['SIZE', '8BITMIME', 'AUTH', 'DSN']);

test('MAIL: path and parameters', () => {
  const check = (argument: string, expected: object) =>
    assert.deepEqual(parseMail(argument, offers), expected, argument);
  check('FROM:<a@example.com>', { address: 'a@example.com' });
  check('from:<a@example.com>', { address: 'a@example.com' });
  check('FROM: <a@example.com>', { address: 'a@example.com' });
  check('FROM:<>', { address: '' });
  check('FROM:<@relay.example,@b.example:a@example.com>', { address: 'a@example.com' });
  check('FROM:<"a b>c"@example.com> SIZE=12', { address: '"a b>c"@example.com', size: 12 });
  check('FROM:<"a\\"b"@example.com>', { address: '"a\\"b"@example.com' });
  check('FROM:<a@[192.0.2.1]>', { address: 'a@[192.0.2.1]' });
  check('FROM:<a@[IPv6:2001:db8::1]>', { address: 'a@[IPv6:2001:db8::1]' });
  check('FROM:<> SIZE=100 BODY=8BITMIME', { address: '', size: 100, body: '8BITMIME' });
  check('FROM:<>  body=7bit  size=1', { address: '', body: '7BIT', size: 1 });
  check('FROM:<> AUTH=<>', { address: '' });
  check('FROM:<> AUTH=e+3Dmc2@example.com', { address: '' });
  check('FROM:<> RET=hdrs ENVID=QQ+3D314', { address: '', ret: 'HDRS', envid: 'QQ+3D314' });
  check('<a@example.com>', { fault: 'syntax' });
  check('FROM:a@example.com', { fault: 'syntax' });
  check('FROM:<a@example.com', { fault: 'syntax' });
  check('FROM:<a@example.com>SIZE=1', { fault: 'syntax' });
  check('TO:<a@example.com>', { fault: 'syntax' });
  check('FROM:<nobody>', { fault: 'path', path: 'nobody' });
  check('FROM:<a b@example.com>', { fault: 'path', path: 'a b@example.com' });
  check('FROM:<a@example.com> SIZE=', { fault: 'parameter', parameter: 'SIZE' });
  check('FROM:<a@example.com> SIZE=1 SIZE=2', { fault: 'parameter', parameter: 'SIZE' });
  check('FROM:<a@example.com> BODY=BINARYMIME', { fault: 'parameter', parameter: 'BODY' });
  check('FROM:<a@example.com> RET=ALL', { fault: 'parameter', parameter: 'RET' });
  check('FROM:<a@example.com> ENVID=a=b', { fault: 'parameter', parameter: 'ENVID' });
  check('FROM:<a@example.com> SMTPUTF8', { fault: 'unknown-parameter', parameter: 'SMTPUTF8' });
  check('FROM:<a@example.com> X=1', { fault: 'unknown-parameter', parameter: 'X' });
});

test('RCPT: path and parameters', () => {
  const check = (argument: string, expected: object) =>
    assert.deepEqual(parseRcpt(argument, offers), expected, argument);
  check('TO:<b@example.com>', { address: 'b@example.com' });
  check('TO:<Postmaster>', { address: 'Postmaster' });
  check('TO:<b@example.com> NOTIFY=NEVER', { address: 'b@example.com', notify: ['NEVER'] });
  check('TO:<b@example.com> NOTIFY=success,DELAY', { address: 'b@example.com', notify: ['SUCCESS', 'DELAY'] });
  check('TO:<b@example.com> ORCPT=rfc822;b+2Bc@x.example', {
    address: 'b@example.com',
    orcpt: 'rfc822;b+2Bc@x.example',
  });
  check('TO:<>', { fault: 'path', path: '' });
  check('TO:<b@example.com> NOTIFY=NEVER,DELAY', { fault: 'parameter', parameter: 'NOTIFY' });
  check('TO:<b@example.com> NOTIFY=DELAY,DELAY', { fault: 'parameter', parameter: 'NOTIFY' });
  check('TO:<b@example.com> NOTIFY', { fault: 'parameter', parameter: 'NOTIFY' });
  check('TO:<b@example.com> ORCPT=b@example.com', { fault: 'parameter', parameter: 'ORCPT' });
  check('TO:<b@example.com> SIZE=1', { fault: 'unknown-parameter', parameter: 'SIZE' });
});

test('a parameter is unknown while its extension is not offered', () => {
  const none = new Set<string>();
  for (const parameter of ['SIZE=1', 'BODY=7BIT', 'AUTH=<>', 'RET=FULL', 'ENVID=x']) {
    assert.deepEqual(Object.keys(parseMail(`FROM:<> ${parameter}`, none)), ['fault', 'parameter'], parameter);
  }
});

test('addresses', () => {
  const check = (path: string, valid: boolean) => assert.equal(parseAddress(path), valid ? path : undefined, path);
  check("!#$%&'*+/=?^_`{|}~-.a@example.com", true);
  check('a@localhost', true);
  check('a@under_score.example', true);
  check('""@example.com', true);
  check(`${'l'.repeat(64)}@example.com`, true);
  check(`${'l'.repeat(65)}@example.com`, false);
  check(`a@${'d'.repeat(64)}.example`, false);
  check('.a@example.com', false);
  check('a.@example.com', false);
  check('a..b@example.com', false);
  check('a@', false);
  check('@example.com', false);
  check('a@-example.com', false);
  check('a@example..com', false);
  check('a@example.com.', false);
  check('a@[192.0.2]', false);
  check('"a"b"@example.com', false);
  check('j\xf6rg@example.com', false);
});
