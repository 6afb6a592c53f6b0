import { Refusal, type RefusalCode } from '../../base/refusal.ts';
import type { SmtpTexts } from '../../wire/smtp/door.ts';
import { type Reply, reply } from '../../wire/smtp/reply.ts';

/** The words of the SES SMTP interface (SES: troubleshoot-smtp, "SMTP response codes"). */

export const ok = reply(250, 'Ok');
export const accepted = (messageId: string): Reply => reply(250, `Ok ${messageId}`);
export const authenticated = reply(235, 'Authentication successful.');
export const invalidCredentials = reply(535, 'Authentication Credentials Invalid');
const authenticationFailed = reply(454, 'Temporary authentication failure');
export const authenticationRequired = reply(530, 'Authentication required');
export const startTlsFirst = reply(530, 'Must issue a STARTTLS command first');
const tooLarge = reply(552, 'Message is too long.');
const temporaryFailure = reply(451, 'Temporary service failure');
const noRoom = reply(452, 'Temporary service failure');

export const transactionFailed = (reason: string): Reply => reply(554, `Transaction failed: ${reason}`);
const rejected = (reason: string): Reply => reply(554, `Message rejected: ${reason}`);

export const texts: SmtpTexts = {
  invalidSender: (path) => reply(553, `<${path}> Invalid email address`),
  invalidRecipient: (path) => reply(553, `<${path}> address unknown`),
  invalidContent: transactionFailed,
  tooLarge,
  noRoom,
  fault: temporaryFailure,
  authenticationFault: authenticationFailed,
};

const throttled = (reason: string): Reply => reply(454, `Throttling failure: ${reason}`);

/** What the interface says where sending refuses; a code that is not here cannot come from sending raw mail. */
const refusals: Partial<Record<RefusalCode, (message: string) => Reply>> = {
  'message-rejected': rejected,
  'sending-paused': rejected,
  'account-suspended': rejected,
  'mail-from-not-verified': rejected,
  'configuration-set-paused': rejected,
  'configuration-set-not-found': transactionFailed,
  'template-not-found': transactionFailed,
  'invalid-parameter': transactionFailed,
  validation: transactionFailed,
  'not-found': transactionFailed,
  'limit-exceeded': transactionFailed,
  'access-denied': (message) => reply(554, `Access denied: ${message}`),
  'rate-exceeded': () => throttled('Maximum sending rate exceeded.'),
  'daily-quota-exceeded': () => throttled('Daily message quota exceeded.'),
  'message-too-large': () => tooLarge,
  busy: () => noRoom,
};

/** Nothing where `error` is no refusal that has words here: a fault. */
export function refusalReply(error: unknown): Reply | undefined {
  return error instanceof Refusal ? refusals[error.code]?.(error.message) : undefined;
}
