import type { Account, NewKey } from '../core/accounts/accounts.ts';
import { SettingsError } from '../settings/settings.ts';
import { ask, read, table } from './running.ts';

const usage = `sesame accounts
sesame accounts create <account> [--name <name>] [--email <address>]
sesame accounts enforce <account> --region <region> --status HEALTHY|PROBATION|SHUTDOWN [--reason <reason>]`;

/** The accounts of a running Sesame: who there is, a new one with its root key, what is enforced on one. */
export async function accounts(given: readonly string[]): Promise<number> {
  const told = read(given, ['--name', '--email', '--region', '--status', '--reason']);
  const { words, flags } = told;
  const [verb = 'list', account, ...rest] = words;
  if (verb === 'list' && account === undefined) {
    const { accounts: all } = await ask<{ accounts: Account[] }>(told, 'GET', '/_sesame/accounts');
    console.log(table(all.map(({ account, name, email }) => [account, name, email])));
    return 0;
  }
  if (account === undefined || rest.length > 0) throw new SettingsError(`say\n${usage}`);
  if (verb === 'create') {
    const body = { account, name: flags.get('--name'), email: flags.get('--email') };
    const { accessKeyId, secretAccessKey } = await ask<NewKey>(told, 'POST', '/_sesame/accounts', body);
    console.log(`${accessKeyId}  ${secretAccessKey}  (shown once)`);
    return 0;
  }
  if (verb !== 'enforce') throw new SettingsError(`say\n${usage}`);
  const body = { region: flags.get('--region'), status: flags.get('--status'), reason: flags.get('--reason') };
  const { region, status } = await ask<{ region: string; status: string }>(
    told,
    'POST',
    `/_sesame/accounts/${account}/enforcement`,
    body,
  );
  console.log(`${account} in ${region}: ${status}`);
  return 0;
}
