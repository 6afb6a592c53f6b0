import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  GetSendQuotaCommand,
  SESClient,
  type SESClientConfig,
  SESServiceException,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import {
  GetAccountCommand,
  ListEmailIdentitiesCommand,
  SESv2Client,
  type SESv2ClientConfig,
  SESv2ServiceException,
} from '@aws-sdk/client-sesv2';
import { SignatureV4 } from '@smithy/signature-v4';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// Who may call, where signatures are checked: the strict profile, as far as it is built.
let sesame: SesameUnderTest;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_PROFILE: 'strict', SESAME_VERIFY: 'auto', SESAME_SANDBOX: 'off' });
});
after(() => sesame.stop());

const rootKey = () => sesame.secrets.key!;

async function v1(over: SESClientConfig = {}) {
  using client = disposable(new SESClient({ ...sesame.client, credentials: rootKey(), ...over }));
  return client.send(new GetSendQuotaCommand({}));
}

async function v2(over: SESv2ClientConfig = {}) {
  using client = disposable(new SESv2Client({ ...sesame.client, credentials: rootKey(), ...over }));
  return client.send(new GetAccountCommand({}));
}

function disposable<C extends { destroy(): void }>(client: C) {
  return Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
}

/** Both versions refuse what is configured so, each with its own code. */
async function refused(over: SESClientConfig & SESv2ClientConfig, codes: readonly [v1: string, v2: string]) {
  const first = await refusal(v1(over), SESServiceException);
  const second = await refusal(v2(over), SESv2ServiceException);
  assert.deepEqual([first.name, second.name], codes);
  return { first, second };
}

describe('a signature in the header', () => {
  test('that holds is answered', async () => {
    assert.equal((await v1()).Max24HourSend, -1);
    assert.equal((await v2()).SendingEnabled, true);
  });

  test('of another secret', async () => {
    const { first, second } = await refused({ credentials: { ...rootKey(), secretAccessKey: 'another' } }, [
      'SignatureDoesNotMatch',
      'SignatureDoesNotMatch',
    ]);
    assert.match(first.message, /^The request signature we calculated does not match the signature you provided\./);
    assert.deepEqual([first.$metadata.httpStatusCode, second.$metadata.httpStatusCode], [403, 403]);
  });

  test('of a key that nobody has, even one of 12 digits', async () => {
    for (const accessKeyId of ['AKIAUNKNOWNUNKNOWNUN', '000000000000']) {
      const { first } = await refused({ credentials: { ...rootKey(), accessKeyId } }, [
        'InvalidClientTokenId',
        'UnrecognizedClientException',
      ]);
      assert.equal(first.message, 'The security token included in the request is invalid.');
    }
  });

  test('with a session token that nobody gave', async () => {
    await refused({ credentials: { ...rootKey(), sessionToken: 'token' } }, [
      'InvalidClientTokenId',
      'UnrecognizedClientException',
    ]);
  });

  test('of another time: a quarter of an hour is let pass', async () => {
    const minutes = (count: number) => ({ systemClockOffset: count * 60_000 });
    await v1(minutes(14));
    await v1(minutes(-14));
    for (const away of [16, -16]) {
      const { first } = await refused(minutes(away), ['RequestExpired', 'SignatureDoesNotMatch']);
      assert.match(first.message, /^Signature expired: \d{8}T\d{6}Z /);
    }
  });

  test('holds on whatever day the movable clock shows', async () => {
    await sesame.advance('48h');
    await v1();
    await v2();
  });
});

test('another account has its own key and its own identities', async () => {
  const { status, json } = await sesame.call('POST', '/_sesame/accounts', { account: '222222222222', name: 'Two' });
  assert.equal(status, 201);
  using owner = disposable(new SESClient({ ...sesame.client, credentials: json }));
  await owner.send(new VerifyDomainIdentityCommand({ Domain: 'two.example' }));
  const namesOf = async (credentials: SESv2ClientConfig['credentials']) => {
    using client = disposable(new SESv2Client({ ...sesame.client, credentials }));
    const { EmailIdentities } = await client.send(new ListEmailIdentitiesCommand({}));
    return EmailIdentities!.map(({ IdentityName }) => IdentityName);
  };
  assert.deepEqual(await namesOf(json), ['two.example']);
  assert.deepEqual(await namesOf(rootKey()), []);
});

describe('by hand', () => {
  const signer = () => {
    const { config } = new SESClient({ ...sesame.client });
    return new SignatureV4({ credentials: rootKey(), region: 'us-east-1', service: 'ses', sha256: config.sha256 });
  };
  const request = (method: string, over: { query?: Record<string, string>; body?: string; path?: string } = {}) => {
    const { host, hostname, port } = new URL(sesame.url);
    const headers = { host, 'content-type': 'application/x-www-form-urlencoded' };
    return { method, protocol: 'http:', hostname, port: Number(port), path: '/', query: {}, headers, ...over };
  };
  const query = { Action: 'GetSendQuota', Version: '2010-12-01' };
  const presigned = async (expiresIn: number, signingDate = new Date()) => {
    const { headers: _, ...signed } = await signer().presign(
      { ...request('GET', { query }), headers: { host: new URL(sesame.url).host } },
      { expiresIn, signingDate },
    );
    return `${sesame.url}/?${new URLSearchParams(signed.query as Record<string, string>)}`;
  };
  const codeOf = async (answer: Response) => [answer.status, /<Code>(.*)<\/Code>/.exec(await answer.text())?.[1]];

  test('a presigned GET works until it expires', async () => {
    const answer = await fetch(await presigned(60));
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /<Max24HourSend>-1(\.0)?<\/Max24HourSend>/);
    const old = await presigned(60, new Date(Date.now() - 61_000));
    assert.deepEqual(await codeOf(await fetch(old)), [400, 'RequestExpired']);
    const changed = (await presigned(60)).replace('GetSendQuota', 'ListIdentities');
    assert.deepEqual(await codeOf(await fetch(changed)), [403, 'SignatureDoesNotMatch']);
  });

  test('a body that is not the one that was signed', async () => {
    const { headers } = await signer().sign(request('POST', { body: 'Action=GetSendQuota&Version=2010-12-01' }));
    const post = (body: string) => fetch(sesame.url, { method: 'POST', headers, body });
    assert.equal((await post('Action=GetSendQuota&Version=2010-12-01')).status, 200);
    assert.deepEqual(await codeOf(await post('Action=ListIdentities&Version=2010-12-01')), [
      403,
      'SignatureDoesNotMatch',
    ]);
  });

  test('without a signature, or half of one', async () => {
    const unsigned = await fetch(sesame.url, { method: 'POST', body: new URLSearchParams(query) });
    assert.deepEqual(await codeOf(unsigned), [403, 'MissingAuthenticationToken']);
    const v2 = await fetch(`${sesame.url}/v2/email/account`);
    assert.deepEqual([v2.status, v2.headers.get('x-amzn-errortype')], [403, 'MissingAuthenticationTokenException']);
    const half = await fetch(sesame.url, {
      method: 'POST',
      body: new URLSearchParams(query),
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${rootKey().accessKeyId}/20260101/us-east-1/ses/aws4_request`,
      },
    });
    assert.deepEqual(await codeOf(half), [400, 'IncompleteSignature']);
  });
});

test("the operator's API wants the operator's token", async () => {
  const paths = [
    '/_sesame/messages',
    '/_sesame/accounts',
    '/_sesame/clock',
    '/_aws/ses',
    '/store',
    '/_localstack/health',
  ];
  for (const path of paths) {
    assert.equal((await fetch(sesame.url + path)).status, 401, path);
    const wrong = await fetch(sesame.url + path, { headers: { authorization: 'Bearer guess' } });
    assert.equal(wrong.status, 401, path);
    assert.equal((await sesame.call('GET', path)).status, 200, path);
  }
  assert.equal((await fetch(`${sesame.url}/_sesame/reset`, { method: 'POST' })).status, 401);
  assert.equal((await fetch(`${sesame.url}/moto-api/reset`, { method: 'POST' })).status, 401);
  for (const path of ['/livez', '/readyz']) assert.equal((await fetch(sesame.url + path)).status, 200, path);
});
