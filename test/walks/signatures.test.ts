import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { DAY } from '../../src/base/clock.ts';
import { opendkim } from '../world/opendkim.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { needs } from '../world/tools.ts';
import { ZoneServer } from '../world/zones.ts';

// What leaves is signed by its author's domain and by our own, with keys that anybody can look up in the zone that we serve.
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
    SESAME_DNS_LISTEN: '127.0.0.1:0',
    SESAME_MX_PORT: String(sink.port),
  });
  zones.delegated.set('sesame.example', sesame.port('dns'));
  one = new v1.SESClient(sesame.client);
  two = new v2.SESv2Client(sesame.client);
  // The own key is looked for again.
  await sesame.advance('1m');
});
after(async () => {
  one?.destroy();
  two?.destroy();
  await sesame?.stop();
  await sink?.close();
  zones?.close();
});

const create = (EmailIdentity: string, DkimSigningAttributes?: v2.DkimSigningAttributes) =>
  two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity, DkimSigningAttributes }));

async function easy(domain: string, NextSigningKeyLength?: v2.DkimSigningKeyLength): Promise<void> {
  const { DkimAttributes } = await create(domain, NextSigningKeyLength && { NextSigningKeyLength });
  for (const token of DkimAttributes!.Tokens!) {
    zones.zones[`${token}._domainkey.${domain}`] = { CNAME: `${token}.${DkimAttributes!.SigningHostedZone}` };
  }
  await sesame.advance('1m');
}

async function sent(from: string): Promise<string> {
  const count = sink.caught.length;
  await two.send(
    new v2.SendEmailCommand({
      FromEmailAddress: from,
      Destination: { ToAddresses: ['you@world.example'] },
      Content: {
        Simple: {
          Subject: { Data: 'Héllo', Charset: 'UTF-8' },
          Body: { Text: { Data: 'Grüße\r\n', Charset: 'UTF-8' } },
        },
      },
    }),
  );
  return (await sink.mail(count + 1)).content;
}

/** Keys come from the world's DNS, whatever it follows. */
async function mailauth(content: string) {
  const resolver = new (await import('node:dns')).promises.Resolver();
  resolver.setServers([zones.address]);
  const { results } = await dkimVerify(Buffer.from(content, 'latin1'), {
    resolver: (name: string) => resolver.resolveTxt(name),
  });
  return results.map(({ status, signingDomain, publicKey, modulusLength }: any) => ({
    result: status.result,
    domain: signingDomain,
    bits: modulusLength,
    publicKey,
  }));
}

const passes = async (content: string) => (await mailauth(content)).map(({ result, domain }) => `${result} ${domain}`);

describe('the author and we', () => {
  test('Easy DKIM: both signatures verify', async () => {
    await easy('easy.example');
    const content = await sent('ann@easy.example');
    assert.deepEqual(await passes(content), ['pass easy.example', 'pass sesame.example']);
    const [first, second] = content.match(/^DKIM-Signature:[^;]*;(?:.|\r\n[ \t])*/gm) ?? [];
    assert.doesNotMatch(first!, /Feedback-ID/);
    assert.match(second!, /h=\S*:Feedback-ID;/);
    assert.match(content, /\r\nFeedback-ID: 1\.us-east-1\.[A-Za-z0-9+/=]{44}:Sesame\r\n/);
  });

  test('1024 bits, if that is wished for', async () => {
    await easy('short.example', 'RSA_1024_BIT');
    const [author] = await mailauth(await sent('ann@short.example'));
    assert.deepEqual([author?.result, author?.bits], ['pass', 1024]);
  });

  test("BYODKIM: the customer's key, which is in the customer's zone", async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs1', format: 'der' },
    });
    const made = await create('own.example', {
      DomainSigningSelector: 'mine',
      DomainSigningPrivateKey: privateKey.toString('base64'),
    });
    assert.equal(made.DkimAttributes?.Status, 'NOT_STARTED');
    zones.zones['mine._domainkey.own.example'] = { TXT: [`p=${publicKey.toString('base64').slice(0, -8)}AAAAAAAA`] };
    await sesame.advance('1m');
    const { DkimAttributes } = await two.send(new v2.GetEmailIdentityCommand({ EmailIdentity: 'own.example' }));
    assert.equal(DkimAttributes?.Status, 'PENDING');
    zones.zones['mine._domainkey.own.example'] = { TXT: [`p=${publicKey.toString('base64')}`] };
    await sesame.advance('2m');
    assert.deepEqual(await passes(await sent('ann@own.example')), ['pass own.example', 'pass sesame.example']);
  });

  test('OpenDKIM says so too', needs('opendkim'), async () => {
    for (const domain of ['easy.example', 'own.example']) {
      const content = await sent(`ann@${domain}`);
      assert.deepEqual(await opendkim(content, zones.address), [`pass ${domain}`, 'pass sesame.example']);
      const [first] = await opendkim(content.replace('Subject: ', 'Subject: Re: '), zones.address);
      assert.equal(first, `fail ${domain}`);
    }
  });

  test('what was changed on the way verifies nowhere', async () => {
    const content = (await sent('ann@easy.example')).replace('Subject: ', 'Subject: Re: ');
    assert.deepEqual(await passes(content), ['fail easy.example', 'fail sesame.example']);
  });
});

describe('who wants to be signed', () => {
  const signing = (Identity: string, DkimEnabled: boolean) =>
    one.send(new v1.SetIdentityDkimEnabledCommand({ Identity, DkimEnabled }));

  test('a sub-domain and an address are signed by the domain above', async () => {
    assert.deepEqual(await passes(await sent('ann@deep.below.easy.example')), [
      'pass easy.example',
      'pass sesame.example',
    ]);
  });

  test('a sub-domain that does not want to be signed is not signed by the domain above', async () => {
    await one.send(new v1.VerifyDomainIdentityCommand({ Domain: 'sub.easy.example' }));
    const { VerificationToken } = await one.send(new v1.VerifyDomainIdentityCommand({ Domain: 'sub.easy.example' }));
    zones.zones['_amazonses.sub.easy.example'] = { TXT: [VerificationToken!] };
    await sesame.advance('1m');
    assert.deepEqual(await passes(await sent('ann@sub.easy.example')), ['pass easy.example', 'pass sesame.example']);
    await signing('sub.easy.example', false);
    assert.deepEqual(await passes(await sent('ann@sub.easy.example')), ['pass sesame.example']);
    assert.deepEqual(await passes(await sent('ann@easy.example')), ['pass easy.example', 'pass sesame.example']);
  });

  test('nor is a domain that was told not to be', async () => {
    await signing('own.example', false);
    assert.deepEqual(await passes(await sent('ann@own.example')), ['pass sesame.example']);
    await signing('own.example', true);
    assert.deepEqual(await passes(await sent('ann@own.example')), ['pass own.example', 'pass sesame.example']);
  });
});

describe('keys change without the customer', () => {
  const attributes = async () =>
    (await two.send(new v2.GetEmailIdentityCommand({ EmailIdentity: 'easy.example' }))).DkimAttributes!;
  const change = (NextSigningKeyLength: v2.DkimSigningKeyLength) =>
    two.send(
      new v2.PutEmailIdentityDkimSigningAttributesCommand({
        EmailIdentity: 'easy.example',
        SigningAttributesOrigin: 'AWS_SES',
        SigningAttributes: { NextSigningKeyLength },
      }),
    );
  const selectorOf = (content: string) => /\ts=([a-z2-7]+); d=easy\.example/.exec(content)?.[1];

  test('another length takes over when nobody can have the old key any more, and the old mail still verifies', async () => {
    const before = await sent('ann@easy.example');
    await change('RSA_1024_BIT');
    const { Tokens, CurrentSigningKeyLength, NextSigningKeyLength } = await attributes();
    assert.deepEqual([CurrentSigningKeyLength, NextSigningKeyLength], ['RSA_2048_BIT', 'RSA_1024_BIT']);
    assert.equal(selectorOf(await sent('ann@easy.example')), selectorOf(before));
    await sesame.advance('3h');
    assert.equal((await attributes()).CurrentSigningKeyLength, 'RSA_1024_BIT');
    assert.deepEqual((await attributes()).Tokens, Tokens);
    const after = await sent('ann@easy.example');
    assert.notEqual(selectorOf(after), selectorOf(before));
    assert.deepEqual(await passes(after), ['pass easy.example', 'pass sesame.example']);
    assert.deepEqual(await passes(before), ['pass easy.example', 'pass sesame.example']);
  });

  test('but not while the world cannot look the next one up', async () => {
    const before = selectorOf(await sent('ann@easy.example'));
    const { Tokens = [] } = await attributes();
    const next = Tokens[(Tokens.indexOf(before!) + 1) % 3]!;
    zones.broken.add(`${next}.dkim.sesame.example`);
    await sesame.advance('24h');
    await change('RSA_2048_BIT');
    await sesame.advance('5h');
    assert.equal(selectorOf(await sent('ann@easy.example')), before);
    zones.broken.delete(`${next}.dkim.sesame.example`);
    await sesame.advance('1h');
    const content = await sent('ann@easy.example');
    assert.equal(selectorOf(content), next);
    assert.deepEqual(await passes(content), ['pass easy.example', 'pass sesame.example']);
  });

  test('half a year later the next key signs, though nobody did anything', async () => {
    const before = await sent('ann@easy.example');
    const { Tokens = [], LastKeyGenerationTimestamp: made } = await attributes();
    // A machine that slept all the time: else a domain that is proved is looked at every hour.
    const sleep = (days: number) => {
      sesame.app.clock.offset += days * DAY;
      return sesame.advance('0s');
    };
    await sleep(179);
    assert.equal(selectorOf(await sent('ann@easy.example')), selectorOf(before));
    await sleep(1);
    const after = await sent('ann@easy.example');
    assert.equal(selectorOf(after), Tokens[(Tokens.indexOf(selectorOf(before)!) + 1) % 3]);
    assert.deepEqual((await attributes()).Tokens, Tokens);
    assert.ok((await attributes()).LastKeyGenerationTimestamp! > made!);
    assert.deepEqual(await passes(after), ['pass easy.example', 'pass sesame.example']);
    assert.deepEqual(await passes(before), ['pass easy.example', 'pass sesame.example']);
  });
});
