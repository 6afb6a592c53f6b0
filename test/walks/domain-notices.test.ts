import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { ZoneServer } from '../world/zones.ts';

// An account is told by mail what becomes of its domains: verified, missed, lost; and so of DKIM and MAIL FROM.
const ACCOUNT = '111122223333';
const EMAIL = 'owner@world.example';
let zones: ZoneServer;
let sink: Sink & { port: number };
let sesame: SesameUnderTest;
let ses: v2.SESv2Client;
let one: v1.SESClient;
let heard = 0;

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
  const made = await sesame.call('POST', '/_sesame/accounts', { account: ACCOUNT, name: 'Shop', email: EMAIL });
  assert.equal(made.status, 201);
  const client = { ...sesame.client, credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'anything' } };
  ses = new v2.SESv2Client(client);
  one = new v1.SESClient(client);
});
after(async () => {
  ses?.destroy();
  one?.destroy();
  await sesame?.stop();
  await sink?.close();
  zones?.close();
});

/** Subjects of the mails that went out since the last call, once the clock has moved. */
async function toldAfter(time: string): Promise<string[]> {
  await sesame.advance(time);
  const since = sink.caught.slice(heard);
  heard = sink.caught.length;
  for (const { to, content } of since) {
    assert.deepEqual(to, [EMAIL]);
    assert.match(content, /^From: no-reply@sesame\.example\r$/m);
    assert.doesNotMatch(content, /amazon|aws/i);
  }
  return (await Promise.all(since.map(({ content }) => subjectOf(content)))).sort();
}

async function subjectOf(content: string): Promise<string> {
  const [, id = ''] = /^Message-ID: <([^@]+)@/m.exec(content) ?? [];
  return (await sesame.shown(id)).subject;
}

const domain = (outcome: string, name: string) =>
  `sesame.example – Domain verification ${outcome} for ${name} in region us-east-1`;
const dkim = (outcome: string, name: string) =>
  `sesame.example – DKIM setup ${outcome} for ${name} in region us-east-1`;
const mailFrom = (outcome: string, name: string) =>
  `sesame.example – Custom MAIL FROM domain setup ${outcome} for ${name} in region us-east-1`;

test('of a domain and its DKIM', async () => {
  const EmailIdentity = 'keys.example';
  const { DkimAttributes } = await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity }));
  assert.deepEqual(await toldAfter('2h'), []);
  const names = DkimAttributes!.Tokens!.map((token) => [`${token}._domainkey.${EmailIdentity}`, token] as const);
  for (const [name, token] of names) zones.zones[name] = { CNAME: `${token}.dkim.sesame.example` };
  assert.deepEqual(await toldAfter('1h'), [dkim('SUCCESS', EmailIdentity), domain('SUCCESS', EmailIdentity)]);
  assert.deepEqual(await toldAfter('5h'), []);
  for (const [name] of names) delete zones.zones[name];
  assert.deepEqual(await toldAfter('1h'), [
    dkim('TEMPORARY FAILURE', EmailIdentity),
    domain('TEMPORARY FAILURE', EmailIdentity),
  ]);
  assert.deepEqual(await toldAfter('72h'), [dkim('FAILURE', EmailIdentity), domain('FAILURE', EmailIdentity)]);
  assert.deepEqual(await toldAfter('72h'), []);
});

test('of a domain that is proved by its text', async () => {
  const Domain = 'text.example';
  const { VerificationToken } = await one.send(new v1.VerifyDomainIdentityCommand({ Domain }));
  zones.zones[`_amazonses.${Domain}`] = { TXT: [VerificationToken!] };
  assert.deepEqual(await toldAfter('0s'), [domain('SUCCESS', Domain)]);
  assert.match(sink.caught.at(-1)!.content, /Congratulations! The verification process for the domain text\.example/);
});

test('of a MAIL FROM domain, with what becomes of the mail', async () => {
  const Identity = 'text.example';
  const MailFromDomain = 'bounce.text.example';
  await one.send(new v1.SetIdentityMailFromDomainCommand({ Identity, MailFromDomain }));
  assert.deepEqual(await toldAfter('1h'), []);
  zones.zones[MailFromDomain] = { MX: [[10, 'feedback-smtp.us-east-1.sesame.example']] };
  assert.deepEqual(await toldAfter('1h'), [mailFrom('SUCCESS', Identity)]);
  delete zones.zones[MailFromDomain];
  assert.deepEqual(await toldAfter('1h'), [mailFrom('TEMPORARY FAILURE', Identity)]);
  assert.match(sink.caught.at(-1)!.content, /has our own MAIL FROM/);
  assert.deepEqual(await toldAfter('72h'), [mailFrom('FAILURE', Identity)]);
});

test('nothing of it counts against the account, and who has no address is not told', async () => {
  const { SendQuota } = await ses.send(new v2.GetAccountCommand({}));
  assert.equal(SendQuota?.SentLast24Hours, 0);
  const first = new v1.SESClient(sesame.client);
  const Domain = 'nobody.example';
  const { VerificationToken } = await first.send(new v1.VerifyDomainIdentityCommand({ Domain }));
  first.destroy();
  zones.zones[`_amazonses.${Domain}`] = { TXT: [VerificationToken!] };
  assert.deepEqual(await toldAfter('0s'), []);
});
