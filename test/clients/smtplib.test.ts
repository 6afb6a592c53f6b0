import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SESClient, VerifyDomainIdentityCommand } from '@aws-sdk/client-ses';
import { SesameUnderTest } from '../world/sesame.ts';
import { needs, run } from '../world/tools.ts';

let sesame: SesameUnderTest;

describe("Python's smtplib", needs('python3'), () => {
  before(async () => {
    sesame = await SesameUnderTest.start();
    const ses = new SESClient(sesame.client);
    await ses.send(new VerifyDomainIdentityCommand({ Domain: 'sender.example' }));
    ses.destroy();
  });
  after(() => sesame.stop());

  test('sends in plain text, over STARTTLS and TLS, and a whole conversation in one write', async () => {
    const story = join(import.meta.dirname, 'smtplib-story.py');
    const ports = [sesame.port('submission'), sesame.port('submissionTls')].map(String);
    const { status, stdout, stderr } = await run('python3', [story, ...ports, sesame.doors.caPath!]);
    assert.equal(status, 0, stderr);
    const { eight_bit, pipelined } = JSON.parse(stdout);

    const { text, from } = await sesame.shown(eight_bit);
    assert.deepEqual([text, from], ['Grüße\n', 'ann@sender.example']);
    assert.match(await sesame.raw(eight_bit), /^[\t\r\n -~]+$/);

    assert.equal(pipelined.length, 2);
    const second = await sesame.shown(pipelined[1]);
    assert.deepEqual([second.subject, second.text], ['Pipelined 2', '.stuffed\n']);

    const first = await sesame.message('subject:First');
    assert.deepEqual([first.from, first.text], ['Ann <ann@sender.example>', 'Grüße\n.\n..dots\n']);
    assert.deepEqual((await sesame.message('to:cat@example.org')).to, ['cat@example.org']);
    assert.equal((await sesame.call('GET', '/_sesame/messages')).json.total, 6);
  });
});
