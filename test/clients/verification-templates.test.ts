import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { SesameUnderTest } from '../world/sesame.ts';

// Custom verification templates: one state, whichever version of the API sets or shows it.
let sesame: SesameUnderTest;
let one: v1.SESClient;
let two: v2.SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start();
  one = new v1.SESClient(sesame.client);
  two = new v2.SESv2Client(sesame.client);
  await two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
});
after(async () => {
  one?.destroy();
  two?.destroy();
  await sesame?.stop();
});

const template = (TemplateName: string, over: object = {}) => ({
  TemplateName,
  FromEmailAddress: 'hello@sender.example',
  TemplateSubject: 'Please confirm',
  TemplateContent: '<html><body style=\'color:red\'><h1 class="x">Welcome</h1></body></html>',
  SuccessRedirectionURL: 'https://www.sender.example/yes?a=b',
  FailureRedirectionURL: 'https://www.sender.example/no',
  ...over,
});
const metadata = ({ TemplateContent, ...rest }: ReturnType<typeof template>) => rest;
const create = (name: string, over: object = {}) =>
  one.send(new v1.CreateCustomVerificationEmailTemplateCommand(template(name, over)));
const create2 = (name: string, over: object = {}) =>
  two.send(new v2.CreateCustomVerificationEmailTemplateCommand(template(name, over)));

test('are made, shown, changed, listed and deleted, in both versions', async () => {
  await create('first');
  await create2('second', { Tags: [{ Key: 'team', Value: 'red' }] });
  const get = async (TemplateName: string) => {
    const { $metadata, ...shown } = await one.send(new v1.GetCustomVerificationEmailTemplateCommand({ TemplateName }));
    return shown;
  };
  const get2 = async (TemplateName: string) => {
    const { $metadata, ...shown } = await two.send(new v2.GetCustomVerificationEmailTemplateCommand({ TemplateName }));
    return shown;
  };
  assert.deepEqual(await get('second'), template('second'));
  assert.deepEqual(await get2('first'), { ...template('first'), Tags: [] });
  assert.deepEqual((await get2('second')).Tags, [{ Key: 'team', Value: 'red' }]);

  const listed = await one.send(new v1.ListCustomVerificationEmailTemplatesCommand({}));
  assert.deepEqual(
    listed.CustomVerificationEmailTemplates,
    ['first', 'second'].map((name) => metadata(template(name))),
  );
  const page = await two.send(new v2.ListCustomVerificationEmailTemplatesCommand({ PageSize: 1 }));
  assert.deepEqual(page.CustomVerificationEmailTemplates, [metadata(template('first'))]);
  const { NextToken } = page;
  const rest = await two.send(new v2.ListCustomVerificationEmailTemplatesCommand({ PageSize: 1, NextToken }));
  assert.deepEqual(rest.CustomVerificationEmailTemplates, [metadata(template('second'))]);
  assert.equal(rest.NextToken, undefined);

  // v1 changes what it is given, v2 all.
  await one.send(
    new v1.UpdateCustomVerificationEmailTemplateCommand({ TemplateName: 'second', TemplateSubject: 'Please' }),
  );
  assert.deepEqual(await get2('second'), {
    ...template('second', { TemplateSubject: 'Please' }),
    Tags: [{ Key: 'team', Value: 'red' }],
  });
  const all = template('first', { TemplateContent: 'Plain', FromEmailAddress: 'me@sub.sender.example' });
  await two.send(new v2.UpdateCustomVerificationEmailTemplateCommand(all));
  assert.deepEqual(await get('first'), all);

  for (let time = 0; time < 2; time++) {
    await one.send(new v1.DeleteCustomVerificationEmailTemplateCommand({ TemplateName: 'first' }));
  }
  await two.send(new v2.DeleteCustomVerificationEmailTemplateCommand({ TemplateName: 'second' }));
  await assert.rejects(two.send(new v2.DeleteCustomVerificationEmailTemplateCommand({ TemplateName: 'second' })), {
    name: 'NotFoundException',
    message: 'Custom verification email template <second> does not exist',
  });
  const none = await two.send(new v2.ListCustomVerificationEmailTemplatesCommand({}));
  assert.deepEqual(none.CustomVerificationEmailTemplates, []);
});

test('that are absent, or there already, are told in the words of SES', async () => {
  await create('there');
  const exists = 'Custom verification email template <there> already exists';
  await assert.rejects(create('there'), {
    name: 'CustomVerificationEmailTemplateAlreadyExistsException',
    message: exists,
    CustomVerificationEmailTemplateName: 'there',
  });
  await assert.rejects(create2('there'), { name: 'AlreadyExistsException', message: exists });
  const TemplateName = 'absent';
  const absent1 = {
    name: 'CustomVerificationEmailTemplateDoesNotExistException',
    message: 'Template <absent> does not exist',
    CustomVerificationEmailTemplateName: 'absent',
  };
  const absent2 = { name: 'NotFoundException', message: 'Custom verification email template <absent> does not exist' };
  const EmailAddress = 'ann@new.example';
  await assert.rejects(one.send(new v1.GetCustomVerificationEmailTemplateCommand({ TemplateName })), absent1);
  await assert.rejects(two.send(new v2.GetCustomVerificationEmailTemplateCommand({ TemplateName })), absent2);
  await assert.rejects(one.send(new v1.UpdateCustomVerificationEmailTemplateCommand({ TemplateName })), absent1);
  const update = new v2.UpdateCustomVerificationEmailTemplateCommand(template(TemplateName));
  await assert.rejects(two.send(update), absent2);
  await assert.rejects(one.send(new v1.SendCustomVerificationEmailCommand({ TemplateName, EmailAddress })), absent1);
  await assert.rejects(two.send(new v2.SendCustomVerificationEmailCommand({ TemplateName, EmailAddress })), absent2);
  // Nothing is left of the refused.
  await assert.rejects(two.send(new v2.GetEmailIdentityCommand({ EmailIdentity: EmailAddress })), {
    name: 'NotFoundException',
  });
});

test('that cannot be are refused', async () => {
  await assert.rejects(create('x', { FromEmailAddress: 'me@other.example' }), {
    name: 'FromEmailAddressNotVerifiedException',
    message: 'The from email address <me@other.example> is not verified',
    FromEmailAddress: 'me@other.example',
  });
  await assert.rejects(create2('x', { FromEmailAddress: 'me@other.example' }), {
    name: 'BadRequestException',
    message: 'The from email address <me@other.example> is not verified',
  });
  await assert.rejects(create('x', { FromEmailAddress: 'Me <me@sender.example>' }), { name: 'InvalidParameterValue' });
  await assert.rejects(create('x', { SuccessRedirectionURL: 'javascript:alert(1)' }), {
    name: 'InvalidParameterValue',
    message: 'The success redirection URL is invalid',
  });
  await assert.rejects(create2('x', { FailureRedirectionURL: '/no' }), {
    name: 'BadRequestException',
    message: 'The failure redirection URL is invalid',
  });
  await assert.rejects(create('a name'), { name: 'InvalidParameterValue' });
  for (const TemplateContent of [
    '<script>alert(1)</script>',
    '<p onclick="x()">Hi</p>',
    '<a href="https://elsewhere.example">Hi</a>',
    '<p>Hi</p><!-- there -->',
    '<img src="https://elsewhere.example/x.png">',
    'x'.repeat(10 * 1024 * 1024 + 1),
  ]) {
    await assert.rejects(
      create('x', { TemplateContent }),
      { name: 'CustomVerificationEmailInvalidContentException' },
      TemplateContent.slice(0, 50),
    );
  }
  await assert.rejects(create2('x', { TemplateContent: '<object>' }), { name: 'BadRequestException' });
  const next = { NextToken: 'x' };
  await assert.rejects(one.send(new v1.ListCustomVerificationEmailTemplatesCommand(next)), {
    name: 'InvalidParameterValue',
    message: 'Invalid nextToken <x>.',
  });
  await assert.rejects(two.send(new v2.ListCustomVerificationEmailTemplatesCommand(next)), {
    name: 'BadRequestException',
    message: 'Invalid nextToken <x>.',
  });
});

test('are 50 at most', async () => {
  const region = 'eu-west-1';
  const elsewhere = new v1.SESClient({ ...sesame.client, region });
  await elsewhere.send(new v1.VerifyDomainIdentityCommand({ Domain: 'sender.example' }));
  const make = (name: string) => elsewhere.send(new v1.CreateCustomVerificationEmailTemplateCommand(template(name)));
  for (let n = 0; n < 50; n++) await make(`t${n}`);
  await assert.rejects(make('one-more'), { name: 'LimitExceededException' });
  await assert.rejects(make('t7'), { name: 'CustomVerificationEmailTemplateAlreadyExistsException' });
  const { CustomVerificationEmailTemplates } = await elsewhere.send(
    new v1.ListCustomVerificationEmailTemplatesCommand({ MaxResults: 50 }),
  );
  assert.equal(CustomVerificationEmailTemplates?.length, 50);
  elsewhere.destroy();
});

test('are sent to addresses only', async () => {
  await create('sent');
  const TemplateName = 'sent';
  for (const [EmailAddress, message] of [
    [' ', 'Email address not specified.'],
    ['nobody', 'Invalid email address<nobody>.'],
    ['a b@new.example', 'Invalid email address<a b@new.example>.'],
  ] as const) {
    const input = { TemplateName: 'absent', EmailAddress };
    await assert.rejects(one.send(new v1.SendCustomVerificationEmailCommand(input)), {
      name: 'InvalidParameterValue',
      message,
    });
    await assert.rejects(two.send(new v2.SendCustomVerificationEmailCommand(input)), {
      name: 'BadRequestException',
      message,
    });
  }
  const input = { TemplateName, EmailAddress: 'ann@new.example', ConfigurationSetName: 'absent' };
  await assert.rejects(one.send(new v1.SendCustomVerificationEmailCommand(input)), {
    name: 'ConfigurationSetDoesNotExistException',
  });
});
