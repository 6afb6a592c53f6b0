import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storageContract } from '../contract/contract.ts';
import { openTestStore } from './ground.ts';

storageContract('embedded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sesame-store-'));
  let store = await openTestStore(folder);
  return {
    store,
    async reopen() {
      await store.close();
      store = await openTestStore(folder);
      return store;
    },
    async destroy() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
});
