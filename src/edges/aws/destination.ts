/** Which service of AWS a request is for, and in which words that service says no, built or not. */
import type { CredentialScope } from '../../wire/sigv4.ts';
import type { Request } from '../http.ts';
import { type Dialect, dialects } from './errors.ts';
import { jsonFailures, queryCompatibleFailures } from './protocol/json.ts';
import type { FailureWriter } from './protocol/protocol.ts';
import { queryFailures } from './protocol/query.ts';
import { restJsonFailure } from './protocol/rest-json.ts';
import { restXmlFailure } from './protocol/rest-xml.ts';

export const SES_NAMESPACE = 'http://ses.amazonaws.com/doc/2010-12-01/';
export const SNS_NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';
export const SQS_NAMESPACE = 'http://queue.amazonaws.com/doc/2012-11-05/';
export const IAM_NAMESPACE = 'https://iam.amazonaws.com/doc/2010-05-08/';
export const STS_NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export interface Style {
  readonly dialect: Dialect;
  readonly fail: FailureWriter;
}

export interface Destination extends Style {
  /** A key of the gateway's services; a service that is not among them is not built yet. */
  readonly service: string;
}

const query = (namespace: string): Style => ({ dialect: dialects.v1, fail: queryFailures(namespace) });
const json = (version: '1.0' | '1.1'): Style => ({ dialect: dialects.v2, fail: jsonFailures(version) });
const restJson: Style = { dialect: dialects.v2, fail: restJsonFailure };

const styles: Readonly<Record<string, Style>> = {
  'ses-v1': query(SES_NAMESPACE),
  'ses-v2': restJson,
  s3: { dialect: dialects.s3, fail: restXmlFailure },
  sns: { dialect: dialects.sns, fail: queryFailures(SNS_NAMESPACE) },
  iam: { dialect: dialects.iam, fail: queryFailures(IAM_NAMESPACE) },
  sts: query(STS_NAMESPACE),
  sqs: { dialect: dialects.sqs, fail: queryCompatibleFailures('1.0') },
  lambda: restJson,
  firehose: json('1.1'),
  events: json('1.1'),
  monitoring: query('http://monitoring.amazonaws.com/doc/2010-08-01/'),
  kms: json('1.1'),
  servicequotas: { dialect: dialects.quotas, fail: jsonFailures('1.1') },
};

/** Undefined where an unsigned request resembles none of AWS's. */
export function destinationOf(request: Request, scope: CredentialScope | undefined): Destination | undefined {
  const service = scope ? signedFor(request, scope.service) : resembles(request);
  if (service === undefined) return undefined;
  if (service === 'sqs' && !isJson(request)) return { service, ...olderSqs };
  return { service, ...(Object.hasOwn(styles, service) ? styles[service]! : guessedStyle(request)) };
}

const olderSqs: Style = { dialect: dialects.sqs, fail: queryFailures(SQS_NAMESPACE) };

/** Older clients of SQS speak awsQuery to it. */
export function isJson({ headers }: Request): boolean {
  return headers['x-amz-target'] !== undefined;
}

/** Both versions of SES sign for `ses` (old clients: `email`); the path tells them apart. */
function signedFor({ path }: Request, service: string): string {
  if (service !== 'ses' && service !== 'email') return service;
  return path.startsWith('/v2/') ? 'ses-v2' : 'ses-v1';
}

const versions: Readonly<Record<string, string>> = {
  '2010-12-01': 'ses-v1',
  '2010-03-31': 'sns',
  '2010-05-08': 'iam',
  '2011-06-15': 'sts',
  '2012-11-05': 'sqs',
  '2010-08-01': 'monitoring',
};

const targets: Readonly<Record<string, string>> = {
  AmazonSQS: 'sqs',
  Firehose_20150804: 'firehose',
  AWSEvents: 'events',
  TrentService: 'kms',
  ServiceQuotasV20190624: 'servicequotas',
};

function resembles({ path, query, headers, body }: Request): string | undefined {
  if (path.startsWith('/v2/email/')) return 'ses-v2';
  const target = headers['x-amz-target']?.split('.')[0];
  if (target !== undefined) return targets[target];
  const form = headers['content-type']?.includes('x-www-form-urlencoded') ? body.toString('latin1') : query;
  if (!/(?:^|&)Action=/.test(form)) return undefined;
  const version = /(?:^|&)Version=([\d-]+)/.exec(form)?.[1];
  return version === undefined ? 'ses-v1' : versions[version];
}

function guessedStyle({ headers }: Request): Style {
  if (headers['x-amz-target'] !== undefined) return json('1.1');
  return headers['content-type']?.includes('x-www-form-urlencoded') ? query('https://amazonaws.com/') : restJson;
}
