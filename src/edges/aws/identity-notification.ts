import { formatArn } from '../../base/arn.ts';
import { identityOwner } from '../../core/messages/messages.ts';
import type { IdentityNotice, RenderNotification } from '../../core/publishing/publishing.ts';
import { commonFields, shownHeader } from '../../mail/mail-object.ts';
import { bounceObject, complaintObject, deliveryObject, type Names } from './event-document.ts';

/** The JSON that the topics of an identity get (SES: notification contents); it differs from that of event publishing. */
export function identityNotification(names: Names): RenderNotification {
  return (notice) => JSON.stringify(documentOf(notice, names));
}

function documentOf(notice: IdentityNotice, names: Names): object {
  const { happening, at } = notice;
  const mail = mailObject(notice);
  switch (happening.type) {
    case 'bounce': {
      const { reportingMTA, ...bounce } = bounceObject(happening, at, names);
      return {
        notificationType: 'Bounce',
        bounce: { ...bounce, remoteMtaIp: happening.peerAddress, reportingMTA },
        mail,
      };
    }
    case 'complaint':
      return { notificationType: 'Complaint', complaint: complaintObject(happening, at), mail };
    case 'delivery': {
      const { reportingMTA, ...delivery } = deliveryObject(happening, at, names);
      return {
        notificationType: 'Delivery',
        mail,
        delivery: { ...delivery, remoteMtaIp: happening.peerAddress, reportingMTA },
      };
    }
  }
}

function mailObject({ message, header }: IdentityNotice): object {
  const { account, facts, envelopeFrom } = message;
  const { identity, sourceIp, callerArn, fromAddress } = facts;
  const shown = header && shownHeader(header);
  return {
    timestamp: new Date(message.at).toISOString(),
    source: envelopeFrom || fromAddress,
    sourceArn: identity && formatArn({ service: 'ses', ...identityOwner(message), resource: `identity/${identity}` }),
    sourceIp,
    callerIdentity: callerArn?.split(/[:/]/).at(-1),
    sendingAccountId: account,
    messageId: message.id,
    destination: message.recipients,
    headersTruncated: shown?.truncated,
    headers: shown?.fields,
    commonHeaders: header && commonFields(header, message.id),
  };
}
