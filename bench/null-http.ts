/** A raw limit: `node:http` that parses the JSON of a request, keeps nothing and answers as SendEmail does. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let sent = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { FromEmailAddress } = JSON.parse(Buffer.concat(chunks).toString()) as { FromEmailAddress: string };
    const body = JSON.stringify({ MessageId: `${FromEmailAddress}-${sent++}` });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
});

server.listen(0, '127.0.0.1', 1_000, () => process.send!((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit(0));
