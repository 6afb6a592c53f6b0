/** What SES hands things to: buckets, topics and queues, each ours or another endpoint's. */
import type { MovableClock } from '../base/clock.ts';
import type { TimeOrderedIds } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Vault } from '../core/accounts/accounts.ts';
import type { Notices } from '../core/notices/notices.ts';
import {
  Buckets,
  type BucketTarget,
  mailCourier,
  Publications,
  Queues,
  queueCourier,
  RemoteBuckets,
  RemoteTopics,
  TopicSigner,
  Topics,
  type TopicTarget,
  topicCourier,
  Uploads,
} from '../core/targets/targets.ts';
import { remoteObjects, remotePublisher, remoteQueues } from '../edges/aws/remote-targets.ts';
import { certificatePath } from '../edges/aws/sns/links.ts';
import { topicDocuments } from '../edges/aws/topic-documents.ts';
import type { Settings } from '../settings/settings.ts';
import type { Remote } from '../settings/values.ts';
import type { Store } from '../storage/ports.ts';
import { selfSigned } from '../wire/certificates.ts';
import type { HttpPost } from '../wire/http-post.ts';

interface Needs {
  readonly store: Store;
  readonly vault: Vault;
  readonly ids: TimeOrderedIds;
  readonly post: HttpPost;
  readonly notices: Notices;
  /** Known once the doors are open. */
  readonly opened: { readonly url: string; readonly secureUrl: string };
  readonly clock: MovableClock;
  readonly random: Random;
  readonly log: Log;
}

/** `own…` are what our own API serves, whatever the mail rooms hand things to. */
export function neighbours(settings: Settings, needs: Needs) {
  const { store, vault, ids, post, notices, opened, clock, random, log } = needs;
  const { rows, bytes } = store;
  const queues = new Queues({ rows, ids, clock, random, log });
  const { targetS3, targetSns, targetSqs } = settings;
  const at = (remote: Remote) => ({ ...remote, region: settings.region });
  const publisher = targetSns === 'embedded' ? undefined : remotePublisher(at(targetSns));
  const publications = new Publications({
    rows,
    post,
    couriers: {
      sqs: queueCourier(
        targetSqs === 'embedded' ? (queue, message) => queues.send(queue, message) : remoteQueues(at(targetSqs)),
      ),
      ...(publisher && { sns: topicCourier(publisher) }),
      email: mailCourier({ rows, notices }),
    },
    ids,
    clock,
    random,
    log,
  });
  const topicSigner = new TopicSigner({
    rows,
    vault,
    // Real time: others check it, who know no moved clock.
    makeCertificate: () => selfSigned({ name: 'Sesame topics', now: clock.civil() - clock.offset, random }),
  });
  const ownTopics = new Topics({
    rows,
    publications,
    documents: topicDocuments({
      url: () => opened.url,
      certificateUrl: async () => opened.secureUrl + certificatePath((await topicSigner.signing()).id),
      sign: (text, version) => topicSigner.sign(text, version),
    }),
    clock,
    random,
  });
  const topics: TopicTarget = publisher
    ? new RemoteTopics({ rows, publications, remote: publisher, random })
    : ownTopics;
  const ownBuckets = new Buckets({ rows, bytes, clock });
  const uploads = new Uploads({ rows, bytes, buckets: ownBuckets, clock, random });
  const buckets: BucketTarget =
    targetS3 === 'embedded' ? ownBuckets : new RemoteBuckets(bytes, remoteObjects(at(targetS3)));
  return { publications, queues, ownTopics, topics, topicSigner, ownBuckets, buckets, uploads };
}
