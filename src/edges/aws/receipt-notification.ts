import type { ReceiptNotice, RenderReceipt } from '../../core/receiving/receiving.ts';
import { commonFields, shownHeader } from '../../mail/mail-object.ts';

const iso = (at: number) => new Date(at).toISOString();

/** The JSON of SES's receipt notifications, of the SNS action and of any action's alert topic. */
export const receiptNotification: RenderReceipt = (notice) => ({
  subject: 'Amazon SES Email Receipt Notification',
  message: JSON.stringify({
    notificationType: 'Received',
    mail: mailObject(notice),
    receipt: {
      timestamp: iso(notice.message.at),
      processingTimeMillis: notice.processingTime,
      recipients: notice.recipients,
      spamVerdict: { status: notice.verdicts.spam },
      virusVerdict: { status: notice.verdicts.virus },
      spfVerdict: { status: notice.verdicts.spf },
      dkimVerdict: { status: notice.verdicts.dkim },
      dmarcVerdict: { status: notice.verdicts.dmarc },
      dmarcPolicy: notice.verdicts.dmarcPolicy,
      action: actionObject(notice),
    },
    ...contentOf(notice),
  }),
});

function mailObject({ message, header }: ReceiptNotice) {
  const shown = shownHeader(header);
  return {
    timestamp: iso(message.at),
    source: message.envelopeFrom,
    messageId: message.id,
    destination: message.recipients,
    headersTruncated: shown.truncated,
    headers: shown.fields,
    commonHeaders: commonFields(header),
  };
}

/** SES: contents of the action object, by type. A member that is not set is left out. */
function actionObject({ action, objectKey }: ReceiptNotice) {
  switch (action.kind) {
    case 's3':
      return {
        type: 'S3',
        topicArn: action.topic,
        bucketName: action.bucket,
        objectKeyPrefix: action.prefix,
        objectKey,
      };
    case 'sns':
      return { type: 'SNS', topicArn: action.topic, encoding: action.encoding === 'base64' ? 'BASE64' : 'UTF8' };
    case 'bounce':
      return {
        type: 'Bounce',
        topicArn: action.topic,
        smtpReplyCode: action.replyCode,
        statusCode: action.statusCode,
        message: action.message,
        sender: action.sender,
      };
    case 'lambda':
      return {
        type: 'Lambda',
        topicArn: action.topic,
        functionArn: action.functionArn,
        invocationType: action.invocation === 'wait' ? 'RequestResponse' : 'Event',
      };
    case 'stop':
      return { type: 'Stop', topicArn: action.topic };
    case 'webhook':
      return { type: 'Webhook', url: action.url };
    case 'forward':
      return { type: 'Forward', to: action.to };
    case 'add-header':
      return { type: 'AddHeader', headerName: action.name, headerValue: action.value };
  }
}

/** The mail itself, for who is handed it. A webhook gets it as any octets can be in JSON. */
function contentOf({ action, content }: ReceiptNotice) {
  if (!content) return {};
  if (action.kind === 'webhook') return { content: content.toString('base64') };
  if (action.kind !== 'sns') return {};
  return { content: content.toString(action.encoding === 'base64' ? 'base64' : 'utf8') };
}
