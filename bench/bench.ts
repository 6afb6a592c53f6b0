/**
 * `npm run bench -- [--only accept,send-email] [--quick] [--aws-ses-v2-local folder] [--opensmtpd folder]`: measures
 * Sesame beside what is installed, in one run, on loopback; prints a table and writes `results/<time>.json`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { accept } from './accept.ts';
import { acceptSecured } from './accept-secured.ts';
import { judge } from './bars.ts';
import { bulk } from './bulk.ts';
import { flushRate } from './flush-rate.ts';
import type { Bench } from './peers.ts';
import { queued } from './queued.ts';
import { receive, receiveLarge } from './receive.ts';
import { relay } from './relay.ts';
import { rendering } from './render.ts';
import type { Figure } from './rounds.ts';
import { sendEmail } from './send-email.ts';
import { startUp } from './start-up.ts';
import { table } from './table.ts';
import { trackingRewrite } from './tracking.ts';

const scenarios: Readonly<Record<string, (bench: Bench) => Promise<Figure[]>>> = {
  flush: flushRate,
  start: startUp,
  accept: (bench) => accept(bench, 4_096),
  'accept-100k': (bench) => accept(bench, 102_400),
  'accept-secured': acceptSecured,
  'send-email': sendEmail,
  relay,
  receive,
  'receive-large': receiveLarge,
  queued,
  tracking: trackingRewrite,
  rendering,
  bulk,
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(scenarios).join() },
    quick: { type: 'boolean', default: false },
    'aws-ses-v2-local': { type: 'string', default: process.env['BENCH_AWS_SES_V2_LOCAL'] ?? '' },
    opensmtpd: { type: 'string', default: process.env['BENCH_OPENSMTPD'] ?? '' },
  },
});
const bench: Bench = {
  effort: values.quick ? { rounds: 1, seconds: 1.5 } : { rounds: 3, seconds: 4 },
  places: { awsSesV2Local: values['aws-ses-v2-local'] || undefined, openSmtpd: values.opensmtpd || undefined },
};
const began = new Date().toISOString();
const figures: Figure[] = [];
for (const name of values.only.split(',')) {
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`There is no scenario '${name}'. There are: ${Object.keys(scenarios).join(', ')}.`);
  const found = await scenario(bench);
  figures.push(...found);
  console.log(`${table(found, [])}\n`);
}
const bars = judge(figures);
console.log(`${table([], bars)}\n`);
console.log(conditions());
console.log(`Kept in ${keep()}`);
process.exit(0);

function conditions(): string {
  const others = figures.flatMap((figure) => figure.others);
  const share = others.length > 0 ? Math.round((100 * others.reduce((sum, one) => sum + one, 0)) / others.length) : 0;
  return [
    `${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release()}, Node ${process.versions.node}; generator, server and sink share them,`,
    `and others took ${share} % of them just before the runs. Median of ${bench.effort.rounds} alternating runs of about ${bench.effort.seconds} s.`,
    'Sesame: development profile at its defaults (open, capture, retention of the newest 1,000 on, inbox on) but for what a',
    'scenario names; every 250 and 200 is durable. Postfix and OpenSMTPD: defaults, relaying to smtp-sink, no log written.',
  ].join('\n');
}

function keep(): string {
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${began.replaceAll(':', '-').slice(0, 19)}.json`);
  const machine = { processors: cpus().length, model: cpus()[0]?.model, node: process.versions.node };
  writeFileSync(path, `${JSON.stringify({ began, ...bench, machine, bars, figures }, null, 2)}\n`);
  return path;
}
