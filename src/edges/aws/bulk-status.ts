import type { BulkEmailStatus as V1 } from '@aws-sdk/client-ses';
import type { BulkEmailStatus as V2 } from '@aws-sdk/client-sesv2';
import type { RefusalCode } from '../../base/refusal.ts';
import type { BulkOutcome } from '../../core/sending/sending.ts';

/** What became of one entry of a bulk send, in the words of each API. */
const words: Partial<Record<RefusalCode, readonly [V1, V2]>> = {
  'invalid-parameter': ['InvalidParameterValue', 'INVALID_PARAMETER'],
  'message-too-large': ['InvalidParameterValue', 'INVALID_PARAMETER'],
  'message-rejected': ['MessageRejected', 'MESSAGE_REJECTED'],
  'mail-from-not-verified': ['MailFromDomainNotVerified', 'MAIL_FROM_DOMAIN_NOT_VERIFIED'],
  'configuration-set-not-found': ['ConfigurationSetDoesNotExist', 'CONFIGURATION_SET_NOT_FOUND'],
  'configuration-set-paused': ['ConfigurationSetSendingPaused', 'CONFIGURATION_SET_SENDING_PAUSED'],
  'account-suspended': ['AccountSuspended', 'ACCOUNT_SUSPENDED'],
  'sending-paused': ['AccountSendingPaused', 'ACCOUNT_SENDING_PAUSED'],
  'rate-exceeded': ['AccountThrottled', 'ACCOUNT_THROTTLED'],
  'daily-quota-exceeded': ['AccountDailyQuotaExceeded', 'ACCOUNT_DAILY_QUOTA_EXCEEDED'],
  busy: ['TransientFailure', 'TRANSIENT_FAILURE'],
};

export function bulkStatusV1(outcome: BulkOutcome) {
  if (outcome.ok) return { Status: 'Success', MessageId: outcome.messageId } as const;
  return { Status: wordsOf(outcome)?.[0] ?? 'Failed', Error: outcome.reason };
}

export function bulkStatusV2(outcome: BulkOutcome) {
  if (outcome.ok) return { Status: 'SUCCESS', MessageId: outcome.messageId } as const;
  return { Status: wordsOf(outcome)?.[1] ?? 'FAILED', Error: outcome.reason };
}

function wordsOf({ code }: Extract<BulkOutcome, { ok: false }>) {
  return code === 'fault' ? undefined : words[code];
}
