import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SesameUnderTest } from '../world/sesame.ts';
import { awsEnvironment, needs, run } from '../world/tools.ts';

// The neighbours of SES through the AWS CLI; Debian's still speaks the query protocol to SQS.
let sesame: SesameUnderTest;

async function aws(...parameters: string[]): Promise<any> {
  const options = ['--endpoint-url', sesame.url, '--output', 'json', '--no-cli-pager'];
  const { status, stdout, stderr } = await run('aws', [...parameters, ...options], { env: awsEnvironment });
  assert.equal(status, 0, stderr);
  return stdout.startsWith('{') ? JSON.parse(stdout) : stdout;
}

async function refused(...parameters: string[]): Promise<string> {
  const { status, stderr } = await run('aws', [...parameters, '--endpoint-url', sesame.url], { env: awsEnvironment });
  assert.equal(status, 254, stderr);
  return stderr.trim();
}

describe('the AWS CLI and the neighbours', needs('aws'), () => {
  before(async () => {
    sesame = await SesameUnderTest.start();
  });
  after(() => sesame.stop());

  test('s3: a file in parts, up and down', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sesame-cli-'));
    try {
      const [up, down] = [join(folder, 'up'), join(folder, 'down')];
      // The CLI sends files in parts from 8 MB.
      const content = randomBytes(9 * 2 ** 20);
      await writeFile(up, content);
      await aws('s3', 'mb', 's3://cli-files');
      await aws('s3', 'cp', up, 's3://cli-files/a folder/file.bin', '--only-show-errors');
      const { ETag } = await aws('s3api', 'head-object', '--bucket', 'cli-files', '--key', 'a folder/file.bin');
      assert.match(ETag, /^"[0-9a-f]{32}-2"$/);
      await aws('s3', 'cp', 's3://cli-files/a folder/file.bin', down, '--only-show-errors');
      assert.ok(content.equals(await readFile(down)));
      assert.match(await aws('s3', 'ls', 's3://cli-files/'), /PRE a folder\//);
      await aws('s3', 'rb', 's3://cli-files', '--force');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('sqs: a queue, a long poll, a message with attributes', async () => {
    const { QueueUrl } = await aws(
      'sqs',
      'create-queue',
      '--queue-name',
      'cli',
      '--attributes',
      'VisibilityTimeout=60',
    );
    const at = ['--queue-url', QueueUrl];
    const poll = aws('sqs', 'receive-message', ...at, '--wait-time-seconds', '20', '--message-attribute-names', 'All');
    const kind = JSON.stringify({ kind: { DataType: 'String', StringValue: 'grün' } });
    const sent = await aws('sqs', 'send-message', ...at, '--message-body', 'a & <b>', '--message-attributes', kind);
    const [message] = (await poll).Messages;
    assert.deepEqual([message.Body, message.MessageId], ['a & <b>', sent.MessageId]);
    assert.equal(message.MessageAttributes.kind.StringValue, 'grün');
    const { Attributes } = await aws('sqs', 'get-queue-attributes', ...at, '--attribute-names', 'All');
    assert.deepEqual([Attributes.VisibilityTimeout, Attributes.ApproximateNumberOfMessagesNotVisible], ['60', '1']);
    await aws('sqs', 'delete-message', ...at, '--receipt-handle', message.ReceiptHandle);
    assert.deepEqual((await aws('sqs', 'list-queues', '--queue-name-prefix', 'cl')).QueueUrls, [QueueUrl]);
    assert.match(
      await refused('sqs', 'get-queue-url', '--queue-name', 'none'),
      /\(AWS\.SimpleQueueService\.NonExistentQueue\)/,
    );
  });
});
