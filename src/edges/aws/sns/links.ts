import { Refusal } from '../../../base/refusal.ts';
import type { Topics } from '../../../core/targets/targets.ts';
import { type HttpHandler, plainText } from '../../http.ts';

/**
 * The two links in what is posted to a subscriber: it has no key, so the token (or the unguessable subscription ARN) in
 * the link is what lets it confirm and leave.
 */
export function topicLinks(topics: Topics): HttpHandler {
  return async ({ method, path, query, headers }) => {
    if (method !== 'GET' || path !== '/' || headers['authorization']) return undefined;
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
          await topics.unsubscribe(subscriptionArn!);
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
