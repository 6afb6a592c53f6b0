/**
 * A raw limit: a responder that says yes to every line and keeps nothing. Tells its port over IPC, and how many messages
 * it took when asked. Also the sink where Postfix's `smtp-sink` is not installed.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';

const END = Buffer.from('\r\n.\r\n');
let taken = 0;

const server = createServer({ noDelay: true }, (socket) => {
  let inContent = false;
  /** The last octets of content, as an end may be cut in two. */
  let tail: Buffer = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.write('220 null ESMTP\r\n');
  socket.on('data', (chunk: Buffer) => {
    if (inContent) {
      tail =
        chunk.length >= END.length ? chunk.subarray(-END.length) : Buffer.concat([tail, chunk]).subarray(-END.length);
      if (!tail.equals(END)) return;
      inContent = false;
      taken++;
      socket.write('250 Ok\r\n');
    } else inContent = answerLines(socket, chunk.toString('latin1'));
  });
});

/** Commands may come pipelined. True when content follows. */
function answerLines(socket: Socket, text: string): boolean {
  let replies = '';
  for (const line of text.split('\r\n')) {
    if (line === '') continue;
    if (line.startsWith('DATA')) {
      socket.write(`${replies}354 go\r\n`);
      return true;
    }
    if (line.startsWith('EHLO')) replies += '250-null\r\n250-PIPELINING\r\n250 8BITMIME\r\n';
    else replies += line.startsWith('QUIT') ? '221 bye\r\n' : '250 Ok\r\n';
  }
  socket.write(replies);
  if (replies.endsWith('221 bye\r\n')) socket.end();
  return false;
}

server.listen(0, '127.0.0.1', 1_000, () => process.send!((server.address() as AddressInfo).port));
process.on('message', () => process.send!(taken));
process.once('disconnect', () => process.exit(0));
