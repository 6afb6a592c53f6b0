/**
 * An expected no: the caller asked for something that SES or the RFC refuses.
 * The closed set of codes is the house's own; each door maps a code to its wording (v1, v2, SMTP).
 * Anything else that is thrown is a fault: logged with its cause, answered without detail.
 */
export type RefusalCode =
  // what was asked
  | 'invalid-parameter'
  | 'validation'
  | 'not-found'
  | 'already-exists'
  | 'limit-exceeded'
  | 'conflict'
  | 'invalid-page-token'
  | 'not-built'
  // who asks
  | 'access-denied'
  | 'invalid-policy'
  // sending
  | 'message-rejected'
  | 'message-too-large'
  | 'mail-from-not-verified'
  | 'from-address-not-verified'
  | 'configuration-set-not-found'
  | 'invalid-firehose-destination'
  | 'invalid-cloudwatch-destination'
  | 'template-not-found'
  | 'invalid-template'
  | 'invalid-rendering-data'
  | 'missing-rendering-attribute'
  | 'invalid-verification-content'
  | 'production-access-not-granted'
  | 'wrong-number-of-entries'
  | 'sending-paused'
  | 'configuration-set-paused'
  | 'account-suspended'
  | 'rate-exceeded'
  | 'daily-quota-exceeded'
  // receiving
  | 'routing-loop'
  | 'target-failed'
  | 'rule-set-not-found'
  | 'rule-not-found'
  | 'cannot-delete'
  | 'invalid-s3-configuration'
  | 'invalid-sns-topic'
  | 'invalid-lambda-function'
  // targets
  | 'no-such-bucket'
  | 'no-such-key'
  | 'bucket-not-empty'
  | 'bucket-already-exists'
  | 'invalid-bucket-name'
  | 'bucket-is-yours'
  | 'wrong-region'
  | 'key-too-long'
  | 'no-such-upload'
  | 'invalid-part'
  | 'invalid-part-order'
  | 'entity-too-small'
  | 'invalid-digest'
  | 'bad-digest'
  | 'precondition-failed'
  | 'not-modified'
  | 'invalid-range'
  | 'no-such-bucket-policy'
  | 'metadata-too-large'
  | 'malformed-xml'
  | 'malformed-policy'
  | 'illegal-copy'
  | 'no-such-topic'
  | 'no-such-subscription'
  | 'no-such-queue'
  | 'queue-exists'
  | 'invalid-receipt-handle'
  | 'message-not-in-flight'
  | 'too-many-in-flight'
  | 'missing-parameter'
  | 'invalid-attribute-name'
  | 'invalid-attribute-value'
  | 'invalid-message-contents'
  | 'empty-batch'
  | 'too-many-entries'
  | 'repeated-entry-id'
  | 'invalid-entry-id'
  | 'batch-too-long'
  // the machine
  | 'busy';

export class Refusal extends Error {
  readonly code: RefusalCode;
  /** Members of the modelled error beside its message, e.g. the name of the missing configuration set. */
  readonly detail: Readonly<Record<string, string>>;

  constructor(code: RefusalCode, message: string, detail: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.detail = detail;
  }
}
