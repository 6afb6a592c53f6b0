import type { NewKey } from '../core/accounts/accounts.ts';
import { SettingsError } from '../settings/settings.ts';
import { ask, read, table } from './running.ts';

const usage = `sesame keys <account>
sesame keys create <account>
sesame keys disable|enable|delete <account> <access key id>`;

interface Shown {
  readonly accessKeyId: string;
  readonly status: string;
  readonly created: string;
}

/** Root keys of an account of a running Sesame. A change is heeded by the next request; a secret is shown once. */
export async function keys(given: readonly string[]): Promise<number> {
  const told = read(given, []);
  const words = /^\d{12}$/.test(told.words[0] ?? '') ? ['list', ...told.words] : told.words;
  const [verb, account, accessKeyId, ...rest] = words;
  const of = `/_sesame/accounts/${account}/keys`;
  if (account === undefined || rest.length > 0) throw new SettingsError(`say\n${usage}`);
  if (verb === 'list' && accessKeyId === undefined) {
    const { keys: all } = await ask<{ keys: Shown[] }>(told, 'GET', of);
    console.log(table(all.map(({ accessKeyId, status, created }) => [accessKeyId, status, created])));
    return 0;
  }
  if (verb === 'create' && accessKeyId === undefined) {
    const made = await ask<NewKey>(told, 'POST', of);
    console.log(`${made.accessKeyId}  ${made.secretAccessKey}  (shown once)`);
    return 0;
  }
  if (accessKeyId === undefined) throw new SettingsError(`say\n${usage}`);
  const one = `${of}/${encodeURIComponent(accessKeyId)}`;
  if (verb === 'enable') await ask(told, 'PUT', one, { status: 'Active' });
  else if (verb === 'disable') await ask(told, 'PUT', one, { status: 'Inactive' });
  else if (verb === 'delete') await ask(told, 'DELETE', one);
  else throw new SettingsError(`say\n${usage}`);
  return 0;
}
