import type { RenderSubscribed } from '../../core/identities/identities.ts';

const kinds = { bounce: 'Bounce', complaint: 'Complaint', delivery: 'Delivery' } as const;

/** What SES publishes to a topic when an identity's notifications are led to it. */
export const topicSubscribed: RenderSubscribed = ({ topic, kind, identity }) =>
  `${JSON.stringify({
    notificationType: 'AmazonSnsSubscriptionSucceeded',
    message: `You have successfully subscribed your Amazon SNS topic '${topic}' to receive '${kinds[kind]}' notifications from Amazon SES for identity '${identity}'.`,
  })}\n`;
