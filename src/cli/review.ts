import { SettingsError } from '../settings/settings.ts';
import { ask, read, table } from './running.ts';

const usage = `sesame review [--all]
sesame review show <case>
sesame review grant <case> [--max24-hour-send <number>] [--max-send-rate <number>] [--reason <words>]
sesame review deny <case> --reason <why>
sesame review ask <case> --reason <question>`;

interface Shown {
  readonly caseId: string;
  readonly status: string;
  readonly account: string;
  readonly region: string;
  readonly subject: string;
  readonly created: string;
}

/** What accounts ask a running Sesame for, and the reviewer's word on it. */
export async function review(given: readonly string[]): Promise<number> {
  const told = read(given, ['--all', '--max24-hour-send', '--max-send-rate', '--reason']);
  const { words, flags } = told;
  const [verb = 'list', caseId, ...rest] = words;
  if (verb === 'list' && caseId === undefined) {
    const status = flags.has('--all') ? 'all' : 'open';
    const { reviews } = await ask<{ reviews: Shown[] }>(told, 'GET', `/_sesame/reviews?status=${status}&limit=500`);
    console.log(
      table(reviews.map((one) => [one.caseId, one.status, one.account, one.region, one.subject, one.created])),
    );
    return 0;
  }
  if (caseId === undefined || rest.length > 0) throw new SettingsError(`say\n${usage}`);
  const path = `/_sesame/reviews/${encodeURIComponent(caseId)}`;
  if (verb === 'show') {
    console.log(JSON.stringify(await ask(told, 'GET', path), null, 2));
    return 0;
  }
  if (!['grant', 'deny', 'ask'].includes(verb)) throw new SettingsError(`say\n${usage}`);
  const { status } = await ask<Shown>(told, 'POST', path, {
    decision: verb,
    max24HourSend: numberOf(flags.get('--max24-hour-send')),
    maxSendRate: numberOf(flags.get('--max-send-rate')),
    reason: flags.get('--reason'),
  });
  console.log(`${caseId}  ${status}`);
  return 0;
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new SettingsError(`'${text}' is no number.`);
  return Number(text);
}
