import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GetAccountCommand, PutAccountDetailsCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: an operator makes an account at the command line, changes its keys, and decides what it asks for.
const ACCOUNT = '111122223333';
let sesame: SesameUnderTest;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_PROFILE: 'strict' });
});
after(() => sesame?.stop());

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

async function cli(words: readonly string[], token = sesame.operatorToken): Promise<Ran> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../src/main.ts'), ...words, '--url', sesame.url],
    {
      env: { PATH: process.env['PATH'], SESAME_OPERATOR_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [out, err, status] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve)),
  ]);
  return { status, out: Buffer.concat(out).toString().trimEnd(), err: Buffer.concat(err).toString().trimEnd() };
}

async function says(...words: string[]): Promise<string> {
  const { status, out, err } = await cli(words);
  assert.equal(status, 0, err);
  return out;
}

async function refuses(...words: string[]): Promise<string> {
  const { status, err } = await cli(words);
  assert.equal(status, 1);
  return err;
}

function readKey(line: string) {
  const [, accessKeyId = '', secretAccessKey = ''] = /^(AKIA\S{16}) {2}(\S{40}) {2}\(shown once\)$/.exec(line) ?? [];
  assert.ok(accessKeyId, line);
  return { accessKeyId, secretAccessKey };
}

/** What GetAccount answers to a key, or the name of its refusal. */
async function account(credentials: { accessKeyId: string; secretAccessKey: string }) {
  const ses = new SESv2Client({ ...sesame.client, credentials });
  const answer = await ses.send(new GetAccountCommand({})).catch((error: Error) => error.name);
  ses.destroy();
  return typeof answer === 'string' ? answer : { production: answer.ProductionAccessEnabled, quota: answer.SendQuota };
}

const sandbox = { production: false, quota: { Max24HourSend: 200, MaxSendRate: 1, SentLast24Hours: 0 } };

test('nobody but the operator', async () => {
  const { status, err } = await cli(['accounts'], 'wrong');
  assert.deepEqual([status, err], [1, 'sesame: The operator token is wanted.']);
  const { status: code } = await fetch(`${sesame.url}/_sesame/reviews`);
  assert.equal(code, 401);
});

test('an account, its keys, and what it asks for', async () => {
  const first = readKey(await says('accounts', 'create', ACCOUNT, '--name', 'Shop', '--email=owner@shop.example'));
  assert.deepEqual(await account(first), sandbox);
  assert.match(await says('accounts'), /^111122223333 {2}Shop {3}owner@shop\.example$/m);
  assert.match(await refuses('accounts', 'create', ACCOUNT), /^sesame: Account 111122223333 already exists\.$/);

  const second = readKey(await says('keys', 'create', ACCOUNT));
  assert.equal(await refuses('keys', 'create', ACCOUNT), 'sesame: An account has 2 root keys at most.');
  assert.deepEqual([await account(first), await account(second)], [sandbox, sandbox], 'both are valid at once');
  await says('keys', 'disable', ACCOUNT, first.accessKeyId);
  assert.equal(await account(first), 'UnrecognizedClientException', 'at once');
  assert.match(await says('keys', ACCOUNT), new RegExp(`^${first.accessKeyId} {2}Inactive `, 'm'));
  await says('keys', 'enable', ACCOUNT, first.accessKeyId);
  assert.deepEqual(await account(first), sandbox);
  await says('keys', 'delete', ACCOUNT, first.accessKeyId);
  assert.equal(await account(first), 'UnrecognizedClientException');
  assert.ok(!(await says('keys', ACCOUNT)).includes(first.accessKeyId));
  assert.equal(await refuses('keys', '999999999999'), 'sesame: There is no account 999999999999.');

  const ses = new SESv2Client({ ...sesame.client, credentials: second });
  const details = { MailType: 'TRANSACTIONAL', WebsiteURL: 'https://shop.example' } as const;
  const apply = () => ses.send(new PutAccountDetailsCommand({ ...details, ProductionAccessEnabled: true }));
  await apply();
  const [, caseId = ''] =
    /^(\d{15}) {2}PENDING {2}111122223333 {2}us-east-1 {2}production-access /.exec(await says('review')) ?? [];
  assert.equal(JSON.parse(await says('review', 'show', caseId)).websiteUrl, 'https://shop.example');
  assert.equal(await says('review', 'ask', caseId, '--reason', 'What do you send?'), `${caseId}  ASKED`);
  await apply();
  assert.equal(await refuses('review', 'deny', caseId), 'sesame: reason: who is to deny must say why.');
  assert.equal(await says('review', 'deny', caseId, '--reason', 'No.'), `${caseId}  DENIED`);
  await apply();
  const open = await says('review');
  const again = open.slice(0, 15);
  assert.notEqual(again, caseId);
  const limits = ['--max24-hour-send', '5000', '--max-send-rate', '7'];
  assert.equal(await says('review', 'grant', again, ...limits), `${again}  GRANTED`);
  ses.destroy();
  assert.deepEqual(await account(second), {
    production: true,
    quota: { Max24HourSend: 5_000, MaxSendRate: 7, SentLast24Hours: 0 },
  });
  assert.equal(await says('review'), '');
  assert.equal((await says('review', '--all')).split('\n').length, 2);
  const order = ['--region', 'us-east-1', '--status', 'SHUTDOWN', '--reason', 'Complaints.'];
  assert.equal(await says('accounts', 'enforce', ACCOUNT, ...order), `${ACCOUNT} in us-east-1: SHUTDOWN`);
});

test('what is not understood is a sentence', async () => {
  assert.match(await refuses('review', 'nonsense', '1'), /^sesame: say\nsesame review/);
  assert.equal(await refuses('keys', '--nonsense', 'x'), 'sesame: Unknown option --nonsense.');
  assert.equal(await refuses('review', 'show', '1'), 'sesame: There is no case 1.');
  assert.equal(await refuses('review', 'grant', '1', '--max-send-rate', 'many'), "sesame: 'many' is no number.");
});
