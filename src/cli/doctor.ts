import { SettingsError } from '../settings/settings.ts';
import { ask, read, table } from './running.ts';

interface Examined {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly purpose: string;
  readonly found: readonly string[];
  readonly state: 'published' | 'missing' | 'different' | 'unknown';
}

interface Page {
  readonly domain?: string;
  readonly nameServer?: string;
  readonly records?: readonly Examined[];
  readonly identities: readonly {
    readonly account: string;
    readonly region: string;
    readonly name: string;
    readonly status: string;
    readonly records: readonly Examined[];
  }[];
  readonly next?: string;
}

/** Characters of a key that are shown; `--full` shows all, to be copied. */
const SHOWN = 60;

/**
 * `sesame doctor [<identity>…] [--full yes]`: every record to publish, of our own domain and of each identity (or of the
 * named ones), and what DNS shows of it now. Exit code 1 where something that is needed is not there; mail that nobody wants
 * to receive needs no inbound MX.
 */
export async function doctor(given: readonly string[]): Promise<number> {
  const told = read(given, ['--full']);
  const cut = told.flags.has('--full') ? (text: string) => text : shortened;
  const wants = (name: string) => told.words.length === 0 || told.words.includes(name);
  let isHealthy = true;
  let seen = 0;
  const show = (title: string, records: readonly Examined[]) => {
    seen += 1;
    isHealthy &&= records.every(({ purpose, state }) => state === 'published' || purpose === 'inbound');
    console.log(`${title}\n${table(records.flatMap((record) => lines(record, cut)))}\n`);
  };
  let next: string | undefined = '';
  while (next !== undefined) {
    const query: string = next === '' ? '' : `?next=${encodeURIComponent(next)}`;
    const page: Page = await ask<Page>(told, 'GET', `/_sesame/doctor${query}`);
    if (page.domain !== undefined && wants(page.domain)) {
      show(`${page.domain} (ours; delegate it to ${page.nameServer}, or publish)`, page.records ?? []);
    }
    for (const { account, region, name, status, records } of page.identities) {
      if (wants(name) && records.length > 0) show(`${name} (${account}, ${region}): ${status}`, records);
    }
    next = page.next;
  }
  if (seen === 0 && told.words.length > 0) throw new SettingsError(`there is no ${told.words.join(', ')}.`);
  if (seen === 0) console.log('Nothing has to be published: there is no domain.');
  return isHealthy ? 0 : 1;
}

function lines({ name, type, value, state, found }: Examined, cut: (text: string) => string): string[][] {
  const wanted = [`  ${state}`, name, type, cut(value)];
  return state === 'different' ? [wanted, ...found.map((text) => ['    found', '', '', cut(text)])] : [wanted];
}

const shortened = (text: string) => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
