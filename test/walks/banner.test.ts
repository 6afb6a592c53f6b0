import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SesameProcess } from '../world/process.ts';

test('what was opened is printed, with TLS and without', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sesame-banner-'));
  const sesame = new SesameProcess(folder, { SESAME_HTTPS: '127.0.0.1:0' });
  t.after(async () => {
    await sesame.stop();
    await rm(folder, { recursive: true });
  });
  await sesame.start();
  const { http, https } = sesame.endpoints;
  const [, addresses] = /^ +APIs +(.+)$/m.exec(sesame.said) ?? [];
  assert.equal(addresses, `http://${http[0]}  https://${https[0]}`);
  const [, authority] = /^ +our CA +(.+)$/m.exec(sesame.said) ?? [];
  assert.equal(authority, join(folder, 'tls', 'ca.pem'));
});
