// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of policies are written so
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fits, fitsArn, readPattern, resolvePattern } from './patterns.ts';

const values: Record<string, string> = { 'aws:username': 'bob', 'aws:star': '*' };
const resolve = (text: string, variables = true) =>
  resolvePattern(readPattern(text, { variables, wild: true }), (name) => values[name]);

function check(pattern: string, text: string, expected: boolean) {
  const resolved = resolve(pattern);
  assert.equal(resolved !== undefined && fits(resolved, text), expected, `${pattern} ~ ${text}`);
}

test('wildcards', () => {
  check('', '', true);
  check('', 'a', false);
  check('*', '', true);
  check('*', 'anything at all', true);
  check('?', '', false);
  check('?', 'a', true);
  check('?', 'ab', false);
  check('a*', 'abc', true);
  check('*c', 'abc', true);
  check('a*c', 'abbbc', true);
  check('a*c', 'abbbd', false);
  check('a?c', 'abc', true);
  check('a?c', 'ac', false);
  check('a*b*c', 'a1b2b3c', true);
  check('a*b*c', 'a1c2b', false);
  check('**a', 'ba', true);
  check('abc', 'ABC', false);
  check('a.c', 'abc', false);
});

test('a pattern made to go back and forth ends soon', () => {
  check(`${'a*'.repeat(60)}b`, 'a'.repeat(2_000), false);
});

test('variables', () => {
  check('user/${aws:username}', 'user/bob', true);
  check('user/${aws:UserName}', 'user/bob', true);
  check('user/${aws:username}', 'user/bobby', false);
  check('user/${aws:username}*', 'user/bobby', true);
  check('${aws:nobody}', 'bob', false);
  check("${aws:nobody, 'guest'}", 'guest', true);
  check("${aws:username, 'guest'}", 'guest', false);
  check('${*}', '*', true);
  check('${*}', 'a', false);
  check('${?}${$}', '?$', true);
  check('${aws:star}', '*', true);
  check('${aws:star}', 'a', false);
  assert.ok(fits(resolve('${aws:username}', false)!, '${aws:username}'));
});

function checkArn(pattern: string, arn: string, expected: boolean) {
  assert.equal(fitsArn(resolve(pattern)!, arn), expected, `${pattern} ~ ${arn}`);
}

test('ARNs are compared part by part', () => {
  const arn = 'arn:aws:ses:us-east-1:123456789012:identity/a.example';
  checkArn('*', arn, true);
  checkArn(arn, arn, true);
  checkArn('arn:aws:ses:*:*:identity/*', arn, true);
  checkArn('arn:aws:ses:*:123456789012:*', arn, true);
  checkArn('arn:aws:ses:us-*-1:1234567890??:identity/a.*', arn, true);
  checkArn('arn:aws:ses:eu-*:*:*', arn, false);
  checkArn('arn:aws:ses:*:identity/a.example', arn, false);
  checkArn('arn:aws:ses:*', arn, true);
  checkArn('arn:aws:sns:*:*:*', arn, false);
  checkArn('arn:aws:ses:*:1*:identity/x', 'arn:aws:ses:us-east-1:2:1:identity/x', false);
  checkArn('arn:aws:s3:::bucket/*', 'arn:aws:s3:::bucket/a:b:c', true);
  checkArn('arn:aws:ses:*:*:*', '*', false);
  checkArn('*:*', '*', false);
});
