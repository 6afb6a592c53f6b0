import { readFileSync } from 'node:fs';
import { SettingsError } from '../settings/settings.ts';

const DEFAULT_URL = 'http://127.0.0.1:4566';
/** Real milliseconds for one answer. */
const LONGEST_CALL = 30_000;

/** What a sub-command was told: words in their order, and `--name value` flags. */
export interface Told {
  readonly words: readonly string[];
  readonly flags: ReadonlyMap<string, string>;
}

/** Refuses flags other than `allowed` and those of every client of a running Sesame. `--all` takes no value. */
export function read(told: readonly string[], allowed: readonly string[]): Told {
  const words: string[] = [];
  const flags = new Map<string, string>();
  for (let i = 0; i < told.length; i++) {
    const [word = '', inline] = splitOnce(told[i]!);
    if (!word.startsWith('--')) words.push(told[i]!);
    else if (word === '--all' && allowed.includes(word)) flags.set(word, '');
    else if (![...allowed, '--url', '--operator-token'].includes(word))
      throw new SettingsError(`Unknown option ${word}.`);
    else {
      const value = inline ?? told[++i];
      if (value === undefined) throw new SettingsError(`${word} needs a value.`);
      flags.set(word, value);
    }
  }
  return { words, flags };
}

function splitOnce(text: string): [string, string?] {
  const at = text.startsWith('--') ? text.indexOf('=') : -1;
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** A call of a running Sesame's operator API, whose documented shape is taken at its word. What it refuses is a sentence. */
export async function ask<Answer = unknown>(
  { flags }: Told,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
): Promise<Answer> {
  const url = (flags.get('--url') ?? process.env['SESAME_URL'] ?? DEFAULT_URL).replace(/\/$/, '');
  const token = flags.get('--operator-token') ?? tokenOfEnvironment();
  const answer = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(LONGEST_CALL),
  }).catch((cause: unknown) => {
    throw new SettingsError(`${url} does not answer: ${(cause as Error).message}`);
  });
  const text = await answer.text();
  const json = answer.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : undefined;
  if (!answer.ok) throw new SettingsError(json?.message ?? `${url} answers ${answer.status}: ${text}`);
  return json;
}

function tokenOfEnvironment(): string | undefined {
  const { SESAME_OPERATOR_TOKEN: token, SESAME_OPERATOR_TOKEN_FILE: file } = process.env;
  if (token || !file) return token;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new SettingsError(`SESAME_OPERATOR_TOKEN_FILE: cannot read ${file}: ${(cause as Error).message}`);
  }
}

/** Lines with their columns under each other. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, n) => Math.max(most[n] ?? 0, cell.length)), []);
  return rows
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
