/**
 * Receiving: over the MX door into a bucket by a rule, until the last action has run; durable, nothing verified. And what
 * forty large mails at a time cost in memory.
 */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { pause } from './children.ts';
import { sendMail, TO } from './mail.ts';
import type { Bench } from './peers.ts';
import { Postfix } from './postfix.ts';
import { alternate, type Contender, type Figure, figure, paced } from './rounds.ts';
import { Sesame } from './sesame.ts';
import { Watch } from './watch.ts';

/** One peer may have no more at the MX door. */
const CONNECTIONS = 100;
const OCTETS = 4_096;
const MOST_MESSAGES = 60_000;

const LARGE_MAILS = 40;
const LARGE_OCTETS = 30 * 2 ** 20;
/** Milliseconds between two looks at the memory. */
const LOOK = 50;

export async function receive({ effort }: Bench): Promise<Figure[]> {
  const scenario = 'Receive to S3, 4 KB';
  const sesame = await receiving();
  const postfix = await Postfix.start();
  try {
    await intoBucket(sesame)(2_000);
    const watch = new Watch(sesame, { scenario, connections: CONNECTIONS });
    const pace = { seconds: effort.seconds, most: MOST_MESSAGES };
    const contenders: Contender[] = [
      { peer: 'sesame', run: paced(watch.during(intoBucket(sesame)), { ...pace, pilot: 1_200 }) },
      ...(postfix ? [{ peer: 'postfix, accept', run: paced(accepted(postfix), { ...pace, pilot: 400 }) }] : []),
    ];
    const labels = { scenario, connections: CONNECTIONS, unit: 'messages/s' };
    return [...(await alternate(labels, contenders, effort.rounds)), ...watch.figures()];
  } finally {
    await Promise.all([sesame.stop(), postfix?.stop()]);
  }
}

export async function receiveLarge(): Promise<Figure[]> {
  const sesame = await receiving();
  try {
    const idle = (await sesame.stats()).residentMegabytes;
    let most = idle;
    let done = false;
    const work = sendMail({
      port: sesame.mxPort,
      connections: LARGE_MAILS,
      messages: LARGE_MAILS,
      octets: LARGE_OCTETS,
    }).finally(() => {
      done = true;
    });
    while (!done) {
      most = Math.max(most, (await sesame.stats()).residentMegabytes);
      await pause(LOOK);
    }
    const seconds = await work;
    await sesame.settled();
    most = Math.max(most, (await sesame.stats()).residentMegabytes);
    const scenario = `Receive ${LARGE_MAILS} × ${LARGE_OCTETS / 2 ** 20} MB at a time`;
    const of = (peer: string, unit: string, value: number) =>
      figure({ scenario, peer, unit, runs: [value], others: [] });
    return [
      of('sesame, memory over idle', 'MB', most - idle),
      of('sesame, rate', 'MB/s', (LARGE_MAILS * LARGE_OCTETS) / 2 ** 20 / seconds),
    ];
  } finally {
    await sesame.stop();
  }
}

/** A Sesame that stores what comes to the bench's recipient. */
async function receiving(): Promise<Sesame> {
  const sesame = await Sesame.start();
  const ses = new SESClient(sesame.configuration);
  const s3 = new S3Client({ ...sesame.configuration, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'mails' }));
  await ses.send(new VerifyDomainIdentityCommand({ Domain: TO.split('@')[1]! }));
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'bench' }));
  const Rule = { Name: 'store', Enabled: true, Actions: [{ S3Action: { BucketName: 'mails' } }] };
  await ses.send(new CreateReceiptRuleCommand({ RuleSetName: 'bench', Rule }));
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'bench' }));
  ses.destroy();
  s3.destroy();
  return sesame;
}

/** Seconds from the first connection until the last action has run. */
function intoBucket(sesame: Sesame) {
  return async (messages: number): Promise<number> => {
    const from = performance.now();
    await sendMail({ port: sesame.mxPort, connections: CONNECTIONS, messages, octets: OCTETS });
    await sesame.settled();
    return (performance.now() - from) / 1_000;
  };
}

/** Postfix's accept alone; what it still has to relay must not weigh on our turn. */
function accepted({ port, sink }: Postfix) {
  return async (messages: number): Promise<number> => {
    const before = await sink.taken();
    const seconds = await sendMail({ port, connections: CONNECTIONS, messages, octets: OCTETS });
    await sink.reached(before + messages);
    return seconds;
  };
}
