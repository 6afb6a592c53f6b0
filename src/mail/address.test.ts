import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { normaliseAddress, parseAddress, withoutLabel } from './address.ts';

test('an address that SES takes', () => {
  const check = (input: string, expected: Record<string, string>) => {
    const parsed = parseAddress(input);
    assert.ok(parsed.ok, parsed.ok ? '' : `${input}: ${parsed.fault}`);
    const { address, display, displayAsGiven } = parsed.address;
    assert.deepEqual({ address, ...(display && { display, given: displayAsGiven }) }, expected, input);
  };
  check('user@example.com', { address: 'user@example.com' });
  check('  <user@example.com> ', { address: 'user@example.com' });
  check('Name <user@example.com>', { address: 'user@example.com', display: 'Name', given: 'Name' });
  check('John Q. Public<j@x.org>', { address: 'j@x.org', display: 'John Q. Public', given: 'John Q. Public' });
  check('"Quoted, Name" <a@b.c>', { address: 'a@b.c', display: 'Quoted, Name', given: '"Quoted, Name"' });
  check('"Say \\"hi\\"" <a@b.c>', { address: 'a@b.c', display: 'Say "hi"', given: '"Say \\"hi\\""' });
  check('=?UTF-8?B?SsO8cmdlbg==?= <a@b.c>', {
    address: 'a@b.c',
    display: 'Jürgen',
    given: '=?UTF-8?B?SsO8cmdlbg==?=',
  });
  check('Jürgen <a@b.c>', { address: 'a@b.c', display: 'Jürgen', given: 'Jürgen' });
  check('a@b.c (Name)', { address: 'a@b.c', display: 'Name', given: 'Name' });
  check('"john doe"@example.com', { address: '"john doe"@example.com' });
  check('"a@b,c"@example.com', { address: '"a@b,c"@example.com' });
  check('a+b=c/d@xn--mller-kva.de', { address: 'a+b=c/d@xn--mller-kva.de' });
  check('root@localhost', { address: 'root@localhost' });
  check('a@[192.0.2.1]', { address: 'a@[192.0.2.1]' });
});

test('an address that SES refuses, in its words', () => {
  const check = (input: string, expected: string) => {
    const parsed = parseAddress(input);
    assert.equal(parsed.ok ? 'accepted' : parsed.fault, expected, input);
  };
  check('', 'Illegal address');
  check('   ', 'Illegal address');
  check('user', "Missing final '@domain'");
  check('Name <user>', "Missing final '@domain'");
  check('"user"', "Missing final '@domain'");
  check('@example.com', 'Missing local name');
  check('user@', 'Missing domain');
  check('Name <>', 'Empty address');
  check('a b@example.com', 'Local address contains control or whitespace');
  check('Name user@example.com', 'Local address contains control or whitespace');
  check('Karen <karen @example.com>', 'Local address contains control or whitespace');
  check('a\u0007@example.com', 'Local address contains control or whitespace');
  check('a@exa mple.com', 'Domain contains control or whitespace');
  check('Name <a@example.com\r\nBcc: x@y.z>', 'Domain contains control or whitespace');
  check('github:somebody', 'Local address contains illegal character');
  check('jürgen@example.com', 'Local address contains illegal character');
  check('"jürgen"@example.com', 'Local address contains illegal character');
  check('a@müller.de', 'Domain contains illegal character');
  check('a@b@c.de', 'Domain contains illegal character');
  check('a@b_c.de', 'Domain contains illegal character');
  check('a@.de', 'Domain starts with dot');
  check('a@b..de', 'Domain contains dot-dot');
  check('a@b.de.', 'Domain ends with dot');
  check('.a@b.de', 'Local address starts with dot');
  check('a..b@b.de', 'Local address contains dot-dot');
  check('a.@b.de', 'Local address ends with dot');
  check('"a"b@b.de', 'Quote not at end of local address');
  check('Karen, Chan <karen@example.com>', 'Illegal address');
  check('a@b.c, d@e.f', 'Illegal address');
  check('group: a@b.c;', 'Illegal address');
  check('<a@b.c> <d@e.f>', 'Illegal address');
  check('<a@b.c> d', 'Illegal address');
  check('<a@b.c', "Missing '>'");
  check('a@b.c>', "Missing '<'");
  check('"Name <a@b.c>', "Missing '\"'");
  check('(Name <a@b.c>', "Missing ')'");
  check('Name) <a@b.c>', "Missing '('");
  check('"a\r\nb"@example.com', 'Invalid email address <"a\r\nb"@example.com>.');
  check('A\r\nBcc: x <a@b.c>', 'Illegal address');
  check(`a@${'b'.repeat(64)}.de`, `Invalid domain name: '${'b'.repeat(64)}.de'.`);
  check(`${'x'.repeat(320)}@y`, `Address length is more than 320 characters long: '${'x'.repeat(320)}@y'.`);
});

test('parsing never throws, and what it accepts is one line of ASCII', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab.@<>"\\(),;: \r\n\u00e9\0[]=?') });
  fc.assert(
    fc.property(text, (input) => {
      const parsed = parseAddress(input);
      if (parsed.ok) assert.match(parsed.address.address, /^[ -~]+@[!-~]+$/);
    }),
  );
});

test('comparing', () => {
  const check = (input: string, expected: string) => assert.equal(normaliseAddress(input), expected);
  check('User@EXAMPLE.com', 'User@example.com');
  check('"A@B"@C.D', '"A@B"@c.d');
  check('EXAMPLE.com', 'example.com');
});

test('labels', () => {
  const check = (input: string, expected: string) => assert.equal(withoutLabel(input), expected);
  check('a+b@c', 'a@c');
  check('a+b+d@c', 'a@c');
  check('+b@c', '+b@c');
  check('a@c+d', 'a@c+d');
  check('"a+b"@c', '"a+b"@c');
});
