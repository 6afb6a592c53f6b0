import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/**
 * A client that follows a script, for tests:
 *
 *   S: 220 mx.example *        the server says this line; `*` at the end stands for anything
 *   C: EHLO client.example     the client says this line; neighbouring lines go out in one write
 *   TLS                        handshake, as after STARTTLS; any certificate is taken
 *   END                        the server closes
 */
export class ScriptedClient {
  #socket: Socket | TLSSocket;
  #received = '';
  #ended = false;
  #news = Promise.withResolvers<void>();

  private constructor(socket: Socket | TLSSocket) {
    this.#socket = socket;
    this.#listen();
  }

  static async connect(port: number, { tls = false, host = '127.0.0.1' } = {}): Promise<ScriptedClient> {
    const socket = tls ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port, noDelay: true });
    const client = new ScriptedClient(socket);
    await once(socket, tls ? 'secureConnect' : 'connect');
    return client;
  }

  async follow(script: string): Promise<void> {
    let said = '';
    for (const line of script.split('\n').map((text) => text.trim())) {
      if (line.startsWith('C:')) {
        said += `${line.slice(3)}\r\n`;
        continue;
      }
      this.say(said);
      said = '';
      if (line.startsWith('S: ')) await this.#expect(line.slice(3));
      else if (line === 'TLS') await this.#startTls();
      else if (line === 'END') await this.end();
      else assert.equal(line, '', 'a script line begins with S:, C:, TLS or END');
    }
    this.say(said);
  }

  /** Octets as they are. */
  say(octets: string | Buffer): void {
    if (octets.length > 0) this.#socket.write(octets);
  }

  async line(): Promise<string> {
    while (!this.#received.includes('\r\n')) {
      assert.ok(!this.#ended, `the server closed after ${JSON.stringify(this.#received)}`);
      await this.#news.promise;
    }
    const end = this.#received.indexOf('\r\n');
    const line = this.#received.slice(0, end);
    this.#received = this.#received.slice(end + 2);
    return line;
  }

  /** Waits until the server has closed, having said nothing more. */
  async end(): Promise<void> {
    while (!this.#ended) await this.#news.promise;
    assert.equal(this.#received, '');
  }

  /** Our side is shut, as by a client that has said all. */
  shut(): void {
    this.#socket.end();
  }

  /** Gone, without a word. */
  drop(): void {
    this.#socket.destroy();
  }

  async #expect(pattern: string): Promise<void> {
    const line = await this.line();
    if (pattern.endsWith('*')) assert.equal(line.slice(0, pattern.length - 1), pattern.slice(0, -1));
    else assert.equal(line, pattern);
  }

  async #startTls(): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners();
    this.#received = '';
    this.#socket = connectTls({ socket: plain, rejectUnauthorized: false });
    this.#listen();
    await once(this.#socket, 'secureConnect');
  }

  #listen(): void {
    const tell = (): void => {
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    };
    this.#socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      tell();
    });
    this.#socket.on('error', () => {});
    for (const event of ['end', 'close']) {
      this.#socket.on(event, () => {
        this.#ended = true;
        tell();
      });
    }
  }
}

export async function converse(port: number, script: string, options: { tls?: boolean } = {}): Promise<void> {
  const client = await ScriptedClient.connect(port, options);
  try {
    await client.follow(script);
  } finally {
    client.drop();
  }
}
