/**
 * The generator of SendEmail and SendBulkEmail load: a process of its own with keep-alive connections, one request at a time on each. The
 * requests are signed before the first goes out, so that they cost next to nothing while they are measured; each signs
 * a body of its own.
 *
 * Parameters as JSON: `HttpLoad`. Tells `{ seconds }` over IPC.
 */
import { createHash, createHmac } from 'node:crypto';
import { connect } from 'node:net';

export interface HttpLoad {
  readonly port: number;
  readonly connections: number;
  readonly requests: number;
  /** Octets of the text. */
  readonly octets: number;
  readonly from: string;
  readonly to: string;
  /** A stored one that makes the letters, of one entry's `name`; in bulk where there are destinations. */
  readonly template?: { readonly name: string; readonly destinations?: number } | undefined;
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface HttpLoadTold {
  readonly seconds: number;
}

const SIGNED_HEADERS = 'content-type;host;x-amz-date';
/** Different requests; a signature is good for minutes. */
const MOST_SIGNED = 2_000;

const load = JSON.parse(process.argv[2]!) as HttpLoad;
const signed = Array.from({ length: Math.min(MOST_SIGNED, load.requests) }, (_, n) => signedRequest(load, n));
let next = 0;

const began = performance.now();
await Promise.all(Array.from({ length: load.connections }, () => converse(load)));
process.send!({ seconds: (performance.now() - began) / 1_000 } satisfies HttpLoadTold);
process.disconnect();

/** One connection: the next request as soon as the answer to the last is whole. */
function converse({ port, requests }: HttpLoad): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let answer = '';
    const ask = () => {
      if (next >= requests) {
        socket.removeListener('close', hungUp);
        socket.end();
        resolve();
      } else socket.write(signed[next++ % signed.length]!);
    };
    const hungUp = () => reject(new Error('The server hung up'));
    socket.once('connect', ask);
    socket.once('close', hungUp);
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (!isWhole(answer)) return;
      if (!answer.startsWith('HTTP/1.1 200')) reject(new Error(answer));
      answer = '';
      ask();
    });
  });
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer);
  return length ? answer.length >= end + 4 + Number(length[1]) : answer.endsWith('0\r\n\r\n');
}

/** AWS Signature Version 4 of one POST, for the region that everything here is in. */
function signedRequest({ port, key, ...load }: HttpLoad, n: number): Buffer {
  const body = JSON.stringify(input(load, n));
  const path = `/v2/email/outbound-${load.template?.destinations ? 'bulk-' : ''}emails`;
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const host = `127.0.0.1:${port}`;
  const scope = `${time.slice(0, 8)}/us-east-1/ses/aws4_request`;
  const headers = `content-type:application/json\nhost:${host}\nx-amz-date:${time}\n`;
  const canonical = `POST\n${path}\n\n${headers}\n${SIGNED_HEADERS}\n${sha256(body)}`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`;
  const signature = hmac(signingKey(key.secretAccessKey, scope), toSign).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`;
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nX-Amz-Date: ${time}\r\n` +
      `Authorization: ${authorization}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function input({ octets, from, to, template }: Pick<HttpLoad, 'octets' | 'from' | 'to' | 'template'>, n: number) {
  const FromEmailAddress = from;
  const Destination = { ToAddresses: [to] };
  if (!template) {
    const Simple = { Subject: { Data: `bench ${n}` }, Body: { Text: { Data: text(octets) } } };
    return { FromEmailAddress, Destination, Content: { Simple } };
  }
  const { name: TemplateName, destinations } = template;
  const data = (of: number) => JSON.stringify({ name: `Name ${n} ${of}` });
  if (!destinations) {
    return { FromEmailAddress, Destination, Content: { Template: { TemplateName, TemplateData: data(0) } } };
  }
  const BulkEmailEntries = Array.from({ length: destinations }, (_, of) => ({
    Destination,
    ReplacementEmailContent: { ReplacementTemplate: { ReplacementTemplateData: data(of) } },
  }));
  return { FromEmailAddress, DefaultContent: { Template: { TemplateName } }, BulkEmailEntries };
}

function signingKey(secret: string, scope: string): Buffer {
  return scope.split('/').reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function text(octets: number): string {
  const line = `${'x'.repeat(78)}\r\n`;
  return line.repeat(Math.max(1, Math.round(octets / line.length)));
}
