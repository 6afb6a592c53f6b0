import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Kind, readPolicy } from './policy.ts';

const statement = { Effect: 'Allow', Action: 'ses:SendEmail', Resource: '*' };
const written = (over: object) => JSON.stringify({ Version: '2012-10-17', Statement: { ...statement, ...over } });

function check(text: string, fault: string | undefined, kind: Kind = 'caller') {
  const read = readPolicy(text, kind);
  assert.equal(read.ok ? undefined : read.fault, fault, text);
}

const SYNTAX = 'Syntax errors in policy.';
const VENDOR = 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';

test('policies of a user', () => {
  check(written({}), undefined);
  check(written({ Sid: 'One', Condition: { Bool: { 'aws:SecureTransport': true } } }), undefined);
  check(written({ Condition: { NumericLessThan: { 'aws:EpochTime': [1, 2] } } }), undefined);
  check(JSON.stringify({ Id: 'x', Statement: [statement, statement] }), undefined);
  check('', SYNTAX);
  check('[]', SYNTAX);
  check('{"Statement": []}', SYNTAX);
  check('{}', SYNTAX);
  check(JSON.stringify({ Version: '2020-01-01', Statement: statement }), SYNTAX);
  check(JSON.stringify({ Statement: statement, Effect: 'Allow' }), SYNTAX);
  check(written({ Effect: 'allow' }), SYNTAX);
  check(written({ Effect: undefined }), SYNTAX);
  check(written({ Resources: '*' }), SYNTAX);
  check(written({ Action: 7 }), SYNTAX);
  check(written({ NotAction: 'ses:*' }), SYNTAX);
  check(written({ Condition: 'x' }), SYNTAX);
  check(written({ Condition: { StringEquals: { 'aws:x': {} } } }), SYNTAX);
  check(written({ Condition: { StringEquals: { x: 'y' } } }), VENDOR);
  check(written({ Condition: { StringIs: { 'aws:x': 'y' } } }), 'Invalid Condition type : StringIs.');
  check(written({ Action: undefined }), 'Policy statement must contain actions.');
  check(written({ Action: [] }), 'Policy statement must contain actions.');
  check(written({ Action: 'SendEmail' }), VENDOR);
  check(written({ Action: 'ses:Send Email' }), VENDOR);
  check(written({ Resource: undefined }), 'Policy statement must contain resources.');
  check(written({ Resource: 'a.example' }), 'Resource a.example must be in ARN format or "*".');
  check(written({ Principal: '*' }), 'Policy document should not specify a principal.');
  const twice = [
    { ...statement, Sid: 'A' },
    { ...statement, Sid: 'A' },
  ];
  check(JSON.stringify({ Statement: twice }), 'Statement IDs (SID) in a single policy must be unique.');
});

test('policies of a thing', () => {
  check(written({ Principal: '*' }), undefined, 'thing');
  check(written({ Principal: { AWS: ['1', '2'], Service: 'x' }, Resource: undefined }), undefined, 'thing');
  check(written({}), 'Missing required field Principal', 'thing');
  check(written({ Principal: {} }), SYNTAX, 'thing');
  check(written({ Principal: { AWS: 7 } }), SYNTAX, 'thing');
  check(written({ Principal: '*', NotPrincipal: '*' }), SYNTAX, 'thing');
});
