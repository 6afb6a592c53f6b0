/** Programs that others wrote and that tests talk to Sesame with: where they are, and how to run them beside the server. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What each is, for people who lack it. */
const sentences = {
  aws: 'the AWS CLI (Debian package awscli)',
  python3: 'Python (Debian package python3)',
  boto3: 'boto3 (Debian package python3-boto3)',
  swaks: 'swaks (Debian packages swaks, libnet-ssleay-perl, libauthen-sasl-perl)',
  postfix: 'Postfix (Debian package postfix)',
  exim4:
    'Exim (Debian packages exim4-daemon-light, libidn12 and libnss-wrapper, unpacked into .cache/exim: see .ci/run)',
  opendkim: 'OpenDKIM (Debian package opendkim)',
  dig: 'dig (Debian package bind9-dnsutils)',
  'smtp-sink': 'smtp-sink (Debian package postfix)',
  root: 'to be run by root, who alone may run a Postfix of his own',
} as const;

export type Tool = keyof typeof sentences;

/** Where what conflicts with another package is unpacked, not installed. */
export const unpackedExim = join(import.meta.dirname, '../../.cache/exim/usr');

/** Debian's first: what it packages is old, and so are the clients of many. */
const folders = ['/usr/bin', '/usr/sbin', join(unpackedExim, 'sbin'), ...(process.env['PATH'] ?? '').split(delimiter)];

/** Milliseconds; a client that hangs is a failure with its output so far. */
const LONGEST_RUN = 60_000;

/** The full path of a program that is there. */
export function program(tool: Tool): string {
  const found = folders.map((folder) => join(folder, tool)).find((path) => existsSync(path));
  if (!found) throw new Error(missing(tool));
  return found;
}

function isThere(tool: Tool): boolean {
  if (tool === 'root') return process.getuid?.() === 0;
  if (tool === 'boto3') return existsSync('/usr/lib/python3/dist-packages/boto3');
  return folders.some((folder) => existsSync(join(folder, tool)));
}

const missing = (tool: Tool) => `This test needs ${sentences[tool]}`;

/**
 * Options of a `describe` or `test` that cannot go without these tools: skipped with a sentence where one is missing. CI has
 * them all; there a missing one fails the file.
 */
export function needs(...tools: readonly Tool[]): { skip: string | false } {
  const sentence = tools.filter((tool) => !isThere(tool)).map(missing)[0];
  if (sentence && process.env['CI']) throw new Error(`${sentence}; in CI it must not be left out`);
  return { skip: sentence ?? false };
}

export interface Ran {
  /** Nothing where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end. Never blocks: the server that it talks to lives in this process. `env` comes beside PATH and a
 * home that is empty; the environment of the tests is not handed on.
 */
export async function run(
  tool: Tool,
  parameters: readonly string[],
  { env, input }: { env?: Readonly<Record<string, string>>; input?: string } = {},
): Promise<Ran> {
  const child = spawn(program(tool), parameters, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: LONGEST_RUN,
  });
  child.stdin.end(input);
  const [stdout, stderr, status] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve)),
  ]);
  return { status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** Credentials and habits of the AWS CLI and boto3; any key id of 12 digits is the account. */
export const awsEnvironment = {
  AWS_ACCESS_KEY_ID: '000000000000',
  AWS_SECRET_ACCESS_KEY: 'anything',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
};
