import type { Notification, Posting, Subscription, TopicDocuments } from '../../core/targets/targets.ts';

/** What SNS posts to an HTTP subscriber, member for member; links lead to the endpoint at `url`. */
export function topicDocuments(url: () => string): TopicDocuments {
  return {
    notification: (notification, subscription) => {
      const headers = headersOf('Notification', notification.id, subscription);
      if (subscription.raw)
        return { headers: { ...headers, 'x-amz-sns-rawdelivery': 'true' }, body: notification.message };
      return posting(headers, {
        Type: 'Notification',
        MessageId: notification.id,
        TopicArn: notification.topicArn,
        ...(notification.subject !== undefined && { Subject: notification.subject }),
        Message: notification.message,
        Timestamp: timestamp(notification),
        UnsubscribeURL: `${url()}/?Action=Unsubscribe&SubscriptionArn=${encodeURIComponent(subscription.arn)}`,
      });
    },
    confirmation: (subscription, posted) => {
      const { topicArn, token } = subscription;
      return posting(headersOf('SubscriptionConfirmation', posted.id, subscription), {
        Type: 'SubscriptionConfirmation',
        MessageId: posted.id,
        Token: token,
        TopicArn: topicArn,
        Message: `You have chosen to subscribe to the topic ${topicArn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
        SubscribeURL: `${url()}/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(topicArn)}&Token=${token}`,
        Timestamp: timestamp(posted),
      });
    },
  };
}

const timestamp = ({ at }: Pick<Notification, 'at'>) => new Date(at).toISOString();

function posting(headers: Record<string, string>, document: object): Posting {
  return { headers, body: JSON.stringify(document) };
}

function headersOf(type: string, messageId: string, { topicArn, arn }: Subscription): Record<string, string> {
  return {
    'content-type': 'text/plain; charset=UTF-8',
    'user-agent': 'Amazon Simple Notification Service Agent',
    'x-amz-sns-message-type': type,
    'x-amz-sns-message-id': messageId,
    'x-amz-sns-topic-arn': topicArn,
    'x-amz-sns-subscription-arn': arn,
  };
}
