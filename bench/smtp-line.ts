import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

export interface LogIn {
  readonly userName: string;
  readonly password: string;
}

/** One SMTP connection of the generator: what is asked goes out, the last line of the reply is looked at. */
export class SmtpLine {
  readonly #socket: Socket;
  #heard: (reply: string) => void = () => {};
  #failed: (cause: Error) => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    let buffered = '';
    socket.on('data', (chunk: Buffer) => {
      buffered += chunk.toString('latin1');
      const last = buffered.lastIndexOf('\n', buffered.length - 2) + 1;
      if (!buffered.endsWith('\n') || buffered[last + 3] === '-') return;
      const reply = buffered.slice(last);
      buffered = '';
      this.#heard(reply);
    });
    socket.once('error', (cause) => this.#failed(cause));
    socket.once('close', () => this.#failed(new Error('The server hung up')));
  }

  /** Greeted, and where there is a log-in secured by STARTTLS and logged in with AUTH PLAIN. */
  static async open(port: number, logIn?: LogIn): Promise<SmtpLine> {
    const plain = new SmtpLine(connect(port, '127.0.0.1'));
    await plain.ask('220', undefined);
    await plain.ask('250', 'EHLO load.example\r\n');
    if (!logIn) return plain;
    await plain.ask('220', 'STARTTLS\r\n');
    const line = await plain.#secured();
    await line.ask('250', 'EHLO load.example\r\n');
    const secret = Buffer.from(`\0${logIn.userName}\0${logIn.password}`).toString('base64');
    await line.ask('235', `AUTH PLAIN ${secret}\r\n`);
    return line;
  }

  ask(expected: string, text: string | Buffer | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#failed = reject;
      this.#heard = (reply) => {
        if (reply.startsWith(expected)) resolve();
        else reject(new Error(`Expected ${expected}: ${reply}`));
      };
      if (text !== undefined) this.#socket.write(text);
    });
  }

  close(): void {
    this.#failed = () => {};
    this.#socket.end('QUIT\r\n');
  }

  #secured(): Promise<SmtpLine> {
    this.#socket.removeAllListeners('data');
    return new Promise((resolve, reject) => {
      const secure: TLSSocket = connectTls({ socket: this.#socket, rejectUnauthorized: false }, () =>
        resolve(new SmtpLine(secure)),
      );
      secure.once('error', reject);
    });
  }
}
