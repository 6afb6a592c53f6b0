import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface Work<Question, Answer> {
  /** May take time; the next question waits for it. */
  answer(question: Question): Answer | Promise<Answer>;
  end?(): void;
}
type Answered<Answer> = { readonly answer: Answer } | { readonly error: { message: string; code?: string } };

// biome-ignore lint/suspicious/noExplicitAny: they are only turned into text
type Declared = (...parameters: any[]) => unknown;

interface Options {
  /** Functions that the work calls by their names. */
  readonly declare?: readonly Declared[];
  /** MiB of long-lived objects; beyond it the thread breaks, and nothing else does. */
  readonly memory?: number;
}

/**
 * A thread for what blocks: one question at a time, each answered or thrown back.
 *
 * The work travels as text, so it may use nothing but its arguments, `require` and what is declared for it. That is
 * smaller than a file of its own (a worker that starts from TypeScript loads the type stripper again: 30 MB and 150 ms,
 * against 12 MB and 65 ms), and the same in the sources and in the emitted package.
 */
export class Thread<Data, Question, Answer> {
  readonly #worker: Worker;
  #asked: PromiseWithResolvers<Answer> | undefined;
  #online = false;
  #ended = false;

  constructor(
    work: (data: Data, require: NodeJS.Require) => Work<Question, Answer>,
    data: Data,
    { declare = [], memory }: Options = {},
  ) {
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      ${declare.join('\n')}
      const { from, data } = workerData;
      const work = (${work})(data, require('node:module').createRequire(from));
      const reply = async ({ question, end }) => {
        if (end) {
          work.end?.();
          return parentPort.close();
        }
        try {
          parentPort.postMessage({ answer: await work.answer(question) });
        } catch ({ message, code }) {
          parentPort.postMessage({ error: { message, code } });
        }
      };
      let last = Promise.resolve();
      parentPort.on('message', (message) => {
        last = last.then(() => reply(message));
      });`;
    this.#worker = new Worker(program, {
      eval: true,
      workerData: { from: import.meta.url, data },
      ...(memory !== undefined && { resourceLimits: { maxOldGenerationSizeMb: memory } }),
    });
    this.#worker.unref();
    this.#worker.once('online', () => {
      this.#online = true;
    });
    this.#worker.on('message', (answered: Answered<Answer>) => this.#settle(answered));
    this.#worker.on('error', (error) => this.#settle({ error }));
    this.#worker.once('exit', () => {
      this.#ended = true;
      this.#settle({ error: { message: 'The thread ended' } });
    });
  }

  /** It runs, so that a question is answered at once. */
  get online(): boolean {
    return this.#online && !this.#ended;
  }

  /** It broke, or was closed. */
  get ended(): boolean {
    return this.#ended;
  }

  ask(question: Question): Promise<Answer> {
    if (this.#ended) return Promise.reject(new Error('The thread has ended'));
    const asked = Promise.withResolvers<Answer>();
    this.#asked = asked;
    this.#worker.ref();
    this.#worker.postMessage({ question });
    return asked.promise;
  }

  /** When it has answered what it was asked. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#worker.ref();
    this.#worker.postMessage({ end: true });
    await once(this.#worker, 'exit');
  }

  /** At once, in the middle of whatever it does: what it was asked is rejected. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(answered: Answered<Answer>): void {
    const asked = this.#asked;
    this.#asked = undefined;
    this.#worker.unref();
    if ('error' in answered) asked?.reject(Object.assign(new Error(answered.error.message), answered.error));
    else asked?.resolve(answered.answer);
  }
}
