import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateConfigurationSetCommand,
  CreateContactListCommand,
  CreateCustomVerificationEmailTemplateCommand,
  CreateEmailIdentityCommand,
  CreateEmailTemplateCommand,
  GetEmailIdentityCommand,
  ListTagsForResourceCommand,
  SESv2Client,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-sesv2';
import { SesameUnderTest } from '../world/sesame.ts';

// Tags of every kind of resource that has them: given at creation, added to and taken from by ARN.
let sesame: SesameUnderTest;
let ses: SESv2Client;
const arnOf = (resource: string) => `arn:aws:ses:us-east-1:000000000000:${resource}`;
const Tags = [{ Key: 'team', Value: 'red' }];
const resources = [
  ['EmailIdentity', 'identity/tagged.example'],
  ['ConfigurationSet', 'configuration-set/tagged'],
  ['Template', 'template/tagged'],
  ['ContactList', 'contact-list/tagged'],
  ['CustomVerificationEmailTemplate', 'custom-verification-email-template/tagged'],
] as const;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new SESv2Client(sesame.client);
  const name = 'tagged';
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'tagged.example', Tags }));
  await ses.send(new CreateConfigurationSetCommand({ ConfigurationSetName: name, Tags }));
  await ses.send(
    new CreateEmailTemplateCommand({ TemplateName: name, TemplateContent: { Subject: 'Hi', Text: 'Hi' }, Tags }),
  );
  await ses.send(new CreateContactListCommand({ ContactListName: name, Tags }));
  await ses.send(
    new CreateCustomVerificationEmailTemplateCommand({
      TemplateName: name,
      FromEmailAddress: 'a@tagged.example',
      TemplateSubject: 'Hi',
      TemplateContent: 'Hi',
      SuccessRedirectionURL: 'https://tagged.example/yes',
      FailureRedirectionURL: 'https://tagged.example/no',
      Tags,
    }),
  );
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
});

const shown = async (ResourceArn: string) => (await ses.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags;

for (const [kind, resource] of resources) {
  test(`${kind}: tags are shown, added, replaced and taken`, async () => {
    const ResourceArn = arnOf(resource);
    assert.deepEqual(await shown(ResourceArn), Tags);
    const added = [
      { Key: 'team', Value: 'blue' },
      { Key: 'stage', Value: '' },
    ];
    await ses.send(new TagResourceCommand({ ResourceArn, Tags: added }));
    assert.deepEqual(await shown(ResourceArn), added);
    await ses.send(new UntagResourceCommand({ ResourceArn, TagKeys: ['team', 'absent'] }));
    assert.deepEqual(await shown(ResourceArn), added.slice(1));
    const absent = {
      name: 'NotFoundException',
      message: `No ${kind} present with name: ${resource.split('/')[1]}-absent`,
    };
    const nowhere = `${ResourceArn}-absent`;
    await assert.rejects(ses.send(new TagResourceCommand({ ResourceArn: nowhere, Tags })), absent);
    await assert.rejects(ses.send(new UntagResourceCommand({ ResourceArn: nowhere, TagKeys: ['team'] })), absent);
    await assert.rejects(shown(nowhere), absent);
  });
}

test('an identity shows its tags', async () => {
  const ResourceArn = arnOf('identity/tagged.example');
  const { Tags: ofIdentity } = await ses.send(new GetEmailIdentityCommand({ EmailIdentity: 'tagged.example' }));
  assert.deepEqual(ofIdentity, await shown(ResourceArn));
});

test('what cannot be is refused', async () => {
  const ResourceArn = arnOf('identity/tagged.example');
  const refused = (over: object, message: string | RegExp) =>
    assert.rejects(ses.send(new TagResourceCommand({ ResourceArn, Tags, ...over })), {
      name: 'BadRequestException',
      message,
    });
  await refused(
    { Tags: [] },
    "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1",
  );
  await refused({ Tags: [{ Key: 'aws:x', Value: '' }] }, 'Invalid tag key <aws:x>.');
  await refused({ Tags: Array.from({ length: 51 }, (_, n) => ({ Key: `k${n}`, Value: '' })) }, /50/);
  await refused({ ResourceArn: ResourceArn.replace('us-east-1', 'eu-west-1') }, 'Failed to tag resource');
  await refused({ ResourceArn: ResourceArn.replace('identity/', 'nothing/') }, /Invalid resource ARN/);
  await refused({ ResourceArn: 'tagged.example' }, /./);
  const elsewhere = new UntagResourceCommand({
    ResourceArn: ResourceArn.replace('us-east-1', 'eu-west-1'),
    TagKeys: ['team'],
  });
  await assert.rejects(ses.send(elsewhere), { name: 'BadRequestException', message: 'Failed to untag resource' });
  const many = Array.from({ length: 50 }, (_, n) => ({ Key: `k${n}`, Value: '' }));
  await assert.rejects(
    ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'many.example', Tags: [...many, ...Tags] })),
    {
      name: 'BadRequestException',
    },
  );
});
