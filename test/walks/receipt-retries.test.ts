import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: the first of two buckets of a rule is taken away, and comes back.
let sesame: SesameUnderTest;
let s3: S3Client;
const connect = () => new S3Client({ ...sesame.client, forcePathStyle: true });

before(async () => {
  sesame = await SesameUnderTest.start();
  s3 = connect();
  for (const Bucket of ['lost', 'kept']) await s3.send(new CreateBucketCommand({ Bucket }));
  const ses = new SESClient(sesame.client);
  await ses.send(new VerifyDomainIdentityCommand({ Domain: 'here.example' }));
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  const Actions = ['lost', 'kept'].map((BucketName) => ({ S3Action: { BucketName } }));
  const Rule = { Name: 'both', Enabled: true, Recipients: ['here.example'], Actions };
  await ses.send(new CreateReceiptRuleCommand({ RuleSetName: 'main', Rule }));
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
  ses.destroy();
});
after(async () => {
  s3?.destroy();
  await sesame?.stop();
});

async function lose(): Promise<void> {
  for (const Key of await keys('lost')) await s3.send(new DeleteObjectCommand({ Bucket: 'lost', Key }));
  await s3.send(new DeleteBucketCommand({ Bucket: 'lost' }));
}
const comeBack = () => s3.send(new CreateBucketCommand({ Bucket: 'lost' }));
const keys = async (Bucket: string) =>
  ((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key!);

/** Brings a mail; answers its id once its actions have been tried. */
async function arrive(): Promise<string> {
  const smtp = await SmtpClient.connect({
    host: '127.0.0.1',
    port: sesame.port('mx'),
    ehloName: 'mail.world.example',
    tls: 'never',
  });
  assert.ok(smtp instanceof SmtpClient);
  const content = Buffer.from('From: bob@world.example\r\nSubject: Hi\r\n\r\nHi\r\n');
  const [answer] = await smtp.deliver({ from: 'bob@world.example', to: ['ann@here.example'], content });
  smtp.close();
  await sesame.advance('0s');
  return answer!.text.split(' ').at(-1)!;
}

/** How often each kind of thing happened to it. */
async function happened(id: string): Promise<{ done: number; failed: number }> {
  const { timeline } = await sesame.shown(id);
  const count = (type: string) => timeline.filter((one: { type: string }) => one.type === type).length;
  return { done: count('action'), failed: count('action-failed') };
}

test('an action that fails holds up none of the others; it is tried again after a restart, they are not', async () => {
  await lose();
  const id = await arrive();
  assert.deepEqual(await happened(id), { done: 1, failed: 1 });
  assert.ok((await keys('kept')).includes(id));
  await s3.send(new DeleteObjectCommand({ Bucket: 'kept', Key: id }));

  await sesame.restart();
  s3.destroy();
  s3 = connect();
  await sesame.advance('2m');
  assert.deepEqual(await happened(id), { done: 1, failed: 2 });
  await comeBack();
  await sesame.advance('3m');
  assert.deepEqual(await keys('lost'), [id]);
  assert.ok(!(await keys('kept')).includes(id), 'what has run does not run again');
  assert.deepEqual(await happened(id), { done: 2, failed: 2 });
});

test('after four hours it is given up', async () => {
  await lose();
  const id = await arrive();
  await sesame.advance('4h');
  const { failed } = await happened(id);
  // After 1, 2, 4, 8 and 16 minutes, then every half hour, each somewhat earlier; the last at the very end.
  assert.ok(failed >= 10 && failed <= 20, String(failed));
  await comeBack();
  await sesame.advance('4h');
  assert.deepEqual(await keys('lost'), []);
  assert.deepEqual(await happened(id), { done: 1, failed });
});
