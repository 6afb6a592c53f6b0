/** Mail that the bench sends, and the generator that sends it. */
import { spawnSync } from 'node:child_process';
import { finished, start, startNode, told } from './children.ts';
import type { SmtpLoad, SmtpLoadTold } from './smtp-load.ts';

export const DOMAIN = 'sender.example';
export const FROM = `ann@${DOMAIN}`;
export const TO = 'bob@world.example';

export const hasSmtpSource = isInstalled('smtp-source');
export const hasSmtpSink = isInstalled('smtp-sink');

export type Mail = Pick<SmtpLoad, 'port' | 'connections' | 'messages' | 'octets'>;

/** By Postfix's smtp-source where it is installed: it costs the least. Connections stay open. Answers seconds. */
export function sendMail(mail: Mail): Promise<number> {
  return hasSmtpSource ? sendBySmtpSource(mail) : sendByOurOwn(mail).then(({ seconds }) => seconds);
}

function sendBySmtpSource({ port, connections, messages, octets }: Mail): Promise<number> {
  const sizes = ['-s', connections, '-m', messages, '-l', octets].map(String);
  return finished(start('smtp-source', ['-d', ...sizes, '-f', FROM, '-t', TO, `127.0.0.1:${port}`]));
}

/** By the generator that knows AUTH, TLS and many domains. */
export async function sendByOurOwn(mail: Mail & Pick<SmtpLoad, 'domains' | 'logIn'>): Promise<SmtpLoadTold> {
  const load: SmtpLoad = { from: FROM, to: TO, ...mail };
  const child = startNode('smtp-load.ts', [JSON.stringify(load)]);
  const [answer] = await Promise.all([told<SmtpLoadTold>(child), finished(child)]);
  return answer;
}

function isInstalled(command: string): boolean {
  return spawnSync(command, [], { stdio: 'ignore' }).error === undefined;
}
