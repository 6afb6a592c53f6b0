// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of policies are written so
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Context, holds, readCondition } from './conditions.ts';

const context: Context = {
  'aws:username': 'bob',
  'aws:sourceip': '192.0.2.7',
  'aws:securetransport': 'false',
  'aws:currenttime': '2026-03-04T05:06:07Z',
  'aws:epochtime': '1772600767',
  'aws:principalarn': 'arn:aws:iam::123456789012:user/team/bob',
  'ses:apiversion': '2',
  'ses:fromaddress': 'Ann@example.com',
  'ses:recipients': ['a@example.org', 'b@example.org'],
};

function check(operator: string, key: string, values: string | string[], expected: boolean, over: Context = {}) {
  const list = typeof values === 'string' ? [values] : values;
  const condition = readCondition(operator, { key, values: list, variables: true });
  assert.ok(condition, operator);
  assert.equal(holds(condition, { ...context, ...over }), expected, `${operator} ${key} ${list}`);
}

test('texts', () => {
  check('StringEquals', 'ses:FromAddress', 'Ann@example.com', true);
  check('StringEquals', 'SES:fromaddress', 'Ann@example.com', true);
  check('StringEquals', 'ses:FromAddress', 'ann@example.com', false);
  check('StringEquals', 'ses:FromAddress', ['x', 'Ann@example.com'], true);
  check('StringEquals', 'ses:FromAddress', '*', false);
  check('StringEquals', 'aws:username', '${aws:username}', true);
  check('StringEquals', 'aws:username', '${aws:nobody}', false);
  check('StringNotEquals', 'ses:FromAddress', 'Ann@example.com', false);
  check('StringNotEquals', 'ses:FromAddress', ['x', 'Ann@example.com'], false);
  check('StringNotEquals', 'ses:FromAddress', ['x', 'y'], true);
  check('StringEqualsIgnoreCase', 'ses:FromAddress', 'ann@EXAMPLE.com', true);
  check('StringNotEqualsIgnoreCase', 'ses:FromAddress', 'ann@EXAMPLE.com', false);
  check('StringLike', 'ses:FromAddress', '*@example.com', true);
  check('StringLike', 'ses:FromAddress', '?nn@*', true);
  check('StringLike', 'ses:FromAddress', 'ann@*', false);
  check('StringLike', 'ses:FromAddress', '${aws:username}@*', false);
  check('StringNotLike', 'ses:FromAddress', '*@example.com', false);
  check('StringNotLike', 'ses:FromAddress', '*@example.org', true);
});

test('numbers', () => {
  check('NumericEquals', 'ses:ApiVersion', '2.0', true);
  check('NumericNotEquals', 'ses:ApiVersion', '2', false);
  check('NumericLessThan', 'ses:ApiVersion', '3', true);
  check('NumericLessThan', 'ses:ApiVersion', '2', false);
  check('NumericLessThanEquals', 'ses:ApiVersion', '2', true);
  check('NumericGreaterThan', 'ses:ApiVersion', '1', true);
  check('NumericGreaterThanEquals', 'ses:ApiVersion', '2', true);
  check('NumericGreaterThan', 'ses:ApiVersion', 'x', false);
  check('NumericLessThan', 'aws:username', '3', false);
});

test('dates', () => {
  check('DateEquals', 'aws:CurrentTime', '2026-03-04T05:06:07Z', true);
  check('DateEquals', 'aws:CurrentTime', '2026-03-04T07:06:07+02:00', true);
  check('DateEquals', 'aws:EpochTime', '2026-03-04T05:06:07Z', true);
  check('DateNotEquals', 'aws:CurrentTime', '1772600767', false);
  check('DateLessThan', 'aws:CurrentTime', '2026-03-05', true);
  check('DateLessThan', 'aws:CurrentTime', '2026-03-04T05:06:07Z', false);
  check('DateLessThanEquals', 'aws:CurrentTime', '2026-03-04T05:06:07Z', true);
  check('DateGreaterThan', 'aws:CurrentTime', '2026-01-01T00:00:00Z', true);
  check('DateGreaterThanEquals', 'aws:CurrentTime', 'someday', false);
});

test('truths and addresses', () => {
  check('Bool', 'aws:SecureTransport', 'false', true);
  check('Bool', 'aws:SecureTransport', 'True', false);
  check('IpAddress', 'aws:SourceIp', '192.0.2.0/24', true);
  check('IpAddress', 'aws:SourceIp', '192.0.2.7', true);
  check('IpAddress', 'aws:SourceIp', ['10.0.0.0/8', '192.0.2.0/29'], true);
  check('IpAddress', 'aws:SourceIp', '198.51.100.0/24', false);
  check('IpAddress', 'aws:SourceIp', '0.0.0.0/0', true);
  check('IpAddress', 'aws:SourceIp', '192.0.2.0/40', false);
  check('IpAddress', 'aws:SourceIp', 'nowhere', false);
  check('NotIpAddress', 'aws:SourceIp', '192.0.2.0/24', false);
  check('NotIpAddress', 'aws:SourceIp', '198.51.100.0/24', true);
  check('IpAddress', 'aws:SourceIp', '2001:db8::/32', true, { 'aws:sourceip': '2001:db8::7' });
  check('IpAddress', 'aws:SourceIp', '2001:db8::/32', false);
});

test('ARNs', () => {
  check('ArnLike', 'aws:PrincipalArn', 'arn:aws:iam::*:user/team/*', true);
  check('ArnEquals', 'aws:PrincipalArn', 'arn:aws:iam::123456789012:user/*', true);
  check('ArnLike', 'aws:PrincipalArn', 'arn:aws:iam::user/*', false);
  check('ArnNotLike', 'aws:PrincipalArn', 'arn:aws:iam::*:user/team/*', false);
  check('ArnNotEquals', 'aws:PrincipalArn', 'arn:aws:iam::*:root', true);
});

test('keys that the request does not have', () => {
  check('StringEquals', 'aws:nothing', 'x', false);
  check('StringNotEquals', 'aws:nothing', 'x', true);
  check('StringEqualsIfExists', 'aws:nothing', 'x', true);
  check('StringEqualsIfExists', 'aws:username', 'x', false);
  check('StringEqualsIfExists', 'aws:username', 'bob', true);
  check('NumericLessThan', 'aws:nothing', '1', false);
  check('NotIpAddress', 'aws:nothing', '10.0.0.0/8', true);
  check('BoolIfExists', 'aws:nothing', 'true', true);
  check('Null', 'aws:nothing', 'true', true);
  check('Null', 'aws:nothing', 'false', false);
  check('Null', 'aws:username', 'false', true);
  check('Null', 'aws:username', 'true', false);
});

test('keys with several values', () => {
  check('ForAllValues:StringLike', 'ses:Recipients', '*@example.org', true);
  check('ForAllValues:StringLike', 'ses:Recipients', 'a@*', false);
  check('ForAllValues:StringEquals', 'ses:Recipients', ['a@example.org', 'b@example.org', 'c@example.org'], true);
  check('ForAllValues:StringNotLike', 'ses:Recipients', 'a@*', false);
  check('ForAllValues:StringNotLike', 'ses:Recipients', 'z@*', true);
  check('ForAllValues:StringLike', 'aws:nothing', 'x', true);
  check('ForAnyValue:StringLike', 'ses:Recipients', 'a@*', true);
  check('ForAnyValue:StringLike', 'ses:Recipients', 'z@*', false);
  check('ForAnyValue:StringNotLike', 'ses:Recipients', 'a@*', true);
  check('ForAnyValue:StringNotLike', 'ses:Recipients', '*@example.org', false);
  check('ForAnyValue:StringLike', 'aws:nothing', 'x', false);
  check('ForAnyValue:StringLikeIfExists', 'aws:nothing', 'x', true);
  check('StringLike', 'ses:Recipients', 'a@*', true);
  check('StringNotLike', 'ses:Recipients', 'a@*', false);
});

test('what is no operator', () => {
  for (const name of ['StringIs', 'constructor', 'NullIfExists', 'ForSomeValues:StringLike', '', 'stringequals']) {
    assert.equal(readCondition(name, { key: 'aws:username', values: ['x'], variables: true }), undefined, name);
  }
});
