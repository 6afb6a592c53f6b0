/** Where relayed mail ends: Postfix's smtp-sink where it is installed, else our null responder. */
import { freePort, listening, pause, start, startNode, stop, told } from './children.ts';
import { hasSmtpSink } from './mail.ts';

const LOOK = 5;
const REACH_LIMIT = 120_000;

export class Sink {
  readonly port: number;
  readonly #taken: () => Promise<number>;
  readonly stop: () => Promise<void>;

  private constructor(port: number, taken: () => Promise<number>, stop: () => Promise<void>) {
    this.port = port;
    this.#taken = taken;
    this.stop = stop;
  }

  static start(): Promise<Sink> {
    return hasSmtpSink ? Sink.#smtpSink() : Sink.#nullResponder();
  }

  /** How many messages it took since it started. */
  taken(): Promise<number> {
    return this.#taken();
  }

  async reached(messages: number): Promise<void> {
    const end = performance.now() + REACH_LIMIT;
    while ((await this.#taken()) < messages) {
      if (performance.now() > end) throw new Error(`The sink has ${await this.#taken()} of ${messages} messages`);
      await pause(LOOK);
    }
  }

  static async #smtpSink(): Promise<Sink> {
    const port = await freePort();
    const child = start('smtp-sink', ['-c', '-u', 'nobody', `127.0.0.1:${port}`, '1000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let last = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      last = (last + chunk.toString('latin1')).slice(-200);
    });
    await listening(port);
    const taken = async () => Number([...last.matchAll(/mesg=(\d+)\D/g)].at(-1)?.[1] ?? 0);
    return new Sink(port, taken, () => stop(child));
  }

  static async #nullResponder(): Promise<Sink> {
    const child = startNode('null-smtp.ts', []);
    const port = await told<number>(child);
    const taken = () => {
      const answer = told<number>(child);
      child.send('taken');
      return answer;
    };
    return new Sink(port, taken, () => stop(child));
  }
}
