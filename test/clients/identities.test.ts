import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { insertIdentity } from '../../src/core/identities/table.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { ZoneServer } from '../world/zones.ts';

// What is said of identities while they wait for their proof, and what the domains above them give them.
const scope = { account: '000000000000', region: 'us-east-1' };
let zones: ZoneServer;
let sesame: SesameUnderTest;
let one: v1.SESClient;
let two: v2.SESv2Client;

before(async () => {
  zones = await ZoneServer.start({});
  sesame = await SesameUnderTest.start({ SESAME_VERIFY: 'real', SESAME_DNS: zones.address });
  one = new v1.SESClient(sesame.client);
  two = new v2.SESv2Client(sesame.client);
  const { VerificationToken } = await one.send(new v1.VerifyDomainIdentityCommand({ Domain: 'proved.example' }));
  zones.zones['_amazonses.proved.example'] = { TXT: [VerificationToken!] };
  await sesame.advance('1m');
});
after(async () => {
  one?.destroy();
  two?.destroy();
  await sesame?.stop();
  zones?.close();
});

const create = (EmailIdentity: string, more: Partial<v2.CreateEmailIdentityCommandInput> = {}) =>
  two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity, ...more }));

async function shown(EmailIdentity: string) {
  const { $metadata, ...reply } = await two.send(new v2.GetEmailIdentityCommand({ EmailIdentity }));
  return reply;
}

test('an address that waits: the whole reply', async () => {
  const { $metadata, ...created } = await create('ann@waits.example');
  const { DkimAttributes } = created;
  assert.deepEqual(created, { IdentityType: 'EMAIL_ADDRESS', VerifiedForSendingStatus: false, DkimAttributes });
  assert.deepEqual(
    [DkimAttributes?.SigningEnabled, DkimAttributes?.Status, DkimAttributes?.SigningAttributesOrigin],
    [false, 'NOT_STARTED', 'AWS_SES'],
  );
  assert.deepEqual(await shown('ann@waits.example'), {
    IdentityType: 'EMAIL_ADDRESS',
    FeedbackForwardingStatus: true,
    VerifiedForSendingStatus: false,
    DkimAttributes,
    MailFromAttributes: { BehaviorOnMxFailure: 'USE_DEFAULT_VALUE' },
    Policies: {},
    Tags: [],
    VerificationStatus: 'PENDING',
  });
});

test('an address, and a domain, below a proved domain may be sent from at once', async () => {
  for (const name of ['ann@proved.example', 'ann@deep.below.proved.example', 'sub.proved.example']) {
    assert.equal((await create(name)).VerifiedForSendingStatus, true, name);
    const { VerifiedForSendingStatus, VerificationStatus } = await shown(name);
    assert.deepEqual([VerifiedForSendingStatus, VerificationStatus], [true, 'PENDING'], name);
  }
  for (const name of ['ann@notproved.example', 'improved.example']) {
    assert.equal((await create(name)).VerifiedForSendingStatus, false, name);
  }
  const { EmailIdentities } = await two.send(new v2.ListEmailIdentitiesCommand({ PageSize: 1_000 }));
  const sendable = EmailIdentities!
    .filter((identity) => identity.SendingEnabled)
    .map(({ IdentityName }) => IdentityName);
  assert.deepEqual(sendable, [
    'ann@deep.below.proved.example',
    'ann@proved.example',
    'proved.example',
    'sub.proved.example',
  ]);
  // What is set on the address itself counts once the address is proved, not before.
  await two.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName: 'of-the-address' }));
  await two.send(
    new v2.PutEmailIdentityConfigurationSetAttributesCommand({
      EmailIdentity: 'ann@proved.example',
      ConfigurationSetName: 'of-the-address',
    }),
  );
  const covering = await sesame.app.rooms.identities.covering(scope, 'ann@proved.example');
  assert.equal(covering?.name, 'proved.example');
});

test('checks at creation: the name, the tags, the configuration set; nothing is left of the refused', async () => {
  await create('there.example');
  const wrong = { Tags: [{ Key: 'aws:x', Value: '' }], ConfigurationSetName: 'absent' };
  await assert.rejects(create('there.example', wrong), {
    name: 'AlreadyExistsException',
    message: 'Email identity there.example already exist.',
  });
  await assert.rejects(create('new.example', wrong), {
    name: 'BadRequestException',
    message: 'Invalid tag key <aws:x>.',
  });
  const { ConfigurationSetName } = wrong;
  await assert.rejects(create('new.example', { ConfigurationSetName }), { name: 'NotFoundException' });
  await assert.rejects(shown('new.example'), {
    name: 'NotFoundException',
    message: 'Email identity new.example does not exist.',
  });
  const Tags = [{ Key: 'team', Value: 'red' }];
  await two.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName: 'there' }));
  await create('new.example', { Tags, ConfigurationSetName: 'there' });
  const reply = await shown('new.example');
  assert.deepEqual([reply.Tags, reply.ConfigurationSetName], [Tags, 'there']);
});

test('attributes are told by the name that was asked for, for 100 at a time', async () => {
  await create('Case@Mixed.example');
  const ask = (Identities: string[]) => one.send(new v1.GetIdentityVerificationAttributesCommand({ Identities }));
  const asked = ['Case@MIXED.example', 'PROVED.example', 'case@mixed.example', 'absent.example'];
  const { VerificationAttributes } = await ask(asked);
  assert.deepEqual(Object.keys(VerificationAttributes!), asked.slice(0, 2));
  assert.equal(VerificationAttributes!['PROVED.example']?.VerificationStatus, 'Success');
  assert.deepEqual((await ask([])).VerificationAttributes ?? {}, {});
  const many = Array.from({ length: 101 }, (_, n) => `n${n}.example`);
  assert.deepEqual((await ask(many.slice(1))).VerificationAttributes ?? {}, {});
  await assert.rejects(ask(many), { name: 'InvalidParameterValue' });
  await assert.rejects(one.send(new v1.GetIdentityNotificationAttributesCommand({ Identities: many })), {
    name: 'InvalidParameterValue',
  });
});

test('what is deleted: v1 misses nothing, v2 does; an address operation takes no domain', async () => {
  await create('brief.example');
  await one.send(new v1.DeleteVerifiedEmailAddressCommand({ EmailAddress: 'brief.example' }));
  assert.equal((await shown('brief.example')).IdentityType, 'DOMAIN');
  for (let time = 0; time < 2; time++) {
    await one.send(new v1.DeleteIdentityCommand({ Identity: 'Brief.example' }));
    await one.send(new v1.DeleteVerifiedEmailAddressCommand({ EmailAddress: 'absent@brief.example' }));
  }
  await assert.rejects(two.send(new v2.DeleteEmailIdentityCommand({ EmailIdentity: 'brief.example' })), {
    name: 'NotFoundException',
    message: 'Email identity brief.example does not exist.',
  });
});

test('10,000 identities a region, addresses and domains together; the older list shows all that are verified', async (t) => {
  const many = await SesameUnderTest.start();
  t.after(() => many.stop());
  const client = new v1.SESClient(many.client);
  const names = Array.from({ length: 10_000 }, (_, n) => `n${n}@many.example`);
  const row = {
    ...scope,
    type: 'address',
    status: 'success',
    document: '{"tags":[]}',
    due: null,
    mail_from: null,
  } as const;
  const batch = names.map((name) => insertIdentity({ ...row, name, version: 1, created: 0 }));
  await many.app.store.rows.write(batch, 'durable');
  const verify = (EmailAddress: string) => client.send(new v1.VerifyEmailIdentityCommand({ EmailAddress }));
  await assert.rejects(verify('one-more@many.example'), { name: 'LimitExceededException' });
  await assert.rejects(client.send(new v1.VerifyDomainIdentityCommand({ Domain: 'more.example' })), {
    name: 'LimitExceededException',
  });
  const later = new v2.SESv2Client(many.client);
  await assert.rejects(later.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'more.example' })), {
    name: 'LimitExceededException',
  });
  await assert.rejects(later.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: names[7] })), {
    name: 'AlreadyExistsException',
  });
  await verify(names[7]!);
  const { VerifiedEmailAddresses } = await client.send(new v1.ListVerifiedEmailAddressesCommand({}));
  assert.equal(VerifiedEmailAddresses?.length, 10_000);
  const { Identities, NextToken } = await client.send(new v1.ListIdentitiesCommand({}));
  assert.equal(Identities?.length, 1_000);
  assert.ok(NextToken);
  client.destroy();
  later.destroy();
});
