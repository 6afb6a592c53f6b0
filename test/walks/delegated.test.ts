import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as v2 from '@aws-sdk/client-sesv2';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { systemRandom } from '../../src/base/random.ts';
import { localCertificate } from '../../src/wire/certificates.ts';
import { opendkim } from '../world/opendkim.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { needs, run } from '../world/tools.ts';
import { ZoneServer } from '../world/zones.ts';

// A service with a domain of its own, and a shop that delegates three names to it: nothing else is left to publish.
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const SHOP = 'shop.example';
const OURS = 'sesame.example';
let folder: string;
let zones: ZoneServer;
let sink: Sink & { port: number };
let sesame: SesameUnderTest;
let ses: v2.SESv2Client;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sesame-delegated-'));
  await localCertificate({ folder, names: [`email-smtp.${OURS}`], now: Date.now(), random: systemRandom });
  sink = await Sink.start();
  zones = await ZoneServer.start({ 'world.example': { A: ['127.0.0.1'] } });
  sesame = await SesameUnderTest.start({
    SESAME_PROFILE: 'service',
    SESAME_DOMAIN: OURS,
    SESAME_HOSTNAME: `mail.${OURS}`,
    SESAME_ADDRESSES: '192.0.2.25,2001:db8::25',
    SESAME_MASTER_KEY: 'correct horse battery staple',
    SESAME_TLS_CERT: join(folder, 'server.pem'),
    SESAME_TLS_KEY: join(folder, 'server.key'),
    SESAME_ACCESS_KEY_ID: credentials.accessKeyId,
    SESAME_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    SESAME_OPERATOR_TOKEN: 'of the operator',
    SESAME_SANDBOX: 'off',
    SESAME_DNS: zones.address,
    SESAME_DNS_LISTEN: '127.0.0.1:0',
    SESAME_MX_PORT: String(sink.port),
    SESAME_PRIVATE_TARGETS: 'allow',
  });
  // What the registrar of our domain and the shop's DNS do, once.
  for (const name of [OURS, `_domainkey.${SHOP}`, `_amazonses.${SHOP}`, `bounce.${SHOP}`]) {
    zones.delegated.set(name, sesame.port('dns'));
  }
  sesame.app.rooms.identities.ownKey.lookNow();
  await sesame.app.rooms.identities.ownKey.loop.settled();
  ses = new v2.SESv2Client({ ...sesame.client, credentials });
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
  await sink?.close();
  zones?.close();
  await rm(folder, { recursive: true, force: true });
});

const checked = () => sesame.app.rooms.identities.checks.loop.settled();

async function doctor(...words: string[]): Promise<{ status: number | null; said: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), 'doctor', ...words], {
    env: { PATH: process.env['PATH'], SESAME_URL: sesame.url, SESAME_OPERATOR_TOKEN: 'of the operator' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, status] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { status, said: Buffer.concat([...stdout, ...stderr]).toString() };
}

test('the domain and its MAIL FROM are proved at the first look', async () => {
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: SHOP }));
  await checked();
  await ses.send(
    new v2.PutEmailIdentityMailFromAttributesCommand({
      EmailIdentity: SHOP,
      MailFromDomain: `bounce.${SHOP}`,
      BehaviorOnMxFailure: 'REJECT_MESSAGE',
    }),
  );
  await checked();
  const found = await ses.send(new v2.GetEmailIdentityCommand({ EmailIdentity: SHOP }));
  assert.deepEqual(
    [found.VerificationStatus, found.DkimAttributes?.Status, found.MailFromAttributes?.MailFromDomainStatus],
    ['SUCCESS', 'SUCCESS', 'SUCCESS'],
  );
});

test('a mail has the names of the shop and of ours, and of nobody else', needs('opendkim'), async () => {
  const { MessageId } = await ses.send(
    new v2.SendEmailCommand({
      FromEmailAddress: `Ann <ann@${SHOP}>`,
      Destination: { ToAddresses: ['you@world.example'] },
      Content: { Simple: { Subject: { Data: 'Your order' }, Body: { Text: { Data: 'It is on its way.' } } } },
    }),
  );
  const { from, helo, content } = await sink.mail(1);
  assert.equal(from, `${MessageId}@bounce.${SHOP}`);
  assert.equal(helo, `mail.${OURS}`);
  assert.match(content, new RegExp(`\r\nMessage-ID: <${MessageId}@email.us-east-1.${OURS}>\r\n`));
  assert.doesNotMatch(`${from}${helo}${content}`, /amazon/i);
  assert.deepEqual(await opendkim(content, zones.address), [`pass ${SHOP}`, `pass ${OURS}`]);
  const resolver = new (await import('node:dns')).promises.Resolver();
  resolver.setServers([zones.address]);
  const { results } = await dkimVerify(Buffer.from(content, 'latin1'), {
    resolver: (name: string) => resolver.resolveTxt(name),
  });
  assert.deepEqual(
    results.map(({ status, signingDomain }: any) => `${status.result} ${signingDomain}`),
    [`pass ${SHOP}`, `pass ${OURS}`],
  );
});

test('whoever brings us mail is greeted in our own name, with a password and without', async () => {
  const hello = async (door: 'mx' | 'submission') => {
    const socket = connect(sesame.port(door), '127.0.0.1');
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    socket.write('EHLO client.example\r\n');
    const [extensions] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return `${greeting}${extensions}`;
  };
  assert.match(
    await hello('mx'),
    new RegExp(`^220 inbound-smtp.us-east-1.${OURS} ESMTP Sesame \\w{20}\r\n250-inbound-smtp.us-east-1.${OURS}\r\n`),
  );
  const submission = await hello('submission');
  const ours = new RegExp(`^220 email-smtp.${OURS} ESMTP Sesame-d-\\w{9} \\w{20}\r\n250-email-smtp.${OURS}\r\n`);
  assert.match(submission, ours);
  assert.doesNotMatch(submission, /amazon|SimpleEmail/i);
});

test('nobody else gets a delegated domain by claiming it', async () => {
  const made = await sesame.call('POST', '/_sesame/accounts', {
    account: '666666666666',
    name: 'Mallory',
    email: 'm@m.example',
  });
  const { accessKeyId, secretAccessKey } = made.json;
  const mallory = new v2.SESv2Client({ ...sesame.client, credentials: { accessKeyId, secretAccessKey } });
  await mallory.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: SHOP }));
  await checked();
  const found = await mallory.send(new v2.GetEmailIdentityCommand({ EmailIdentity: SHOP }));
  assert.equal(found.VerificationStatus, 'PENDING');
  await mallory.send(new v2.DeleteEmailIdentityCommand({ EmailIdentity: SHOP }));
  mallory.destroy();
});

describe('sesame doctor', () => {
  test('says of every record whether it is there', async () => {
    const { said, status } = await doctor();
    const line = (name: string, type: string) =>
      said
        .split('\n')
        .find((one) => one.includes(` ${name} `) && one.includes(` ${type} `))
        ?.trim()
        .split(/ {2,}/);
    assert.match(said, new RegExp(`^${OURS} \\(ours; delegate it to ns.${OURS}, or publish\\)`));
    assert.match(said, new RegExp(`^${SHOP} \\(000000000000, us-east-1\\): success`, 'm'));
    assert.deepEqual(line(`inbound-smtp.us-east-1.${OURS}`, 'A'), [
      'published',
      `inbound-smtp.us-east-1.${OURS}`,
      'A',
      '192.0.2.25',
    ]);
    assert.deepEqual(line(`bounce.${SHOP}`, 'MX'), [
      'published',
      `bounce.${SHOP}`,
      'MX',
      `10 feedback-smtp.us-east-1.${OURS}`,
    ]);
    assert.deepEqual(line(SHOP, 'MX'), ['missing', SHOP, 'MX', `10 inbound-smtp.us-east-1.${OURS}`]);
    assert.equal(said.match(/_domainkey\.shop\.example +CNAME/g)?.length, 3);
    assert.equal(status, 0, said);
  });

  test('fails where something is not as it should be, and shows what is there instead', async () => {
    await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'bare.example' }));
    zones.zones['_amazonses.bare.example'] = { TXT: ['something else'] };
    const { said, status } = await doctor('bare.example');
    assert.equal(status, 1);
    assert.doesNotMatch(said, /shop/);
    assert.match(said, /different +_amazonses\.bare\.example +TXT/);
    assert.match(said, /found +something else/);
    assert.match(said, /missing +[a-z2-7]{32}\._domainkey\.bare\.example +CNAME +[a-z2-7]{32}\.dkim\.sesame\.example/);
  });

  test('is for operators, a page at a time', async () => {
    assert.equal((await fetch(`${sesame.url}/_sesame/doctor`)).status, 401);
    const first = (await sesame.call('GET', '/_sesame/doctor?limit=1')).json;
    assert.equal(first.domain, OURS);
    assert.deepEqual(
      first.identities.map(({ name }: { name: string }) => name),
      ['bare.example'],
    );
    const second = (await sesame.call('GET', `/_sesame/doctor?limit=1&next=${encodeURIComponent(first.next)}`)).json;
    assert.deepEqual(
      second.identities.map(({ name }: { name: string }) => name),
      [SHOP],
    );
    assert.equal(second.records, undefined);
    assert.equal((await sesame.call('GET', '/_sesame/doctor?next=x')).status, 400);
  });
});

describe('dig asks the built-in DNS', needs('dig'), () => {
  const dig = async (...words: string[]) => {
    const server = ['@127.0.0.1', '-p', String(sesame.port('dns')), '+nocookie', '+norecurse', ...words];
    return (await run('dig', server)).stdout;
  };
  const short = async (...words: string[]) => (await dig('+short', ...words)).trim().split('\n').sort();
  const tokens = async () =>
    (await ses.send(new v2.GetEmailIdentityCommand({ EmailIdentity: SHOP }))).DkimAttributes!.Tokens!;

  test('for hosts, exchangers and SPF', async () => {
    for (const host of ['inbound-smtp.eu-west-1', 'feedback-smtp.us-east-1', 'email-smtp.us-west-2', 'ns', 'mail']) {
      assert.deepEqual(await short(`${host}.${OURS}`, 'A'), ['192.0.2.25'], host);
      assert.deepEqual(await short(`${host}.${OURS}`, 'AAAA'), ['2001:db8::25'], host);
    }
    assert.deepEqual(await short(`us-east-1.${OURS}`, 'MX'), [`10 feedback-smtp.us-east-1.${OURS}.`]);
    assert.deepEqual(await short(OURS, 'TXT'), ['"v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 ~all"']);
    assert.deepEqual(await short(OURS, 'NS'), [`ns.${OURS}.`]);
    assert.deepEqual(await short(`bounce.${SHOP}`, 'MX'), [`10 feedback-smtp.us-east-1.${OURS}.`]);
    assert.deepEqual(await short(`bounce.${SHOP}`, 'TXT'), [`"v=spf1 include:${OURS} ~all"`]);
  });

  test('for a key, over both transports and however it is written', async () => {
    const [token] = await tokens();
    const plain = await dig(`${token}._DomainKey.${SHOP}`, 'TXT', '+bufsize=4096');
    assert.match(plain, /flags: qr aa; .*ANSWER: 2/);
    assert.match(plain, /_DomainKey\.shop\.example\.\s+300\s+IN\s+CNAME/);
    assert.match(plain, /\.dkim\.sesame\.example\.\s+300\s+IN\s+TXT\s+"v=DKIM1; k=rsa; p=/);
    const cut = await dig(`${token}._domainkey.${SHOP}`, 'TXT', '+noedns', '+ignore');
    assert.match(cut, /flags: qr aa tc; .*ANSWER: 0/);
    assert.match(await dig(`${token}._domainkey.${SHOP}`, 'TXT', '+tcp'), /ANSWER: 2/);
    // Without EDNS dig goes on over TCP by itself.
    assert.match(await dig(`${token}._domainkey.${SHOP}`, 'TXT', '+noedns'), /ANSWER: 2/);
  });

  test('and is told what is not there, and what is not ours', async () => {
    const gone = await dig(`gone.dkim.${OURS}`, 'TXT');
    assert.match(gone, /status: NXDOMAIN/);
    assert.match(gone, /sesame\.example\.\s+60\s+IN\s+SOA\s+ns\.sesame\.example\. hostmaster\.sesame\.example\./);
    // A name that only has names below it is there (RFC 8020).
    assert.match(await dig(`dkim.${OURS}`, 'TXT'), /status: NOERROR[\s\S]*ANSWER: 0/);
    assert.match(await dig(`ns.${OURS}`, 'TXT'), /status: NOERROR[\s\S]*ANSWER: 0/);
    for (const name of ['world.example', SHOP, `_dmarc.${SHOP}`, '_domainkey.elsewhere.example', '.']) {
      assert.match(await dig(name, 'TXT'), /status: REFUSED/, name);
    }
    assert.match(await dig(OURS, 'AXFR', '+tcp'), /Transfer failed/);
  });
});
