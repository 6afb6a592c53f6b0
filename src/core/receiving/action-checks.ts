import { parseArn } from '../../base/arn.ts';
import type { Clock } from '../../base/clock.ts';
import type { OwnNames } from '../../base/own-names.ts';
import { Refusal, type RefusalCode } from '../../base/refusal.ts';
import { formatDate } from '../../mail/date.ts';
import { fieldFault, readHeader } from '../../mail/header-fields.ts';
import type { Scope } from '../../storage/ports.ts';
import type { BucketTarget, TopicTarget } from '../targets/targets.ts';
import { objectKeyOf, type RenderReceipt } from './actions.ts';
import type { Action } from './rules.ts';
import { notJudged } from './verdicts.ts';

interface Needs {
  readonly buckets: BucketTarget;
  readonly topics: TopicTarget;
  /** Whether a function of that ARN may be invoked for the scope. */
  readonly functionExists: (scope: Scope, functionArn: string) => Promise<boolean>;
  /** Whether the address is covered by a verified identity. */
  readonly covers: (scope: Scope, address: string) => Promise<boolean>;
  readonly render: RenderReceipt;
  readonly names: OwnNames;
  readonly clock: Clock;
}

/** Name of the test object, and id of the test message, by which their readers tell them from mail (SES). */
const SETUP = 'AMAZON_SES_SETUP_NOTIFICATION';
/** SES: HeaderName has 1 to 50 characters, HeaderValue fewer than 2,048. */
const MOST_HEADER_NAME = 50;
const MOST_HEADER_VALUE = 2_047;

/**
 * What SES checks of an action when its rule is created or changed: that its texts are fit, and that each target exists in
 * the region of the rule and takes what is handed to it, by writing a test to it.
 */
export class ActionChecks {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Refuses in SES's words. */
  async check(scope: Scope, action: Action): Promise<void> {
    switch (action.kind) {
      case 's3':
        await this.#checkBucket(scope, action);
        break;
      case 'sns':
        return this.#checkTopic(scope, action, action.topic);
      case 'bounce':
        await this.#checkBounce(scope, action);
        break;
      case 'lambda':
        await this.#checkFunction(scope, action.functionArn);
        break;
      case 'add-header':
        return checkHeader(action);
      case 'stop':
        break;
    }
    if (action.topic !== undefined) await this.#checkTopic(scope, action, action.topic);
  }

  async #checkBucket(scope: Scope, { bucket: name, prefix }: Extract<Action, { kind: 's3' }>): Promise<void> {
    const refuse = (text: string) => new Refusal('invalid-s3-configuration', text, { Bucket: name });
    if (name === '') throw refuse('Bucket name must not be empty');
    const bucket = await this.#needs.buckets.writable(scope.account, name);
    if (!bucket) throw refuse(`No such bucket: ${name}`);
    if (bucket.region !== scope.region) throw refuse(`Could not write to bucket: ${name}`);
    const content = this.#setupMail(scope, 'bucket');
    const object = { bucket: name, key: objectKeyOf(prefix, SETUP), content, contentType: 'application/octet-stream' };
    await this.#try(() => this.#needs.buckets.put(scope.account, object), refuse(`Could not write to bucket: ${name}`));
  }

  async #checkTopic(scope: Scope, action: Action, arn: string): Promise<void> {
    const { topics, render, clock } = this.#needs;
    const refuse = (text: string) => new Refusal('invalid-sns-topic', `${text}: ${arn}`, { Topic: arn });
    const { region, account } = parseArn(arn) ?? {};
    if (region !== scope.region || account !== scope.account || !(await topics.find(arn))) {
      throw refuse('Invalid SNS topic');
    }
    const content = this.#setupMail(scope, 'topic');
    const recipient = 'recipient@example.com';
    const document = render({
      message: {
        id: SETUP,
        ...scope,
        direction: 'in',
        envelopeFrom: 'aws@amazon.com',
        from: 'aws@amazon.com',
        recipients: [recipient],
        subject: 'Amazon SES Setup Notification',
        at: clock.civil(),
        size: content.length,
        segments: [],
        bodyHash: '',
        tags: [],
        facts: {},
      },
      header: readHeader(content).fields,
      content: action.kind === 'sns' ? content : undefined,
      recipients: [recipient],
      action,
      objectKey: action.kind === 's3' ? objectKeyOf(action.prefix, SETUP) : undefined,
      verdicts: notJudged,
      processingTime: 0,
    });
    await this.#try(() => topics.publish(arn, document), refuse('Could not publish to SNS topic'));
  }

  async #checkFunction(scope: Scope, functionArn: string): Promise<void> {
    const refuse = (text: string) => new Refusal('invalid-lambda-function', text, { FunctionArn: functionArn });
    if (functionArn === '') throw refuse('Lambda function ARN must not be empty');
    const { service, region } = parseArn(functionArn) ?? {};
    const isHere = service === 'lambda' && region === scope.region;
    if (!isHere || !(await this.#needs.functionExists(scope, functionArn))) {
      throw refuse(`Invalid Lambda function: ${functionArn}`);
    }
  }

  async #checkBounce(
    scope: Scope,
    { replyCode, statusCode, message, sender }: Extract<Action, { kind: 'bounce' }>,
  ): Promise<void> {
    if (!/^[45][0-5]\d$/.test(replyCode)) throw invalid(`Invalid SMTP reply code: ${replyCode}`);
    if (statusCode !== undefined && !/^[45]\.\d{1,3}\.\d{1,3}$/.test(statusCode)) {
      throw invalid(`Invalid SMTP status code: ${statusCode}`);
    }
    if (!/^[ -~]{1,500}$/.test(message)) throw invalid(`Invalid SMTP response message: ${message}`);
    const covered = fieldFault('From', sender) === undefined && (await this.#needs.covers(scope, sender));
    if (!covered) throw invalid(`Identity is not verified: ${sender}`);
  }

  /** A refusal of the target is one of the action; a full disk is not. */
  async #try(write: () => Promise<unknown>, refusal: Refusal): Promise<void> {
    try {
      await write();
    } catch (cause) {
      const passes: readonly RefusalCode[] = ['busy'];
      throw cause instanceof Refusal && !passes.includes(cause.code) ? refusal : cause;
    }
  }

  /** The small mail that SES writes to a target, which says what it is. */
  #setupMail({ region }: Scope, target: 'bucket' | 'topic'): Buffer {
    const { clock, names } = this.#needs;
    const where = target === 'bucket' ? 'S3 bucket' : 'SNS topic';
    return Buffer.from(
      `From: Amazon Web Services <no-reply-aws@amazon.com>\r\nTo: recipient@example.com\r\n` +
        `Subject: Amazon SES Setup Notification\r\nDate: ${formatDate(clock.civil())}\r\n` +
        `Message-ID: <${SETUP}@${names.messageIdDomain(region)}>\r\n\r\nHello,\r\n\r\nYou received this message because ` +
        `you attempted to set up Amazon SES to deliver emails to this ${where}.\r\n\r\nPlease ignore this message.\r\n`,
      'latin1',
    );
  }
}

const invalid = (text: string) => new Refusal('invalid-parameter', text);

function checkHeader({ name, value }: Extract<Action, { kind: 'add-header' }>): void {
  if (!/^[A-Za-z0-9-]+$/.test(name) || name.length > MOST_HEADER_NAME) throw invalid(`Invalid header name: ${name}`);
  if (value.length > MOST_HEADER_VALUE || fieldFault(name, value)) throw invalid(`Invalid header value: ${value}`);
}
