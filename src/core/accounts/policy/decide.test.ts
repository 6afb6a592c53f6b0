// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of policies are written so
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, couldAllow, type Decision, decide, type Policy, readPolicy } from './policy.ts';

const bob = { account: '222222222222', arn: 'arn:aws:iam::222222222222:user/bob' };
const identity = 'arn:aws:ses:us-east-1:111111111111:identity/a.example';
const asked: Asked = {
  action: 'ses:SendEmail',
  resource: identity,
  principal: bob,
  context: { 'aws:username': 'bob', 'ses:fromaddress': 'ann@a.example' },
};

type Written = Readonly<Record<string, unknown>>;
const allow = { Effect: 'Allow', Action: 'ses:SendEmail', Resource: '*' };
const deny = { ...allow, Effect: 'Deny' };

function policyOf(statements: readonly Written[], kind: 'caller' | 'thing' = 'caller'): Policy {
  const read = readPolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), kind);
  assert.ok(read.ok, JSON.stringify(read));
  return read.policy;
}

function check(statements: readonly Written[], expected: Decision, over: Partial<Asked> = {}) {
  assert.equal(decide([policyOf(statements)], { ...asked, ...over }), expected, JSON.stringify(statements));
}

test('nothing said is a no, and a deny wins over every allow', () => {
  assert.equal(decide([], asked), 'unspoken');
  check([allow], 'allowed');
  check([deny], 'denied');
  check([allow, deny], 'denied');
  check([deny, allow], 'denied');
  assert.equal(decide([policyOf([allow]), policyOf([deny])], asked), 'denied');
});

test('actions have no case', () => {
  check([{ ...allow, Action: 'SES:sendemail' }], 'allowed');
  check([{ ...allow, Action: 'ses:Send*' }], 'allowed');
  check([{ ...allow, Action: 'ses:Send?mail' }], 'allowed');
  check([{ ...allow, Action: '*' }], 'allowed');
  check([{ ...allow, Action: ['ses:GetAccount', 'ses:*'] }], 'allowed');
  check([{ ...allow, Action: 'ses:SendRawEmail' }], 'unspoken');
  check([{ ...allow, Action: 'sns:*' }], 'unspoken');
  const not = (NotAction: string | string[]) => [{ Effect: 'Allow', NotAction, Resource: '*' }];
  check(not('ses:Delete*'), 'allowed');
  check(not(['ses:Delete*', 'ses:Send*']), 'unspoken');
});

test('resources', () => {
  const on = (Resource: unknown) => [{ ...allow, Resource }];
  check(on(identity), 'allowed');
  check(on(['arn:aws:ses:eu-west-1:*:*', identity]), 'allowed');
  check(on('arn:aws:ses:*:111111111111:identity/*'), 'allowed');
  check(on('arn:aws:ses:us-east-1:111111111111:identity/A.example'), 'unspoken');
  check(on('arn:aws:ses:us-east-1:111111111111:identity/${aws:username}.example'), 'unspoken');
  check(on('arn:aws:ses:us-east-1:111111111111:identity/${aws:username}'), 'allowed', {
    resource: 'arn:aws:ses:us-east-1:111111111111:identity/bob',
  });
  check(on('arn:aws:ses:*:*:*'), 'unspoken', { resource: '*' });
  check(on('*'), 'allowed', { resource: '*' });
  const not = (NotResource: string) => [{ Effect: 'Allow', Action: '*', NotResource }];
  check(not('arn:aws:ses:*:*:template/*'), 'allowed');
  check(not('arn:aws:ses:*:*:identity/*'), 'unspoken');
});

test('conditions must all hold', () => {
  const when = (Condition: Written) => [{ ...allow, Condition }];
  check(when({ StringEquals: { 'ses:FromAddress': 'ann@a.example' } }), 'allowed');
  check(when({ StringEquals: { 'ses:FromAddress': 'x', 'aws:username': 'bob' } }), 'unspoken');
  check(
    when({ StringEquals: { 'aws:username': 'bob' }, StringLike: { 'ses:FromAddress': '*@b.example' } }),
    'unspoken',
  );
  check(when({ StringEquals: { 'aws:username': 'bob' }, StringLike: { 'ses:FromAddress': '*@a.example' } }), 'allowed');
  check([allow, { ...deny, Condition: { StringNotLike: { 'ses:FromAddress': '*@a.example' } } }], 'allowed');
  check([allow, { ...deny, Condition: { StringNotLike: { 'ses:FromAddress': '*@b.example' } } }], 'denied');
  check(when({ Null: { 'aws:TokenIssueTime': true } }), 'allowed');
});

test('the principals of a policy that hangs at a thing', () => {
  const by = (who: Written, expected: Decision, over: Partial<Asked> = {}) =>
    assert.equal(decide([policyOf([{ ...allow, ...who }], 'thing')], { ...asked, ...over }), expected, String(who));
  by({ Principal: '*' }, 'allowed');
  by({ Principal: { AWS: '*' } }, 'allowed');
  by({ Principal: { AWS: '222222222222' } }, 'allowed');
  by({ Principal: { AWS: 'arn:aws:iam::222222222222:root' } }, 'allowed');
  by({ Principal: { AWS: ['333333333333', bob.arn] } }, 'allowed');
  by({ Principal: { AWS: 'arn:aws:iam::222222222222:user/eve' } }, 'unspoken');
  by({ Principal: { AWS: 'arn:aws:iam::222222222222:user/*' } }, 'unspoken');
  by({ Principal: { AWS: '111111111111' } }, 'unspoken');
  by({ Principal: { Service: 'ses.amazonaws.com' } }, 'unspoken');
  by({ Principal: { Service: 'ses.amazonaws.com' } }, 'allowed', { principal: { service: 'ses.amazonaws.com' } });
  by({ Principal: { AWS: '*' } }, 'unspoken', { principal: { service: 'ses.amazonaws.com' } });
  by({ NotPrincipal: { AWS: '222222222222' } }, 'unspoken');
  by({ NotPrincipal: { AWS: '111111111111' } }, 'allowed');
  by({ Principal: '*' }, 'unspoken', { principal: undefined });
});

test('whether an action could be allowed at all', () => {
  const could = (statements: readonly Written[], expected: boolean) =>
    assert.equal(couldAllow([policyOf(statements)], 'ses:SendEmail'), expected, JSON.stringify(statements));
  could([allow], true);
  could([{ ...allow, Resource: identity }], true);
  could([{ ...allow, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }], true);
  could([{ ...allow, Action: 'ses:Get*' }], false);
  could([allow, deny], false);
  could([allow, { ...deny, Resource: identity }], true);
  could([allow, { ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }], true);
  could([allow, { Effect: 'Deny', Action: '*', NotResource: identity }], true);
});
