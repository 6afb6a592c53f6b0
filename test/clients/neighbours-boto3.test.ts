import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SesameUnderTest } from '../world/sesame.ts';
import { awsEnvironment, needs, run } from '../world/tools.ts';

let sesame: SesameUnderTest;

describe('boto3 and the neighbours', needs('boto3'), () => {
  before(async () => {
    sesame = await SesameUnderTest.start();
  });
  after(() => sesame.stop());

  test('queues, topics, buckets', async () => {
    const env = { ...awsEnvironment, SESAME_UNDER_TEST: sesame.url };
    const script = join(import.meta.dirname, 'neighbours-boto3.py');
    const { status, stdout, stderr } = await run('python3', [script], { env });
    assert.deepEqual([status, stdout.trim()], [0, 'done'], stderr);
  });
});
