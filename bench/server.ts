/**
 * Sesame as `sesame up` runs it, in a process of its own that also tells what it measured of itself. Settings come as
 * flags and environment; the parent asks over IPC.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { buildApp } from '../src/app.ts';
import { createLog } from '../src/base/log.ts';
import { openDoors } from '../src/doors.ts';
import { resolveSettings } from '../src/settings/settings.ts';
import type { Asked, Ready, Stats } from './server-words.ts';

/** Milliseconds between two samples of the loop; a sample is this much longer than the delay. */
const RESOLUTION = 1;
const MEBIBYTE = 2 ** 20;

const settings = resolveSettings({ flags: process.argv.slice(2), environment: process.env });
const app = await buildApp(settings, createLog(settings.log));
const { operatorToken } = await app.life.start();
const doors = await openDoors(app, { operatorToken, version: 'bench' });
const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
delays.enable();
let worked = process.cpuUsage();

process.on('message', (asked: Asked) => {
  if (asked === 'reset') reset();
  if (asked === 'stats') tell(stats());
});
process.once('disconnect', () => void stop());
process.once('SIGTERM', () => void stop());
tell({ endpoints: doors.endpoints, url: doors.url });

function reset(): void {
  delays.reset();
  worked = process.cpuUsage();
}

function stats(): Stats {
  const { user, system } = process.cpuUsage(worked);
  const milliseconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
  return {
    residentMegabytes: process.memoryUsage.rss() / MEBIBYTE,
    loopDelayP99: milliseconds(delays.percentile(99)),
    loopDelayMost: milliseconds(delays.max),
    processorSeconds: (user + system) / 1e6,
  };
}

function tell(what: Ready | Stats): void {
  process.send?.(what);
}

async function stop(): Promise<void> {
  await doors.close();
  await app.life.stop();
  process.exit(0);
}
