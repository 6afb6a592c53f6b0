import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { generation } from '../../src/storage/generations.ts';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { ZoneServer } from '../world/zones.ts';

// A domain is proved by what its zone shows, and lost when the zone shows it no more; the clock does the waiting.
let zones: ZoneServer;
let sink: Sink & { port: number };
let sesame: SesameUnderTest;
let one: v1.SESClient;
let two: v2.SESv2Client;

before(async () => {
  sink = await Sink.start();
  zones = await ZoneServer.start({ 'world.example': { A: ['127.0.0.1'] } });
  sesame = await SesameUnderTest.start({
    SESAME_VERIFY: 'real',
    SESAME_DOMAIN: 'sesame.example',
    SESAME_DELIVERY: 'direct',
    SESAME_DNS: zones.address,
    SESAME_MX_PORT: String(sink.port),
  });
  one = new v1.SESClient(sesame.client);
  two = new v2.SESv2Client(sesame.client);
});
after(async () => {
  one?.destroy();
  two?.destroy();
  await sesame?.stop();
  await sink?.close();
  zones?.close();
});

async function status(name: string): Promise<string | undefined> {
  const asked = new v1.GetIdentityVerificationAttributesCommand({ Identities: [name] });
  return (await one.send(asked)).VerificationAttributes?.[name]?.VerificationStatus;
}

async function dkim(name: string) {
  return (await two.send(new v2.GetEmailIdentityCommand({ EmailIdentity: name }))).DkimAttributes!;
}

/** What the zone's owner does who was given tokens. */
function publish(domain: string, tokens: readonly string[] = [], hostedZone = 'dkim.sesame.example'): void {
  for (const token of tokens) zones.zones[`${token}._domainkey.${domain}`] = { CNAME: `${token}.${hostedZone}` };
}

function withdraw(domain: string): void {
  for (const name of Object.keys(zones.zones)) if (name.endsWith(domain)) delete zones.zones[name];
}

const send = (from: string, identity?: string) =>
  two.send(
    new v2.SendEmailCommand({
      FromEmailAddress: from,
      FromEmailAddressIdentityArn: identity && `arn:aws:ses:us-east-1:000000000000:identity/${identity}`,
      Destination: { ToAddresses: ['you@world.example'] },
      Content: { Simple: { Subject: { Data: 'Hello' }, Body: { Text: { Data: 'Hello' } } } },
    }),
  );

describe('by a TXT record (v1)', () => {
  const Domain = 'text.example';
  let VerificationToken: string | undefined;

  test('it is pending, and may not send, until the zone shows the token', async () => {
    ({ VerificationToken } = await one.send(new v1.VerifyDomainIdentityCommand({ Domain })));
    assert.equal(VerificationToken?.length, 44);
    await sesame.advance('0s');
    assert.equal(await status(Domain), 'Pending');
    const refused = await refusal(send(`ann@${Domain}`), v2.MessageRejected);
    assert.match(refused.message, /^Email address is not verified\..* US-EAST-1: ann@text\.example$/);

    zones.zones[`_amazonses.${Domain}`] = { TXT: ['of another account', VerificationToken!] };
    await sesame.advance('1m');
    assert.equal(await status(Domain), 'Success');
    await send(`ann@${Domain}`);
    await send(`ann@deep.below.${Domain}`);
  });

  test('the same token each time', async () => {
    const again = await one.send(new v1.VerifyDomainIdentityCommand({ Domain: Domain.toUpperCase() }));
    assert.equal(again.VerificationToken, VerificationToken);
    assert.equal(await status(Domain), 'Success');
  });

  test('looked at every hour; what senders were answered is kept as long as nothing new is seen', async () => {
    const seen = async () => {
      const { VerificationInfo } = await two.send(new v2.GetEmailIdentityCommand({ EmailIdentity: Domain }));
      const scope = { account: '000000000000', region: 'us-east-1' };
      return {
        at: VerificationInfo!.LastCheckedTimestamp!.getTime(),
        generation: await generation(sesame.app.store.rows, scope),
      };
    };
    const before = await seen();
    await sesame.advance('1h');
    const after = await seen();
    assert.ok(after.at > before.at);
    assert.equal(after.generation, before.generation);
  });

  test('withdrawn it is borne with for 72 hours, in which it may come back', async () => {
    withdraw(Domain);
    await sesame.advance('1h');
    assert.equal(await status(Domain), 'TemporaryFailure');
    await send(`ann@${Domain}`);
    await send(`ann@${Domain}`, Domain);
    await sesame.advance('71h');
    assert.equal(await status(Domain), 'TemporaryFailure');
    // A provider that takes no underscore: at the domain itself, marked.
    zones.zones[Domain] = { TXT: ['v=spf1 -all', `amazonses:${VerificationToken}`] };
    await sesame.advance('1h');
    assert.equal(await status(Domain), 'Success');
  });

  test('then it fails, and does not send any more', async () => {
    withdraw(Domain);
    await sesame.advance('1h');
    assert.equal(await status(Domain), 'TemporaryFailure');
    await sesame.advance('72h');
    assert.equal(await status(Domain), 'Failed');
    await refusal(send(`ann@${Domain}`), v2.MessageRejected);
    // Nobody looks any more until somebody asks.
    zones.zones[`_amazonses.${Domain}`] = { TXT: [VerificationToken!] };
    await sesame.advance('24h');
    assert.equal(await status(Domain), 'Failed');
    await one.send(new v1.VerifyDomainIdentityCommand({ Domain }));
    await sesame.advance('0s');
    assert.equal(await status(Domain), 'Success');
  });
});

test('a domain that never shows anything fails after 72 hours', async () => {
  await one.send(new v1.VerifyDomainIdentityCommand({ Domain: 'never.example' }));
  await sesame.advance('71h');
  assert.equal(await status('never.example'), 'Pending');
  await sesame.advance('1h');
  assert.equal(await status('never.example'), 'Failed');
});

test('a server that fails is no "not found": nothing is lost by it', async () => {
  const Domain = 'silent.example';
  const { VerificationToken } = await one.send(new v1.VerifyDomainIdentityCommand({ Domain }));
  const name = `_amazonses.${Domain}`;
  zones.broken.add(name);
  await sesame.advance('0s');
  assert.equal(await status(Domain), 'TemporaryFailure');
  await refusal(send(`ann@${Domain}`), v2.MessageRejected);
  zones.broken.delete(name);
  zones.zones[name] = { TXT: [VerificationToken!] };
  await sesame.advance('1m');
  assert.equal(await status(Domain), 'Success');

  zones.broken.add(name);
  await sesame.advance('100h');
  assert.equal(await status(Domain), 'TemporaryFailure');
  await send(`ann@${Domain}`);
  const { VerificationInfo } = await two.send(new v2.GetEmailIdentityCommand({ EmailIdentity: Domain }));
  assert.equal(VerificationInfo?.ErrorType, 'DNS_SERVER_ERROR');
  zones.broken.delete(name);
  await sesame.advance('1h');
  assert.equal(await status(Domain), 'Success');
});

describe('by DKIM alone (v2)', () => {
  const EmailIdentity = 'keys.example';

  test('the three aliases prove it, no text is needed', async () => {
    const made = await two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity }));
    assert.deepEqual(
      [made.VerifiedForSendingStatus, made.DkimAttributes?.Status, made.DkimAttributes?.SigningEnabled],
      [false, 'NOT_STARTED', true],
    );
    assert.equal(made.DkimAttributes?.SigningHostedZone, 'dkim.sesame.example');
    await sesame.advance('0s');
    assert.equal((await dkim(EmailIdentity)).Status, 'PENDING');
    zones.zones[EmailIdentity] = { SOA: ['ns.keys.example', 'admin.keys.example'] };
    publish(EmailIdentity, made.DkimAttributes?.Tokens?.slice(0, 2));
    await sesame.advance('1h');
    assert.equal((await dkim(EmailIdentity)).Status, 'PENDING');
    publish(EmailIdentity, made.DkimAttributes?.Tokens);
    await sesame.advance('1h');
    const found = await two.send(new v2.GetEmailIdentityCommand({ EmailIdentity }));
    assert.deepEqual(
      [found.VerifiedForSendingStatus, found.VerificationStatus, found.DkimAttributes?.Status],
      [true, 'SUCCESS', 'SUCCESS'],
    );
    assert.deepEqual(found.VerificationInfo?.SOARecord, {
      PrimaryNameServer: 'ns.keys.example',
      AdminEmail: 'admin.keys.example',
      SerialNumber: 2026112401,
    });
    assert.ok(found.VerificationInfo?.LastSuccessTimestamp && found.VerificationInfo.LastCheckedTimestamp);
  });

  test('an address of it is verified with it, and one below it', async () => {
    const { results } = Object.fromEntries([
      ['results', await Promise.all([send('bo@keys.example'), send('bo@a.b.keys.example')])],
    ]);
    assert.equal(results?.length, 2);
  });

  test('withdrawn: 72 hours, then Failed; the domain with it', async () => {
    withdraw(EmailIdentity);
    await sesame.advance('1h');
    assert.equal((await dkim(EmailIdentity)).Status, 'TEMPORARY_FAILURE');
    await sesame.advance('72h');
    assert.equal((await dkim(EmailIdentity)).Status, 'FAILED');
    assert.equal(await status(EmailIdentity), 'Failed');
    // Asked for again, the same tokens.
    const { DkimTokens } = await one.send(new v1.VerifyDomainDkimCommand({ Domain: EmailIdentity }));
    assert.deepEqual(DkimTokens, (await dkim(EmailIdentity)).Tokens);
    publish(EmailIdentity, DkimTokens);
    await sesame.advance('1m');
    assert.equal((await dkim(EmailIdentity)).Status, 'SUCCESS');
    assert.equal(await status(EmailIdentity), 'Success');
  });
});

describe('a custom MAIL FROM domain', () => {
  const Identity = 'keys.example';
  const MailFromDomain = 'bounce.keys.example';

  const mailFrom = async () => {
    const asked = new v1.GetIdentityMailFromDomainAttributesCommand({ Identities: [Identity] });
    return (await one.send(asked)).MailFromDomainAttributes?.[Identity];
  };
  const set = (BehaviorOnMXFailure: v1.BehaviorOnMXFailure) =>
    one.send(new v1.SetIdentityMailFromDomainCommand({ Identity, MailFromDomain, BehaviorOnMXFailure }));
  const envelopeSender = async () => {
    const count = sink.caught.length;
    const { MessageId } = await send(`ann@${Identity}`);
    return (await sink.mail(count + 1)).from.replace(MessageId!, 'id');
  };

  test('until its MX is there, mail goes out under our own name, or not at all', async () => {
    await set('UseDefaultValue');
    await sesame.advance('0s');
    assert.deepEqual(await mailFrom(), {
      MailFromDomain,
      MailFromDomainStatus: 'Pending',
      BehaviorOnMXFailure: 'UseDefaultValue',
    });
    assert.equal(await envelopeSender(), 'id@us-east-1.sesame.example');
    await set('RejectMessage');
    await refusal(send(`ann@${Identity}`), v2.MailFromDomainNotVerifiedException);
  });

  test('it wants one MX, and that one ours', async () => {
    const ours: [number, string] = [10, 'feedback-smtp.us-east-1.sesame.example'];
    zones.zones[MailFromDomain] = { MX: [ours, [20, 'mx.elsewhere.example']] };
    await sesame.advance('1h');
    assert.equal((await mailFrom())?.MailFromDomainStatus, 'Pending');
    zones.zones[MailFromDomain] = { MX: [ours], TXT: ['v=spf1 include:sesame.example ~all'] };
    await sesame.advance('1h');
    assert.equal((await mailFrom())?.MailFromDomainStatus, 'Success');
    assert.equal(await envelopeSender(), `id@${MailFromDomain}`);
  });

  test('lost, it is at once as if it had never been; 72 hours later it has failed', async () => {
    delete zones.zones[MailFromDomain];
    await sesame.advance('1h');
    assert.equal((await mailFrom())?.MailFromDomainStatus, 'TemporaryFailure');
    await refusal(send(`ann@${Identity}`), v2.MailFromDomainNotVerifiedException);
    await sesame.advance('72h');
    assert.equal((await mailFrom())?.MailFromDomainStatus, 'Failed');
    await set('UseDefaultValue');
    await sesame.advance('0s');
    assert.equal((await mailFrom())?.MailFromDomainStatus, 'Pending');
    assert.equal(await envelopeSender(), 'id@us-east-1.sesame.example');
  });

  test('taken away', async () => {
    await one.send(new v1.SetIdentityMailFromDomainCommand({ Identity }));
    assert.deepEqual(await mailFrom(), { BehaviorOnMXFailure: 'UseDefaultValue' });
  });
});
