import { SECOND } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import { Thread } from '../../base/thread.ts';
import { Turns } from '../../base/turns.ts';
import * as batch from './batch.ts';
import * as compile from './compile.ts';
import * as pieces from './pieces.ts';
import * as work from './rendering.ts';

/** What the functions of the thread call, by their names. */
const declare = [batch, compile, pieces, work].flatMap((file) =>
  Object.values(file as Record<string, (...parameters: never[]) => unknown>),
);

/** Threads at most; each is started when it is needed (12 MB, 65 ms). */
const MOST_THREADS = 2;
/** Questions that wait for a thread: of one account, and of all together. */
const MOST_WAITING_OF_ONE = 200;
const MOST_WAITING = 1_000;
/** Milliseconds for one question. The steps end a runaway long before; what is left is the parser. */
const PATIENCE = 10 * SECOND;
/** MiB of long-lived objects in a thread. */
const MEMORY = 256;
/** Of the templates that a thread keeps: what is made of them takes up to a hundred times as much. */
const KEPT_CHARACTERS = 2 ** 20;

/** Bounds of rendering, wherever it is done. */
export const limits: batch.Limits = {
  // SES: TemplateData.
  dataCharacters: 262_144,
  steps: 250_000,
  // SES has no mail above 40 MB, and none of text near it.
  characters: 10 * 2 ** 20,
  batchCharacters: 40 * 2 ** 20,
  open: 1_000,
  depth: 100,
};

type Renderer = Thread<work.RenderingSettings, work.Question, batch.Rendering[]>;

/**
 * The threads that render. One that does not answer in time, or runs out of memory, is given up and replaced; the
 * template that it was at has failed, and nothing else has.
 */
export class Renderers {
  readonly #threads = new Set<Renderer>();
  readonly #idle: Renderer[] = [];
  readonly #turns = new Turns({
    places: MOST_THREADS,
    placesPerOwner: 1,
    waitingPerOwner: MOST_WAITING_OF_ONE,
    waiting: MOST_WAITING,
    tooMany: 'Too many templates wait to be rendered',
  });
  readonly #patience: number;
  readonly #memory: number;
  #stopped = false;

  constructor({ patience = PATIENCE, memory = MEMORY } = {}) {
    this.#patience = patience;
    this.#memory = memory;
  }

  /** `account`: whose question it is, as accounts share the threads. */
  async ask(question: work.Question, account = ''): Promise<batch.Rendering[]> {
    await this.#turns.take(account);
    try {
      if (this.#stopped) throw new Refusal('busy', 'Rendering has stopped');
      return await this.#answer(this.#idle.pop() ?? this.#start(), question);
    } finally {
      this.#turns.release(account);
    }
  }

  /** The threads end, in the middle of whatever they do; what they were asked is rejected. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#threads].map((thread) => thread.kill()));
  }

  #start(): Renderer {
    const settings = { limits, keptCharacters: KEPT_CHARACTERS };
    const thread: Renderer = new Thread(work.rendering, settings, { declare, memory: this.#memory });
    this.#threads.add(thread);
    return thread;
  }

  async #answer(thread: Renderer, question: work.Question): Promise<batch.Rendering[]> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      void thread.kill();
    }, this.#patience);
    try {
      return await thread.ask(question);
    } catch (error) {
      const outOfMemory = (error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY';
      if (!late && !outOfMemory) throw error;
      await thread.kill();
      const reason = `The template takes too much ${late ? 'time' : 'memory'}.`;
      const failure = { ok: false, failure: 'template', reason } as const;
      return question.data ? question.data.entries.map(() => failure) : [failure];
    } finally {
      clearTimeout(timer);
      if (thread.ended) this.#threads.delete(thread);
      else this.#idle.push(thread);
    }
  }
}
