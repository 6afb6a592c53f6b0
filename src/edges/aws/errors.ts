/**
 * The words in which each API says no.
 * A refusal has a code of the house, a request that cannot be read or a signature that does not hold a reason; the
 * tables below turn each into the name that the service has for it. Status and extra members of an error that the
 * SDK models come from its schema; for the others the status stands here.
 */
import { Refusal, type RefusalCode } from '../../base/refusal.ts';
import type { SignatureFault } from '../../wire/sigv4.ts';
import { Invalid, type InvalidKind } from './protocol/invalid.ts';
import type { Failure } from './protocol/protocol.ts';
import type { Model } from './protocol/schema.ts';

export type Reason = RefusalCode | InvalidKind | SignatureFault | 'fault';

/** A name that is modelled, or a name and its status. */
type Word = string | readonly [code: string, status: number];

/** A refusal of a neighbour that SES itself never hands on. */
const elsewhere: readonly [Word, Word] = [['InvalidParameterValue', 400], 'BadRequestException'];

/** SES v1 and v2. `v1WordsOfOperations` refines it. */
const words: Readonly<Record<Reason, readonly [v1: Word, v2: Word]>> = {
  'invalid-parameter': [['InvalidParameterValue', 400], 'BadRequestException'],
  'not-found': [['InvalidParameterValue', 400], 'NotFoundException'],
  'already-exists': ['AlreadyExists', 'AlreadyExistsException'],
  'limit-exceeded': ['LimitExceeded', 'LimitExceededException'],
  conflict: [['InvalidParameterValue', 400], 'ConflictException'],
  'invalid-page-token': [['InvalidParameterValue', 400], 'BadRequestException'],
  'not-built': [['InvalidAction', 400], 'BadRequestException'],

  'access-denied': [
    ['AccessDenied', 403],
    ['AccessDeniedException', 403],
  ],
  'invalid-policy': ['InvalidPolicy', 'BadRequestException'],

  'message-rejected': ['MessageRejected', 'MessageRejected'],
  'message-too-large': [['InvalidParameterValue', 400], 'BadRequestException'],
  'mail-from-not-verified': ['MailFromDomainNotVerifiedException', 'MailFromDomainNotVerifiedException'],
  'from-address-not-verified': ['FromEmailAddressNotVerified', 'BadRequestException'],
  'configuration-set-not-found': ['ConfigurationSetDoesNotExist', 'NotFoundException'],
  'invalid-firehose-destination': ['InvalidFirehoseDestination', 'BadRequestException'],
  'invalid-cloudwatch-destination': ['InvalidCloudWatchDestination', 'BadRequestException'],
  'template-not-found': ['TemplateDoesNotExist', 'NotFoundException'],
  'invalid-template': ['InvalidTemplate', 'BadRequestException'],
  'invalid-rendering-data': ['InvalidRenderingParameter', 'BadRequestException'],
  'missing-rendering-attribute': ['MissingRenderingAttribute', 'BadRequestException'],
  'invalid-verification-content': ['CustomVerificationEmailInvalidContent', 'BadRequestException'],
  'production-access-not-granted': ['ProductionAccessNotGranted', 'BadRequestException'],
  'wrong-number-of-entries': ['MessageRejected', 'BadRequestException'],
  'sending-paused': ['AccountSendingPausedException', 'SendingPausedException'],
  'configuration-set-paused': ['ConfigurationSetSendingPausedException', 'SendingPausedException'],
  'account-suspended': ['MessageRejected', 'AccountSuspendedException'],
  'rate-exceeded': [['Throttling', 400], 'TooManyRequestsException'],
  'daily-quota-exceeded': [['Throttling', 400], 'TooManyRequestsException'],

  'target-failed': [['InvalidParameterValue', 400], 'BadRequestException'],
  'routing-loop': ['MessageRejected', 'MessageRejected'],
  'rule-set-not-found': ['RuleSetDoesNotExist', 'NotFoundException'],
  'rule-not-found': ['RuleDoesNotExist', 'NotFoundException'],
  'cannot-delete': ['CannotDelete', 'BadRequestException'],
  'invalid-s3-configuration': ['InvalidS3Configuration', 'BadRequestException'],
  'invalid-sns-topic': ['InvalidSnsTopic', 'BadRequestException'],
  'invalid-lambda-function': ['InvalidLambdaFunction', 'BadRequestException'],

  'no-such-bucket': [['NoSuchBucket', 404], 'NotFoundException'],
  'no-such-key': [['NoSuchKey', 404], 'NotFoundException'],
  'bucket-not-empty': [['BucketNotEmpty', 409], 'ConflictException'],
  'bucket-already-exists': [['BucketAlreadyExists', 409], 'AlreadyExistsException'],
  'no-such-topic': [['NotFound', 404], 'NotFoundException'],
  'no-such-subscription': [['NotFound', 404], 'NotFoundException'],
  'invalid-bucket-name': elsewhere,
  'bucket-is-yours': elsewhere,
  'wrong-region': elsewhere,
  'key-too-long': elsewhere,
  'no-such-upload': elsewhere,
  'invalid-part': elsewhere,
  'invalid-part-order': elsewhere,
  'entity-too-small': elsewhere,
  'invalid-digest': elsewhere,
  'bad-digest': elsewhere,
  'precondition-failed': elsewhere,
  'not-modified': elsewhere,
  'invalid-range': elsewhere,
  'no-such-bucket-policy': elsewhere,
  'metadata-too-large': elsewhere,
  'malformed-xml': elsewhere,
  'malformed-policy': elsewhere,
  'illegal-copy': elsewhere,
  'no-such-queue': [['NotFound', 404], 'NotFoundException'],
  'queue-exists': elsewhere,
  'invalid-receipt-handle': elsewhere,
  'message-not-in-flight': elsewhere,
  'too-many-in-flight': elsewhere,
  'missing-parameter': elsewhere,
  'invalid-attribute-name': elsewhere,
  'invalid-attribute-value': elsewhere,
  'invalid-message-contents': elsewhere,
  'empty-batch': elsewhere,
  'too-many-entries': elsewhere,
  'repeated-entry-id': elsewhere,
  'invalid-entry-id': elsewhere,
  'batch-too-long': elsewhere,

  busy: [
    ['ServiceUnavailable', 503],
    ['ServiceUnavailableException', 503],
  ],

  validation: [['ValidationError', 400], 'BadRequestException'],
  serialization: [
    ['MalformedInput', 400],
    ['SerializationException', 400],
  ],
  malformed: [
    ['MalformedInput', 400],
    ['SerializationException', 400],
  ],
  'content-hash': elsewhere,
  'missing-action': [
    ['MissingAction', 400],
    ['UnknownOperationException', 404],
  ],
  'unknown-operation': [
    ['InvalidAction', 400],
    ['UnknownOperationException', 404],
  ],

  missing: [
    ['MissingAuthenticationToken', 403],
    ['MissingAuthenticationTokenException', 403],
  ],
  incomplete: [
    ['IncompleteSignature', 400],
    ['IncompleteSignatureException', 403],
  ],
  'wrong-service': [
    ['SignatureDoesNotMatch', 403],
    ['SignatureDoesNotMatch', 403],
  ],
  'unknown-key': [
    ['InvalidClientTokenId', 403],
    ['UnrecognizedClientException', 403],
  ],
  'wrong-token': [
    ['InvalidClientTokenId', 403],
    ['UnrecognizedClientException', 403],
  ],
  skewed: [
    ['RequestExpired', 400],
    ['SignatureDoesNotMatch', 403],
  ],
  expired: [
    ['RequestExpired', 400],
    ['SignatureDoesNotMatch', 403],
  ],
  payload: [
    ['SignatureDoesNotMatch', 403],
    ['SignatureDoesNotMatch', 403],
  ],
  mismatch: [
    ['SignatureDoesNotMatch', 403],
    ['SignatureDoesNotMatch', 403],
  ],

  fault: [
    ['InternalFailure', 500],
    ['InternalFailure', 500],
  ],
};

/** Where v2 has one error for all kinds of resources, v1 has one for each: the operation tells which is meant. */
const v1WordsOfOperations: Readonly<Record<string, Partial<Record<Reason, Word>>>> = {
  CreateConfigurationSet: {
    'already-exists': 'ConfigurationSetAlreadyExists',
    'invalid-parameter': 'InvalidConfigurationSet',
  },
  CreateConfigurationSetEventDestination: {
    'already-exists': 'EventDestinationAlreadyExists',
    'invalid-sns-topic': 'InvalidSNSDestination',
  },
  UpdateConfigurationSetEventDestination: {
    'not-found': 'EventDestinationDoesNotExist',
    'invalid-sns-topic': 'InvalidSNSDestination',
  },
  DeleteConfigurationSetEventDestination: { 'not-found': 'EventDestinationDoesNotExist' },
  CreateConfigurationSetTrackingOptions: {
    'already-exists': 'TrackingOptionsAlreadyExistsException',
    'invalid-parameter': 'InvalidTrackingOptions',
  },
  UpdateConfigurationSetTrackingOptions: {
    'not-found': 'TrackingOptionsDoesNotExistException',
    'invalid-parameter': 'InvalidTrackingOptions',
  },
  DeleteConfigurationSetTrackingOptions: { 'not-found': 'TrackingOptionsDoesNotExistException' },
  PutIdentityPolicy: { 'limit-exceeded': ['InvalidParameterValue', 400] },
  CreateCustomVerificationEmailTemplate: { 'already-exists': 'CustomVerificationEmailTemplateAlreadyExists' },
  GetCustomVerificationEmailTemplate: { 'template-not-found': 'CustomVerificationEmailTemplateDoesNotExist' },
  UpdateCustomVerificationEmailTemplate: { 'template-not-found': 'CustomVerificationEmailTemplateDoesNotExist' },
  SendCustomVerificationEmail: { 'template-not-found': 'CustomVerificationEmailTemplateDoesNotExist' },
};

const s3Words: Partial<Record<Reason, Word>> = {
  'invalid-bucket-name': ['InvalidBucketName', 400],
  'bucket-is-yours': ['BucketAlreadyOwnedByYou', 409],
  'wrong-region': ['PermanentRedirect', 301],
  'key-too-long': ['KeyTooLongError', 400],
  'no-such-upload': ['NoSuchUpload', 404],
  'invalid-part': ['InvalidPart', 400],
  'invalid-part-order': ['InvalidPartOrder', 400],
  'entity-too-small': ['EntityTooSmall', 400],
  'invalid-digest': ['InvalidDigest', 400],
  'bad-digest': ['BadDigest', 400],
  'precondition-failed': ['PreconditionFailed', 412],
  'not-modified': ['NotModified', 304],
  'invalid-range': ['InvalidRange', 416],
  'no-such-bucket-policy': ['NoSuchBucketPolicy', 404],
  'metadata-too-large': ['MetadataTooLarge', 400],
  'malformed-xml': ['MalformedXML', 400],
  'malformed-policy': ['MalformedPolicy', 400],
  'illegal-copy': ['InvalidRequest', 400],
  'content-hash': ['XAmzContentSHA256Mismatch', 400],
  'invalid-parameter': ['InvalidArgument', 400],
  validation: ['InvalidRequest', 400],
  malformed: ['MalformedXML', 400],
  serialization: ['InvalidArgument', 400],
  'unknown-operation': ['MethodNotAllowed', 405],
  'not-built': ['NotImplemented', 501],
  'message-too-large': ['EntityTooLarge', 400],
  missing: ['AccessDenied', 403],
  incomplete: ['AuthorizationHeaderMalformed', 400],
  'unknown-key': ['InvalidAccessKeyId', 403],
  'wrong-token': ['InvalidToken', 400],
  skewed: ['RequestTimeTooSkewed', 403],
  expired: ['AccessDenied', 403],
  payload: ['XAmzContentSHA256Mismatch', 400],
  busy: ['SlowDown', 503],
  fault: ['InternalError', 500],
};

const snsWords: Partial<Record<Reason, Word>> = {
  'invalid-parameter': 'InvalidParameter',
  validation: ['ValidationError', 400],
  'not-found': 'NotFound',
  'access-denied': 'AuthorizationError',
  'rate-exceeded': ['Throttled', 429],
  'missing-parameter': 'InvalidParameter',
  'empty-batch': 'EmptyBatchRequest',
  'too-many-entries': 'TooManyEntriesInBatchRequest',
  'repeated-entry-id': 'BatchEntryIdsNotDistinct',
  'invalid-entry-id': 'InvalidBatchEntryId',
  'batch-too-long': 'BatchRequestTooLong',
};

/** By the names of the model: what stands on the wire of its older protocol is in the schemas. */
const sqsWords: Partial<Record<Reason, Word>> = {
  validation: ['MissingParameter', 400],
  'missing-parameter': ['MissingParameter', 400],
  'not-built': 'UnsupportedOperation',
  'access-denied': ['AccessDenied', 403],
  'no-such-queue': 'QueueDoesNotExist',
  'queue-exists': 'QueueNameExists',
  'invalid-receipt-handle': 'ReceiptHandleIsInvalid',
  'message-not-in-flight': 'MessageNotInflight',
  'too-many-in-flight': 'OverLimit',
  'invalid-attribute-name': 'InvalidAttributeName',
  'invalid-attribute-value': 'InvalidAttributeValue',
  'invalid-message-contents': 'InvalidMessageContents',
  'empty-batch': 'EmptyBatchRequest',
  'too-many-entries': 'TooManyEntriesInBatchRequest',
  'repeated-entry-id': 'BatchEntryIdsNotDistinct',
  'invalid-entry-id': 'InvalidBatchEntryId',
  'batch-too-long': 'BatchRequestTooLong',
};

const quotasWords: Partial<Record<Reason, Word>> = {
  'invalid-parameter': 'IllegalArgumentException',
  'not-found': 'NoSuchResourceException',
  'already-exists': 'ResourceAlreadyExistsException',
  'invalid-page-token': 'InvalidPaginationTokenException',
  'not-built': ['UnknownOperationException', 400],
  validation: ['ValidationException', 400],
};

const iamWords: Partial<Record<Reason, Word>> = {
  'invalid-parameter': 'InvalidInput',
  'not-found': 'NoSuchEntity',
  'already-exists': 'EntityAlreadyExists',
  'cannot-delete': 'DeleteConflict',
  'invalid-policy': 'MalformedPolicyDocument',
  conflict: 'ConcurrentModification',
};

export type Dialect = (reason: Reason, operation: string | undefined) => Word;

export const dialects = {
  v1: (reason, operation = '') => v1WordsOfOperations[operation]?.[reason] ?? words[reason][0],
  v2: (reason) => words[reason][1],
  s3: (reason) => s3Words[reason] ?? words[reason][0],
  iam: (reason) => iamWords[reason] ?? words[reason][0],
  sns: (reason) => snsWords[reason] ?? words[reason][0],
  quotas: (reason) => quotasWords[reason] ?? words[reason][1],
  sqs: (reason) => sqsWords[reason] ?? words[reason][0],
} satisfies Record<string, Dialect>;

/** A request that came with no signature, or one that does not hold. */
export class NotAuthentic extends Error {
  readonly reason: SignatureFault;

  constructor(reason: SignatureFault, timestamp = '') {
    super(signatureTexts[reason].replace('%', timestamp));
    this.name = 'NotAuthentic';
    this.reason = reason;
  }
}

const NO_MATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

const signatureTexts: Readonly<Record<SignatureFault, string>> = {
  missing: 'Missing Authentication Token',
  incomplete:
    "The request's signature is incomplete: it needs an algorithm of AWS4-HMAC-SHA256, a credential with date, region and service, signed headers with host, a signature and a date.",
  'wrong-service': 'Credential should be scoped to correct service.',
  'unknown-key': 'The security token included in the request is invalid.',
  'wrong-token': 'The security token included in the request is invalid.',
  skewed: 'Signature expired: % is more than 15 minutes away from the current time',
  expired: 'Signature expired: % and its time to live are in the past',
  payload: NO_MATCH,
  mismatch: NO_MATCH,
};

export interface FailureContext {
  readonly dialect: Dialect;
  readonly operation: string | undefined;
  readonly model: Model | undefined;
}

/** Undefined for what nobody expected: a fault, to be logged and answered with `faultOf`. */
export function failureOf(error: unknown, context: FailureContext): Failure | undefined {
  if (error instanceof Refusal) return worded(error.code, error.message, context, error.detail);
  if (error instanceof Invalid) return worded(error.kind, error.message, context);
  if (error instanceof NotAuthentic) return worded(error.reason, error.message, context);
  return undefined;
}

export function faultOf(context: FailureContext): Failure {
  return worded('fault', 'The request processing has failed because of an unknown error.', context);
}

function worded(reason: Reason, message: string, context: FailureContext, detail: Refusal['detail'] = {}): Failure {
  const word = context.dialect(reason, context.operation);
  const [code, status] = typeof word === 'string' ? [word, 400] : word;
  const modelled = context.model?.errors.get(code);
  // S3's page of an error has room for whatever helps to understand it.
  const isShown = (name: string) => context.dialect === dialects.s3 || modelled?.members.includes(name);
  const members = Object.entries(detail).filter(([name]) => isShown(name));
  const queryCode = modelled?.queryCode ?? code;
  return { code, queryCode, status: modelled?.status ?? status, message, members: Object.fromEntries(members) };
}
