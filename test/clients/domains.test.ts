import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// DKIM and MAIL FROM of identities: one state, whichever version of the API sets or shows it.
let sesame: SesameUnderTest;
let one: v1.SESClient;
let two: v2.SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start();
  one = new v1.SESClient(sesame.client);
  two = new v2.SESv2Client(sesame.client);
});
after(async () => {
  one?.destroy();
  two?.destroy();
  await sesame?.stop();
});

const create = (EmailIdentity: string, DkimSigningAttributes?: v2.DkimSigningAttributes) =>
  two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity, DkimSigningAttributes }));
const shown = (EmailIdentity: string) => two.send(new v2.GetEmailIdentityCommand({ EmailIdentity }));
const sign = (
  EmailIdentity: string,
  SigningAttributesOrigin: v2.DkimSigningAttributesOrigin,
  SigningAttributes?: v2.DkimSigningAttributes,
) =>
  two.send(
    new v2.PutEmailIdentityDkimSigningAttributesCommand({ EmailIdentity, SigningAttributesOrigin, SigningAttributes }),
  );
const rsa = (bits: number, type: 'pkcs1' | 'pkcs8' = 'pkcs8') =>
  generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type, format: 'der' },
  }).privateKey.toString('base64');
const invalid = { name: 'InvalidParameterValue' };

describe('Easy DKIM', () => {
  test('2048 bits unless something else is wished for', async () => {
    const { DkimAttributes } = await create('long.example');
    assert.deepEqual(
      [
        DkimAttributes?.CurrentSigningKeyLength,
        DkimAttributes?.NextSigningKeyLength,
        DkimAttributes?.SigningHostedZone,
      ],
      ['RSA_2048_BIT', 'RSA_2048_BIT', 'dkim.amazonses.com'],
    );
    const short = await create('short.example', { NextSigningKeyLength: 'RSA_1024_BIT' });
    assert.equal(short.DkimAttributes?.CurrentSigningKeyLength, 'RSA_1024_BIT');
    for (const token of short.DkimAttributes?.Tokens ?? []) assert.match(token, /^[a-z2-7]{32}$/);
  });

  test('the length changes once in 24 hours, and once more to 1024', async () => {
    const length = (NextSigningKeyLength: v2.DkimSigningKeyLength) =>
      sign('long.example', 'AWS_SES', { NextSigningKeyLength });
    const before = (await shown('long.example')).DkimAttributes!;
    const { DkimStatus, DkimTokens } = await length('RSA_1024_BIT');
    assert.deepEqual([DkimStatus, DkimTokens], ['SUCCESS', before.Tokens]);
    assert.equal((await shown('long.example')).DkimAttributes?.CurrentSigningKeyLength, 'RSA_1024_BIT');
    await refusal(length('RSA_2048_BIT'), v2.BadRequestException);
    await sesame.advance('24h');
    await length('RSA_2048_BIT');
    await length('RSA_1024_BIT');
    await refusal(length('RSA_2048_BIT'), v2.BadRequestException);
  });

  test('VerifyDomainDkim answers the same tokens each time, and those that v2 made', async () => {
    const { DkimTokens } = await one.send(new v1.VerifyDomainDkimCommand({ Domain: 'long.example' }));
    assert.deepEqual(DkimTokens, (await shown('long.example')).DkimAttributes?.Tokens);
    const anew = await one.send(new v1.VerifyDomainDkimCommand({ Domain: 'first.example' }));
    assert.equal(anew.DkimTokens?.length, 3);
    const again = await one.send(new v1.VerifyDomainDkimCommand({ Domain: 'First.Example' }));
    assert.deepEqual(again.DkimTokens, anew.DkimTokens);
  });
});

describe('a key of the customer', () => {
  const own = (DomainSigningPrivateKey: string, DomainSigningSelector = 'sel') => ({
    DomainSigningSelector,
    DomainSigningPrivateKey,
  });

  test('takes the place of Easy DKIM, and the other way round; the key is never shown', async () => {
    await create('own.example');
    const key = rsa(1024, 'pkcs1');
    const { DkimStatus, DkimTokens, SigningHostedZone } = await sign('own.example', 'EXTERNAL', own(key));
    assert.deepEqual([DkimStatus, DkimTokens, SigningHostedZone], ['SUCCESS', ['sel'], undefined]);
    const found = await shown('own.example');
    assert.deepEqual(found.DkimAttributes, {
      SigningEnabled: true,
      Status: 'SUCCESS',
      Tokens: ['sel'],
      SigningAttributesOrigin: 'EXTERNAL',
    });
    assert.ok(!JSON.stringify(found).includes(key.slice(40, 80)));
    const back = await sign('own.example', 'AWS_SES');
    assert.equal(back.DkimTokens?.length, 3);
    assert.equal((await shown('own.example')).DkimAttributes?.SigningAttributesOrigin, 'AWS_SES');
  });

  const refused: [string, v2.DkimSigningAttributesOrigin, v2.DkimSigningAttributes][] = [
    ['a short key', 'EXTERNAL', own(rsa(512))],
    ['a long key', 'EXTERNAL', own(rsa(3072))],
    ['no key at all', 'EXTERNAL', own('AAAA')],
    ['a selector that ends in a dash', 'EXTERNAL', own(rsa(1024), 'sel-')],
    ['a selector without a key', 'EXTERNAL', { DomainSigningSelector: 'sel' }],
    ['nothing', 'EXTERNAL', {}],
    ['a key for Easy DKIM', 'AWS_SES', own(rsa(1024))],
  ];
  for (const [what, origin, attributes] of refused) {
    test(`${what} is refused`, async () => {
      await refusal(sign('own.example', origin, attributes), v2.BadRequestException);
    });
  }

  test('is for domains that are there', async () => {
    await refusal(sign('nowhere.example', 'AWS_SES'), v2.NotFoundException);
    const address = await refusal(sign('ann@own.example', 'AWS_SES'), v2.BadRequestException);
    assert.equal(address.message, 'The EmailIdentity value must be a valid domain.');
  });
});

describe('the wish to be signed', () => {
  const attributes = async (...Identities: string[]) =>
    (await one.send(new v1.GetIdentityDkimAttributesCommand({ Identities }))).DkimAttributes;

  test('is set and shown in both versions; an address shows that of its domain until it has one of its own', async () => {
    await create('wish.example');
    await create('ann@wish.example');
    const tokens = (await shown('wish.example')).DkimAttributes?.Tokens;
    const all = { DkimEnabled: true, DkimVerificationStatus: 'Success', DkimTokens: tokens };
    const asked = ['wish.example', 'ann@wish.example', 'bo@wish.example', 'bo@sub.wish.example', 'nowhere.example'];
    assert.deepEqual(await attributes(...asked), Object.fromEntries(asked.slice(0, 3).map((name) => [name, all])));

    await one.send(new v1.SetIdentityDkimEnabledCommand({ Identity: 'ann@wish.example', DkimEnabled: false }));
    assert.deepEqual((await attributes('ann@wish.example'))?.['ann@wish.example'], { ...all, DkimEnabled: false });
    assert.equal((await shown('ann@wish.example')).DkimAttributes?.SigningEnabled, false);
    assert.equal((await shown('wish.example')).DkimAttributes?.SigningEnabled, true);
    await two.send(
      new v2.PutEmailIdentityDkimAttributesCommand({ EmailIdentity: 'wish.example', SigningEnabled: false }),
    );
    assert.equal((await attributes('wish.example'))?.['wish.example']?.DkimEnabled, false);
    await one.send(new v1.SetIdentityDkimEnabledCommand({ Identity: 'wish.example', DkimEnabled: true }));
    assert.equal((await shown('wish.example')).DkimAttributes?.SigningEnabled, true);
  });

  test('is refused where nothing could sign', async () => {
    await one.send(new v1.VerifyDomainIdentityCommand({ Domain: 'bare.example' }));
    assert.deepEqual((await attributes('bare.example'))?.['bare.example'], {
      DkimEnabled: false,
      DkimVerificationStatus: 'NotStarted',
    });
    const enable = new v1.SetIdentityDkimEnabledCommand({ Identity: 'bare.example', DkimEnabled: true });
    await assert.rejects(one.send(enable), {
      ...invalid,
      message: 'Domain bare.example is not verified for DKIM signing.',
    });
    const put = new v2.PutEmailIdentityDkimAttributesCommand({
      EmailIdentity: 'nowhere.example',
      SigningEnabled: true,
    });
    assert.equal(
      (await refusal(two.send(put), v2.NotFoundException)).message,
      'Email identity nowhere.example does not exist.',
    );
  });
});

describe('MAIL FROM', () => {
  const setV1 = (Identity: string, MailFromDomain?: string) =>
    one.send(
      new v1.SetIdentityMailFromDomainCommand({ Identity, MailFromDomain, BehaviorOnMXFailure: 'RejectMessage' }),
    );
  const setV2 = (EmailIdentity: string, MailFromDomain?: string) =>
    two.send(new v2.PutEmailIdentityMailFromAttributesCommand({ EmailIdentity, MailFromDomain }));
  const attributes = async (...Identities: string[]) =>
    (await one.send(new v1.GetIdentityMailFromDomainAttributesCommand({ Identities }))).MailFromDomainAttributes;

  test('is set, shown and taken away in both versions', async () => {
    await create('from.example');
    await create('ann@from.example');
    assert.deepEqual((await shown('from.example')).MailFromAttributes, { BehaviorOnMxFailure: 'USE_DEFAULT_VALUE' });
    await setV1('from.example', 'Bounce.from.example');
    await setV2('ann@from.example', 'ann.from.example');
    assert.deepEqual(await attributes('from.example', 'ann@from.example', 'nowhere.example'), {
      'from.example': {
        MailFromDomain: 'bounce.from.example',
        MailFromDomainStatus: 'Success',
        BehaviorOnMXFailure: 'RejectMessage',
      },
      'ann@from.example': {
        MailFromDomain: 'ann.from.example',
        MailFromDomainStatus: 'Success',
        BehaviorOnMXFailure: 'UseDefaultValue',
      },
    });
    assert.deepEqual((await shown('from.example')).MailFromAttributes, {
      MailFromDomain: 'bounce.from.example',
      MailFromDomainStatus: 'SUCCESS',
      BehaviorOnMxFailure: 'REJECT_MESSAGE',
    });
    await setV2('from.example');
    assert.deepEqual((await attributes('from.example'))?.['from.example'], { BehaviorOnMXFailure: 'UseDefaultValue' });
  });

  test('is a domain beneath the identity', async () => {
    for (const domain of ['from.example', 'mail.elsewhere.example', 'notfrom.example', 'a..from.example']) {
      const message = `Provided MAIL-FROM domain <${domain}> or its parents are not verified for identity <from.example>.`;
      await assert.rejects(setV1('from.example', domain), { ...invalid, message });
      await refusal(setV2('from.example', domain), v2.BadRequestException);
    }
    await assert.rejects(setV1('nowhere.example', 'mail.nowhere.example'), {
      ...invalid,
      message: 'Identity <nowhere.example> does not exist.',
    });
    await refusal(setV2('nowhere.example', 'mail.nowhere.example'), v2.NotFoundException);
    const wrong = new v1.SetIdentityMailFromDomainCommand({
      Identity: 'from.example',
      BehaviorOnMXFailure: 'Perhaps' as 'RejectMessage',
    });
    await assert.rejects(one.send(wrong), {
      name: 'ValidationError',
      message:
        "1 validation error detected: Value at 'behaviorOnMXFailure' failed to satisfy constraint: Member must satisfy enum value set: [RejectMessage, UseDefaultValue]",
    });
  });
});
