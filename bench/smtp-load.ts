/**
 * The generator of SMTP load that is always there, and the one for AUTH, TLS and many domains: a process of its own that
 * keeps a number of connections and sends message after message on each, waiting for every reply as most clients do.
 *
 * Parameters as JSON: `SmtpLoad`. Tells `SmtpLoadTold` over IPC.
 */
import { type LogIn, SmtpLine } from './smtp-line.ts';

export interface SmtpLoad {
  readonly port: number;
  readonly connections: number;
  readonly messages: number;
  /** Octets of the body. */
  readonly octets: number;
  readonly from: string;
  readonly to: string;
  /** `to` goes to so many domains in turn: `d0.<domain>`, `d1.<domain>` … */
  readonly domains?: number | undefined;
  /** STARTTLS, then AUTH PLAIN. */
  readonly logIn?: LogIn | undefined;
}

export interface SmtpLoadTold {
  /** From the first MAIL (all connections are open and logged in by then) to the last 250. */
  readonly seconds: number;
  readonly handshakeSeconds: number;
}

const load = JSON.parse(process.argv[2]!) as SmtpLoad;
const content = letter(load);
let left = load.messages;
let turn = 0;

const opened = performance.now();
const lines = await Promise.all(Array.from({ length: load.connections }, () => SmtpLine.open(load.port, load.logIn)));
const began = performance.now();
await Promise.all(lines.map(sendAll));
const ended = performance.now();
process.send!({ seconds: (ended - began) / 1_000, handshakeSeconds: (began - opened) / 1_000 } satisfies SmtpLoadTold);
for (const line of lines) line.close();
process.disconnect();

async function sendAll(line: SmtpLine): Promise<void> {
  while (left > 0) {
    left--;
    await line.ask('250', `MAIL FROM:<${load.from}>\r\n`);
    await line.ask('250', `RCPT TO:<${recipient(load)}>\r\n`);
    await line.ask('354', 'DATA\r\n');
    await line.ask('250', content);
  }
}

function recipient({ to, domains }: SmtpLoad): string {
  return domains === undefined ? to : to.replace('@', `@d${turn++ % domains}.`);
}

function letter({ from, to, octets }: SmtpLoad): Buffer {
  const line = `${'X'.repeat(78)}\r\n`;
  const body = line.repeat(Math.max(1, Math.round(octets / line.length)));
  return Buffer.from(`From: <${from}>\r\nTo: <${to}>\r\nSubject: bench\r\n\r\n${body}.\r\n`);
}
