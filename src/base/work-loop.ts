import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** What one look at the rows found. */
export interface Pass {
  /** Work that was claimed; it is started at once and runs beside the next look. */
  readonly tasks: readonly (() => Promise<void>)[];
  /** Civil time at which something falls due that was not claimed; nothing if there is none. */
  readonly nextDue: number | undefined;
}

export interface WorkLoopOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Tasks in flight at most; a look is not taken while there is no room. */
  readonly limit: number;
  /** Claims at most `room` tasks that are due now. */
  readonly look: (room: number) => Promise<Pass>;
}

/** Civil time may be moved and timers cannot wait longer than 2^31 ms: look again at least this often. */
const LONGEST_SLEEP = 60_000;
/** After a look that failed (the storage is in trouble), milliseconds of real time. */
const PAUSE_AFTER_FAULT = 1_000;

/**
 * A loop over durable work. The rows are the truth: `wake` is only a hint that a look is worth while, and may be lost,
 * repeated or come early. Every timed thing in the house (retries, time-outs of claims, retention) falls due through one of
 * these, so that a moved clock finds all of it.
 */
export class WorkLoop {
  readonly #options: WorkLoopOptions;
  #running: Promise<void> | undefined;
  #stopped = false;
  #woken = false;
  #rouse: (() => void) | undefined;
  #inFlight = new Set<Promise<void>>();
  #nextDue: number | undefined;
  #quiet = true;
  #waitingForQuiet: (() => void)[] = [];

  constructor(options: WorkLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#quiet = false;
    this.#running ??= this.#run();
  }

  /** Something may be due. */
  wake(): void {
    this.#woken = true;
    this.#quiet = false;
    this.#rouse?.();
  }

  /** Resolves when nothing is due and nothing is in flight; answers when something falls due next. */
  async settled(): Promise<number | undefined> {
    if (this.#stopped) return undefined;
    this.wake();
    await new Promise<void>((resolve) => this.#waitingForQuiet.push(resolve));
    return this.#nextDue;
  }

  /** No new work; resolves when what is in flight has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#rouse?.();
    await this.#running;
    await Promise.all(this.#inFlight);
    this.#becomeQuiet();
  }

  async #run(): Promise<void> {
    const { look, limit, name, log } = this.#options;
    while (!this.#stopped) {
      this.#woken = false;
      try {
        const room = limit - this.#inFlight.size;
        if (room > 0) {
          const { tasks, nextDue } = await look(room);
          for (const task of tasks) this.#begin(task);
          this.#nextDue = nextDue;
          if (tasks.length > 0) continue;
          if (this.#inFlight.size === 0 && !this.#woken) this.#becomeQuiet();
          await this.#sleep(nextDue);
        } else {
          await this.#sleep(undefined);
        }
      } catch (cause) {
        log.error({ err: cause, loop: name }, 'a look at due work failed');
        await this.#sleep(this.#options.clock.civil() + PAUSE_AFTER_FAULT);
      }
    }
  }

  #begin(task: () => Promise<void>): void {
    const running: Promise<void> = task()
      .catch((cause) => this.#options.log.error({ err: cause, loop: this.#options.name }, 'a task failed'))
      .finally(() => {
        this.#inFlight.delete(running);
        this.wake();
      });
    this.#inFlight.add(running);
  }

  #sleep(until: number | undefined): Promise<void> {
    if (this.#woken || this.#stopped) return Promise.resolve();
    const { clock } = this.#options;
    const wait = Math.min(LONGEST_SLEEP, until === undefined ? LONGEST_SLEEP : Math.max(0, until - clock.civil()));
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#rouse?.(), wait);
      this.#rouse = () => {
        clearTimeout(timer);
        this.#rouse = undefined;
        resolve();
      };
    });
  }

  #becomeQuiet(): void {
    this.#quiet = true;
    for (const resolve of this.#waitingForQuiet.splice(0)) resolve();
  }

  /** True while nothing is due and nothing in flight, as far as is known. */
  get quiet(): boolean {
    return this.#quiet;
  }
}
