/** What `server.ts` and its parent say to each other. */
import type { Endpoints } from '../src/doors.ts';

export type Asked = 'stats' | 'reset';

export interface Ready {
  readonly endpoints: Endpoints;
  readonly url: string;
}

export interface Stats {
  readonly residentMegabytes: number;
  /** Milliseconds, since the last reset. */
  readonly loopDelayP99: number;
  readonly loopDelayMost: number;
  /** Of all threads of the process, since the last reset. */
  readonly processorSeconds: number;
}
