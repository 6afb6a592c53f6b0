import { SettingsError } from '../settings/settings.ts';
import { ask, read, table } from './running.ts';

const usage = `sesame queue [--by domain|provider|route] [--limit <number>]
sesame queue retry|cancel --domain <name> | --provider <name> | --route <name>`;

interface Listed {
  readonly name: string;
  readonly waiting: number;
  readonly due?: string;
  readonly provider?: string;
}

/** What a running Sesame has still to deliver, the fullest first; try it now, or never. */
export async function queue(given: readonly string[]): Promise<number> {
  const told = read(given, ['--by', '--limit', '--domain', '--provider', '--route']);
  const { words, flags } = told;
  const [verb = 'list', ...rest] = words;
  if (rest.length > 0) throw new SettingsError(`say\n${usage}`);
  if (verb === 'list') {
    const wanted = new URLSearchParams({ by: flags.get('--by') ?? 'domain', limit: flags.get('--limit') ?? '50' });
    const { queue: listed } = await ask<{ queue: Listed[] }>(told, 'GET', `/_sesame/queue?${wanted}`);
    console.log(table(listed.map((one) => [one.name, String(one.waiting), one.due ?? '-', one.provider ?? ''])));
    return 0;
  }
  if (verb !== 'retry' && verb !== 'cancel') throw new SettingsError(`say\n${usage}`);
  const body = { domain: flags.get('--domain'), provider: flags.get('--provider'), route: flags.get('--route') };
  const { retried, cancelled } = await ask<{ retried?: number; cancelled?: number }>(
    told,
    'POST',
    `/_sesame/queue/${verb}`,
    body,
  );
  console.log(verb === 'retry' ? `${retried} due now` : `${cancelled} cancelled`);
  return 0;
}
