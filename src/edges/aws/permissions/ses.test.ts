import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import type { Caller } from '../caller.ts';
import { operations, sesPermission } from './ses.ts';

const caller = { account: '123456789012', region: 'eu-west-1' } as Caller;

function check(operation: string, input: Record<string, unknown>, ...expected: string[]) {
  const permission = sesPermission({ operation, input, caller });
  const arns = expected.map((one) => (one === '*' ? one : `arn:aws:ses:eu-west-1:123456789012:${one}`));
  assert.deepEqual(permission, { action: `ses:${operation}`, resources: arns });
}

test('the resources that an operation is about', () => {
  check('GetAccount', {}, '*');
  check('GetEmailIdentity', { EmailIdentity: 'a.example' }, 'identity/a.example');
  check('GetConfigurationSet', { ConfigurationSetName: 'set' }, 'configuration-set/set');
  check('CreateConfigurationSet', { ConfigurationSet: { Name: 'set' } }, 'configuration-set/set');
  check('DescribeConfigurationSet', { ConfigurationSetName: 'set' }, '*');
  check('GetEmailTemplate', { TemplateName: 't' }, 'template/t');
  check('GetTemplate', { TemplateName: 't' }, '*');
  check('GetCustomVerificationEmailTemplate', { TemplateName: 't' }, 'custom-verification-email-template/t');
  check('ListContacts', { ContactListName: 'list' }, 'contact-list/list');
  const both = { EmailIdentity: 'a.example', ConfigurationSetName: 'set' };
  const associated = ['identity/a.example', 'configuration-set/set'];
  check('PutEmailIdentityConfigurationSetAttributes', both, ...associated);
  check('TagResource', { ResourceArn: 'arn:aws:ses:eu-west-1:123456789012:identity/a' }, 'identity/a');
  assert.deepEqual(sesPermission({ operation: 'SendEmail', input: {}, caller }), []);
});

test('the table names operations that there are', () => {
  for (const name of Object.values(operations).flatMap((text) => text.trim().split(/\s+/))) {
    assert.ok(`${name}Command` in v1 || `${name}Command` in v2, name);
  }
});
