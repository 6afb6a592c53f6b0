import type { AddressInfo } from 'node:net';
import { Budget } from '../../src/base/budget.ts';
import { silentLog } from '../../src/base/log.ts';
import type { SmtpVisit } from '../../src/wire/smtp/door.ts';
import { type Reply, reply } from '../../src/wire/smtp/reply.ts';
import { SmtpServer } from '../../src/wire/smtp/server.ts';

export interface Caught {
  readonly from: string;
  readonly to: readonly string[];
  readonly content: string;
  readonly helo: string;
  readonly tls: boolean;
}

const text = (code: number) => (line: string) => reply(code, line);

/** A mail server of the world: takes what it gets, or answers as the test says. */
export class Sink {
  readonly caught: Caught[] = [];
  /** What it says to RCPT, and to the end of the content; nothing is yes. */
  onRcpt: (address: string) => Reply | undefined = () => undefined;
  onContent: (caught: Caught) => Reply | undefined = () => undefined;
  readonly #server: SmtpServer;
  #waiting: (() => void)[] = [];

  constructor(options: { secureContext?: ConstructorParameters<typeof SmtpServer>[0]['secureContext'] } = {}) {
    this.#server = new SmtpServer({
      door: (session): SmtpVisit => ({
        texts: {
          invalidSender: text(553),
          invalidRecipient: text(553),
          invalidContent: text(554),
          tooLarge: reply(552, 'too large'),
          noRoom: reply(452, 'no room'),
          fault: reply(451, 'fault'),
          authenticationFault: reply(454, 'fault'),
        },
        limits: { messageOctets: 64 * 2 ** 20, lineOctets: 100_000, silence: 60_000 },
        greeting: () => reply(220, 'sink.test ESMTP'),
        ehlo: () => ['sink.test', 'PIPELINING', 'SIZE 67108864', ...(session.canStartTls ? ['STARTTLS'] : []), 'Ok'],
        gate: () => undefined,
        authenticate: () => reply(502, 'no'),
        mail: () => reply(250, 'Ok'),
        rcpt: ({ address }) => this.onRcpt(address) ?? reply(250, 'Ok'),
        message: ({ sender, recipients, content }) => {
          const caught: Caught = {
            from: sender.address,
            to: recipients.map(({ address }) => address),
            content: content.toString('latin1'),
            helo: session.helo ?? '',
            tls: session.tls !== undefined,
          };
          const answer = this.onContent(caught);
          if (!answer || answer.code < 300) this.#catch(caught);
          return answer ?? reply(250, '2.0.0 Ok: queued');
        },
      }),
      budget: new Budget(256 * 2 ** 20),
      log: silentLog,
      ...options,
    });
  }

  static async start(
    host = '127.0.0.1',
    { port: wanted = 0, ...options }: ConstructorParameters<typeof Sink>[0] & { readonly port?: number } = {},
  ): Promise<Sink & { port: number }> {
    const sink = new Sink(options);
    const { port } = (await sink.#server.listen(host, wanted)) as Pick<AddressInfo, 'port'>;
    return Object.assign(sink, { port });
  }

  #catch(caught: Caught): void {
    this.caught.push(caught);
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Resolves to the mail number `n` (from 1) once it is there. */
  async mail(n = 1): Promise<Caught> {
    while (this.caught.length < n) await new Promise<void>((resume) => this.#waiting.push(resume));
    return this.caught[n - 1]!;
  }

  close(): Promise<void> {
    return this.#server.close(0);
  }
}
