import { Refusal } from '../../../base/refusal.ts';
import type { TopicSigner, Topics } from '../../../core/targets/targets.ts';
import { type HttpHandler, plainText } from '../../http.ts';

/** Where the certificate of a topic's signatures is fetched: SNS's own name for it. */
export const certificatePath = (id: string) => `/SimpleNotificationService-${id}.pem`;

/**
 * The two links in what is brought to a subscriber: it has no key, so the token (or the unguessable subscription ARN) in
 * the link is what lets it confirm and leave. And the certificate, for whoever checks that it came from here.
 */
export function topicLinks(topics: Topics, signer: TopicSigner): HttpHandler {
  return async ({ method, path, query, headers }) => {
    if (method !== 'GET' || headers['authorization']) return undefined;
    if (path.startsWith('/SimpleNotificationService-')) {
      const { certificate, id } = await signer.signing();
      if (path !== certificatePath(id)) return undefined;
      return { status: 200, headers: { 'content-type': 'application/x-pem-file' }, body: certificate };
    }
    if (path !== '/') return undefined;
    const parameters = new URLSearchParams(query);
    const [topicArn, token, subscriptionArn] = ['TopicArn', 'Token', 'SubscriptionArn'].map(
      (name) => parameters.get(name) ?? '',
    );
    try {
      switch (parameters.get('Action')) {
        case 'ConfirmSubscription': {
          const { arn } = await topics.confirm(topicArn!, token!);
          return plainText(200, `Subscribed: ${arn}`);
        }
        case 'Unsubscribe':
          await topics.unsubscribe(subscriptionArn!, { signed: false });
          return plainText(200, 'Unsubscribed');
        default:
          return undefined;
      }
    } catch (cause) {
      if (cause instanceof Refusal) return plainText(400, cause.message);
      throw cause;
    }
  };
}
