import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dataPath, type Settings } from './settings.ts';

/** The key of the secrets: the settings', or `<data>/master.key`, made at the first start for its owner only. */
export async function masterKey(settings: Settings): Promise<string> {
  if (settings.masterKey) return settings.masterKey;
  const path = dataPath(settings, 'master.key');
  await mkdir(settings.data, { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
  return readFile(path, 'utf8');
}
