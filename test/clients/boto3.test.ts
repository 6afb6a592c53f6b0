import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SesameUnderTest } from '../world/sesame.ts';
import { awsEnvironment, needs, run } from '../world/tools.ts';

let sesame: SesameUnderTest;

describe('boto3', needs('python3', 'boto3'), () => {
  before(async () => {
    sesame = await SesameUnderTest.start();
  });
  after(() => sesame.stop());

  test('identities, waiter, paginator, sends and exceptions', async () => {
    const story = join(import.meta.dirname, 'boto3-story.py');
    const { status, stdout, stderr } = await run('python3', [story, sesame.url], { env: awsEnvironment });
    assert.equal(status, 0, stderr);
    const sent = JSON.parse(stdout);
    const show = async (name: string) => {
      const { subject, to, tags } = await sesame.shown(sent[name]);
      return [subject, to, tags];
    };
    assert.deepEqual(await show('v1'), ['Grüße', ['bob@example.org'], { by: 'boto3' }]);
    assert.deepEqual(await show('v1_raw'), ['Raw ü', ['cat@example.org'], {}]);
    assert.deepEqual(await show('v2'), ['Grüße', ['bob@example.org'], {}]);
    assert.deepEqual(await show('v2_raw'), ['v2 raw', ['dan@example.org'], {}]);
    assert.equal((await sesame.call('GET', '/_sesame/messages')).json.total, 4);
  });
});
