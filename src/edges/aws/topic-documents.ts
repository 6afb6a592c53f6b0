import {
  isBinary,
  mayBeRaw,
  type Notification,
  type Posting,
  type SignatureVersion,
  type Subscription,
  type TopicDocuments,
} from '../../core/targets/targets.ts';

interface Needs {
  /** Where links lead. */
  readonly url: () => string;
  /** Where the certificate of signatures is fetched. */
  readonly certificateUrl: () => Promise<string>;
  /** In base64. */
  readonly sign: (text: string, version: SignatureVersion) => Promise<string>;
}

type Document = Readonly<Record<string, string>>;

/** What SNS brings to a subscriber, member for member; links lead to the endpoint at `url`. */
export function topicDocuments({ url, certificateUrl, sign }: Needs): TopicDocuments {
  async function signedNotification(notification: Notification): Promise<Document> {
    const { id, topic, subject, message } = notification;
    return signed(topic.settings.signature, notificationKeys, {
      Type: 'Notification',
      MessageId: id,
      TopicArn: topic.arn,
      ...(subject !== undefined && { Subject: subject }),
      Message: message,
      Timestamp: timestamp(notification),
    });
  }

  async function signed(version: SignatureVersion, keys: readonly string[], document: Document): Promise<Document> {
    const text = keys.flatMap((key) => (key in document ? [`${key}\n${document[key]}\n`] : [])).join('');
    const [Signature, SigningCertURL] = [await sign(text, version), await certificateUrl()];
    return { ...document, SignatureVersion: version, Signature, SigningCertURL };
  }

  const unsubscribeUrl = ({ arn }: Subscription) =>
    `${url()}/?Action=Unsubscribe&SubscriptionArn=${encodeURIComponent(arn)}`;

  return {
    notification(notification) {
      const { id, subject, message, attributes, topic } = notification;
      const mail = { way: 'email', headers: { subject: subject ?? `${nameOf(topic)} Message` } };
      /** One signature for all subscribers: what differs between them is not signed. */
      let once: Promise<Document> | undefined;
      const enveloped = async (subscription: Subscription) => {
        once ??= signedNotification(notification);
        return JSON.stringify({
          ...(await once),
          UnsubscribeURL: unsubscribeUrl(subscription),
          ...(Object.keys(attributes).length > 0 && { MessageAttributes: shownAttributes(attributes) }),
        });
      };
      return async (subscription): Promise<Posting> => {
        const raw = subscription.settings.raw && mayBeRaw(subscription.protocol);
        switch (subscription.protocol) {
          case 'sqs':
            if (raw) return { way: 'sqs', headers: { attributes: JSON.stringify(attributes) }, body: message };
            return { way: 'sqs', headers: {}, body: await enveloped(subscription) };
          case 'email':
            return { ...mail, body: `${message}\n\n--\n${LEAVE}\n${unsubscribeUrl(subscription)}\n` };
          case 'email-json':
            return { ...mail, body: await enveloped(subscription) };
          default: {
            const headers = headersOf('Notification', id, subscription);
            if (raw) return { headers: { ...headers, 'x-amz-sns-rawdelivery': 'true' }, body: message };
            return { headers, body: await enveloped(subscription) };
          }
        }
      };
    },

    async confirmation(subscription, topic, posted): Promise<Posting> {
      const { topicArn, token, protocol } = subscription;
      const link = `${url()}/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(topicArn)}&Token=${token}`;
      const subject = `${nameOf(topic)} - Subscription Confirmation`;
      if (protocol === 'email') {
        const body = `You have chosen to subscribe to the topic:\n${topicArn}\n\nTo confirm this subscription, click or visit the link below (If this was in error no action is necessary):\n${link}\n`;
        return { way: 'email', headers: { subject }, body };
      }
      const document = await signed(topic.settings.signature, confirmationKeys, {
        Type: 'SubscriptionConfirmation',
        MessageId: posted.id,
        Token: token,
        TopicArn: topicArn,
        Message: `You have chosen to subscribe to the topic ${topicArn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
        SubscribeURL: link,
        Timestamp: timestamp(posted),
      });
      const body = JSON.stringify(document);
      if (protocol === 'email-json') return { way: 'email', headers: { subject }, body };
      return { headers: headersOf('SubscriptionConfirmation', posted.id, subscription), body };
    },
  };
}

const LEAVE =
  'If you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:';

/** SNS: what is signed of each kind, in this order. */
const notificationKeys = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
const confirmationKeys = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];

const timestamp = ({ at }: Pick<Notification, 'at'>) => new Date(at).toISOString();

const nameOf = ({ settings }: Notification['topic']) => settings.displayName || 'AWS Notification';

function shownAttributes(attributes: Notification['attributes']) {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, value }]) => [
      name,
      { Type: isBinary({ type }) ? 'Binary' : type, Value: value },
    ]),
  );
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
