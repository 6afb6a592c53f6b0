import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HOUR, MINUTE, MovableClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { systemRandom } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { openEmbedded } from '../../storage/embedded/embedded.ts';
import type { Rows } from '../../storage/ports.ts';
import { Keys } from './keys.ts';
import { Vault } from './vault.ts';

async function opened(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'sesame-keys-'));
  const clock = new MovableClock();
  const needs = { clock, random: systemRandom };
  const onFatal = (error: unknown) => assert.fail(String(error));
  const store = await openEmbedded({ ...needs, folder, log: silentLog, diskReserve: 0, onFatal });
  t.after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
  const arnOf = async () => 'arn:aws:iam::000000000000:root';
  const keysOver = (rows: Rows) => new Keys({ ...needs, rows, vault: new Vault('master', systemRandom), arnOf });
  return { clock, store, keysOver };
}

test('a key that was switched off stays so when its secret is set again', async (t) => {
  const { store, keysOver } = await opened(t);
  const keys = keysOver(store.rows);
  const [account, accessKeyId] = ['000000000000', 'AKIAROOTROOTROOTROOT'];
  await keys.set(account, accessKeyId, 'a secret');
  await keys.setActive({ account, userName: '' }, accessKeyId, false);
  await keys.set(account, accessKeyId, 'another secret');
  assert.equal(await keys.find(accessKeyId), undefined);
  await keys.setActive({ account, userName: '' }, accessKeyId, true);
  assert.equal((await keys.find(accessKeyId))!.secret, 'another secret');
});

test('a use is kept every quarter of an hour, and later where it cannot be kept now', async (t) => {
  const { clock, store, keysOver } = await opened(t);
  let full = false;
  let written = 0;
  const rows: Rows = {
    first: (call) => store.rows.first(call),
    all: (call) => store.rows.all(call),
    generation: (scope) => store.rows.generation(scope),
    write: (batch, until) => {
      if (full) return Promise.reject(new Refusal('busy', 'The disk is full'));
      written++;
      return store.rows.write(batch, until);
    },
  };
  const keys = keysOver(rows);
  const { accessKeyId } = (await keys.create({ account: '000000000000', userName: '' }))!;
  const use = async (service: string) => {
    await keys.noteUse(accessKeyId, { region: 'us-east-1', service });
    return (await keys.facts(accessKeyId))!.used?.service;
  };

  full = true;
  assert.equal(await use('ses'), 'ses');
  full = false;
  written = 0;
  assert.equal(await use('ses'), 'ses');
  assert.equal(await use('iam'), 'iam');
  assert.equal(written, 1);
  clock.offset += 14 * MINUTE;
  await use('s3');
  assert.equal(written, 1);
  clock.offset += HOUR;
  await use('sqs');
  assert.equal(written, 2);
});
