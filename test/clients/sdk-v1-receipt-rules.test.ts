import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  AlreadyExistsException,
  CannotDeleteException,
  CloneReceiptRuleSetCommand,
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  DeleteReceiptRuleCommand,
  DeleteReceiptRuleSetCommand,
  DescribeActiveReceiptRuleSetCommand,
  DescribeReceiptRuleCommand,
  DescribeReceiptRuleSetCommand,
  InvalidLambdaFunctionException,
  InvalidS3ConfigurationException,
  InvalidSnsTopicException,
  LimitExceededException,
  ListReceiptRuleSetsCommand,
  type ReceiptAction,
  type ReceiptRule,
  ReorderReceiptRuleSetCommand,
  RuleDoesNotExistException,
  RuleSetDoesNotExistException,
  SESClient,
  SESServiceException,
  SetActiveReceiptRuleSetCommand,
  SetReceiptRulePositionCommand,
  UpdateReceiptRuleCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// Receipt rule sets and rules as API v1 keeps them; what they do with mail is told elsewhere.
let sesame: SesameUnderTest;
let ses: SESClient;
let topic: string;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new SESClient(sesame.client);
  const s3 = new S3Client({ ...sesame.client, forcePathStyle: true });
  const sns = new SNSClient(sesame.client);
  await s3.send(new CreateBucketCommand({ Bucket: 'mail' }));
  topic = (await sns.send(new CreateTopicCommand({ Name: 'mail' }))).TopicArn!;
  s3.destroy();
  sns.destroy();
});
after(async () => {
  ses.destroy();
  await sesame.stop();
});

const create = (RuleSetName: string) => ses.send(new CreateReceiptRuleSetCommand({ RuleSetName }));
const describe = (RuleSetName: string) => ses.send(new DescribeReceiptRuleSetCommand({ RuleSetName }));
const activate = (RuleSetName?: string) => ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName }));
const add = (RuleSetName: string, Rule: ReceiptRule, After?: string) =>
  ses.send(new CreateReceiptRuleCommand({ RuleSetName, Rule, After }));
const ruleNames = async (set: string) => ((await describe(set)).Rules ?? []).map(({ Name }) => Name);

async function check(call: Promise<unknown>, code: string, message: string): Promise<void> {
  const error = await refusal(call, SESServiceException);
  assert.deepEqual([error.name, error.message, error.$metadata.httpStatusCode], [code, message, 400]);
}

test('a rule set: made once, listed, activated, and not deleted while it is active', async () => {
  await create('first');
  const twice = await refusal(create('first'), AlreadyExistsException);
  assert.deepEqual([twice.message, twice.Name], ['Rule set already exists: first', 'first']);
  await create('second');
  const { RuleSets } = await ses.send(new ListReceiptRuleSetsCommand({}));
  assert.deepEqual(
    RuleSets?.map(({ Name }) => Name),
    ['first', 'second'],
  );
  assert.ok(RuleSets?.every(({ CreatedTimestamp }) => Math.abs(CreatedTimestamp!.getTime() - Date.now()) < 60_000));

  const none = await ses.send(new DescribeActiveReceiptRuleSetCommand({}));
  assert.deepEqual([none.Metadata, none.Rules], [undefined, undefined]);
  await activate('first');
  assert.equal((await ses.send(new DescribeActiveReceiptRuleSetCommand({}))).Metadata?.Name, 'first');
  const deleted = (RuleSetName: string) => ses.send(new DeleteReceiptRuleSetCommand({ RuleSetName }));
  const refused = await refusal(deleted('first'), CannotDeleteException);
  assert.equal(refused.message, 'Cannot delete active rule set: first');
  await activate();
  await deleted('first');
  await deleted('first');
  await refusal(describe('first'), RuleSetDoesNotExistException);
});

test('rules: in front unless after another, replaced in their place, read back with defaults', async () => {
  await create('rules');
  const S3Action = { BucketName: 'mail', ObjectKeyPrefix: 'in/' };
  await add('rules', { Name: 'last', Enabled: true, Recipients: ['in.example'], Actions: [{ S3Action }] });
  await add('rules', { Name: 'front' });
  await add('rules', { Name: 'middle', Actions: [{ SNSAction: { TopicArn: topic } }] }, 'front');
  assert.deepEqual(await ruleNames('rules'), ['front', 'middle', 'last']);

  const read = async (RuleName: string) =>
    (await ses.send(new DescribeReceiptRuleCommand({ RuleSetName: 'rules', RuleName }))).Rule;
  const unset = { Enabled: false, TlsPolicy: 'Optional', ScanEnabled: false };
  assert.deepEqual(await read('middle'), {
    ...unset,
    Name: 'middle',
    Actions: [{ SNSAction: { TopicArn: topic, Encoding: 'UTF-8' } }],
  });
  const last = { ...unset, Name: 'last', Enabled: true, Recipients: ['in.example'], Actions: [{ S3Action }] };
  assert.deepEqual(await read('last'), last);

  const Rule: ReceiptRule = { Name: 'last', TlsPolicy: 'Require', ScanEnabled: true };
  await ses.send(new UpdateReceiptRuleCommand({ RuleSetName: 'rules', Rule }));
  assert.deepEqual(await read('last'), { ...Rule, Enabled: false, Actions: [] });
  const remove = () => ses.send(new DeleteReceiptRuleCommand({ RuleSetName: 'rules', RuleName: 'front' }));
  await remove();
  await remove();
  assert.deepEqual(await ruleNames('rules'), ['middle', 'last']);
});

test('names that are taken, missing or none', async () => {
  await create('names');
  await add('names', { Name: 'one' });
  const twice = await refusal(add('names', { Name: 'one' }), AlreadyExistsException);
  assert.equal(twice.message, 'Rule already exists: one');
  const noSet = await refusal(add('nowhere', { Name: 'one' }), RuleSetDoesNotExistException);
  assert.deepEqual([noSet.message, noSet.Name], ['Rule set does not exist: nowhere', 'nowhere']);
  const noRule = await refusal(add('names', { Name: 'two' }, 'none'), RuleDoesNotExistException);
  assert.deepEqual([noRule.message, noRule.Name], ['Rule does not exist: none', 'none']);
  await refusal(activate('nowhere'), RuleSetDoesNotExistException);
  await check(create('-set'), 'InvalidParameterValue', 'Not a valid ruleSetName: -set');
  await check(add('names', { Name: 'rule-' }), 'InvalidParameterValue', 'Not a valid ruleName: rule-');
  await check(
    create('a set'),
    'ValidationError',
    "1 validation error detected: Value at 'ruleSetName' failed to satisfy constraint: " +
      'Member must satisfy regular expression pattern: ^[a-zA-Z0-9_.-]+$',
  );
});

test('targets must exist; an action is one action', async () => {
  await create('targets');
  const acting = (...Actions: NonNullable<ReceiptRule['Actions']>) => add('targets', { Name: 'one', Actions });
  const noBucket = await refusal(acting({ S3Action: { BucketName: 'none' } }), InvalidS3ConfigurationException);
  assert.deepEqual([noBucket.message, noBucket.Bucket], ['No such bucket: none', 'none']);
  const TopicArn = topic.replace(/mail$/, 'none');
  const noTopic = await refusal(acting({ SNSAction: { TopicArn } }), InvalidSnsTopicException);
  assert.deepEqual([noTopic.message, noTopic.Topic], [`Invalid SNS topic: ${TopicArn}`, TopicArn]);
  const S3Action = { BucketName: 'mail' };
  const many = await refusal(acting(...Array(11).fill({ S3Action })), LimitExceededException);
  assert.equal(many.message, 'Too many actions');
  const both = await refusal(acting({ S3Action, SNSAction: { TopicArn: topic } }), SESServiceException);
  assert.equal(both.name, 'InvalidParameterValue');
  assert.deepEqual(await ruleNames('targets'), []);
});

test('a target is one of the region of the rule', async () => {
  const eu = new SESClient({ ...sesame.client, region: 'eu-west-1' });
  await eu.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'targets' }));
  const acting = (action: ReceiptAction) =>
    eu.send(new CreateReceiptRuleCommand({ RuleSetName: 'targets', Rule: { Name: 'one', Actions: [action] } }));
  const bucket = await refusal(acting({ S3Action: { BucketName: 'mail' } }), InvalidS3ConfigurationException);
  assert.deepEqual([bucket.message, bucket.Bucket], ['Could not write to bucket: mail', 'mail']);
  const sns = await refusal(acting({ SNSAction: { TopicArn: topic } }), InvalidSnsTopicException);
  assert.equal(sns.message, `Invalid SNS topic: ${topic}`);
  const alert = await refusal(acting({ StopAction: { Scope: 'RuleSet', TopicArn: topic } }), InvalidSnsTopicException);
  assert.equal(alert.Topic, topic);
  const FunctionArn = 'arn:aws:lambda:eu-west-1:000000000000:function:none';
  const lambda = await refusal(acting({ LambdaAction: { FunctionArn } }), InvalidLambdaFunctionException);
  assert.deepEqual([lambda.message, lambda.FunctionArn], [`Invalid Lambda function: ${FunctionArn}`, FunctionArn]);
  eu.destroy();
});

test('bounces, headers and stops: checked, kept and read back', async () => {
  await create('answers');
  await ses.send(new VerifyDomainIdentityCommand({ Domain: 'here.example' }));
  const acting = (...Actions: ReceiptAction[]) => add('answers', { Name: 'one', Actions });
  const bounce = { SmtpReplyCode: '550', Message: 'No', Sender: 'no-reply@here.example' };
  const header = { HeaderName: 'X-Gate', HeaderValue: 'in' };
  const wrong: [ReceiptAction, string][] = [
    [{ BounceAction: { ...bounce, SmtpReplyCode: '250' } }, 'Invalid SMTP reply code: 250'],
    [{ BounceAction: { ...bounce, StatusCode: '5' } }, 'Invalid SMTP status code: 5'],
    [{ BounceAction: { ...bounce, Message: 'N\no' } }, 'Invalid SMTP response message: N\no'],
    [{ BounceAction: { ...bounce, Sender: 'a@elsewhere.example' } }, 'Identity is not verified: a@elsewhere.example'],
    [{ AddHeaderAction: { ...header, HeaderName: 'X Gate' } }, 'Invalid header name: X Gate'],
    [{ AddHeaderAction: { ...header, HeaderName: 'X'.repeat(51) } }, `Invalid header name: ${'X'.repeat(51)}`],
    [{ AddHeaderAction: { ...header, HeaderValue: 'a\r\nBcc: b' } }, 'Invalid header value: a\r\nBcc: b'],
  ];
  for (const [action, message] of wrong) await check(acting(action), 'InvalidParameterValue', message);
  const Actions: ReceiptAction[] = [
    { AddHeaderAction: header },
    { BounceAction: { ...bounce, StatusCode: '5.1.1', TopicArn: topic } },
    { StopAction: { Scope: 'RuleSet', TopicArn: topic } },
  ];
  await acting(...Actions);
  const { Rule } = await ses.send(new DescribeReceiptRuleCommand({ RuleSetName: 'answers', RuleName: 'one' }));
  assert.deepEqual(Rule?.Actions, Actions);
});

test('what an enum does not have is told with the path of the member', async () => {
  await create('enums');
  const Rule = { Name: 'one', TlsPolicy: 'Sometimes' } as unknown as ReceiptRule;
  await check(
    add('enums', Rule),
    'ValidationError',
    "1 validation error detected: Value at 'rule.tlsPolicy' failed to satisfy constraint: " +
      'Member must satisfy enum value set: [Require, Optional]',
  );
});

test('a clone has the rules of its original, a time of its own, and goes its own way', async () => {
  const clone = (RuleSetName: string, OriginalRuleSetName: string) =>
    ses.send(new CloneReceiptRuleSetCommand({ RuleSetName, OriginalRuleSetName }));
  await create('original');
  const S3Action = { BucketName: 'mail', ObjectKeyPrefix: 'in/' };
  await add('original', { Name: 'two', Enabled: true, Recipients: ['in.example'], Actions: [{ S3Action }] });
  await add('original', { Name: 'one', TlsPolicy: 'Require' });
  await activate('original');
  await clone('copy', 'original');
  const [original, copy] = [await describe('original'), await describe('copy')];
  assert.deepEqual(copy.Rules, original.Rules);
  assert.equal(copy.Metadata?.Name, 'copy');
  assert.ok(copy.Metadata!.CreatedTimestamp! >= original.Metadata!.CreatedTimestamp!);
  assert.equal((await ses.send(new DescribeActiveReceiptRuleSetCommand({}))).Metadata?.Name, 'original');
  await add('copy', { Name: 'zero' });
  assert.deepEqual(await ruleNames('copy'), ['zero', 'one', 'two']);
  assert.deepEqual(await ruleNames('original'), ['one', 'two']);
  await activate();

  const twice = await refusal(clone('copy', 'original'), AlreadyExistsException);
  assert.deepEqual([twice.message, twice.Name], ['Rule set already exists: copy', 'copy']);
  const none = await refusal(clone('other', 'nowhere'), RuleSetDoesNotExistException);
  assert.deepEqual([none.message, none.Name], ['Rule set does not exist: nowhere', 'nowhere']);
  await check(clone('-copy', 'original'), 'InvalidParameterValue', 'Not a valid ruleSetName: -copy');
});

test('reorder names each rule of the set exactly once', async () => {
  await create('order');
  for (const Name of ['c', 'b', 'a']) await add('order', { Name });
  const reorder = (RuleNames: string[], RuleSetName = 'order') =>
    ses.send(new ReorderReceiptRuleSetCommand({ RuleSetName, RuleNames }));
  await reorder(['b', 'c', 'a']);
  assert.deepEqual(await ruleNames('order'), ['b', 'c', 'a']);
  await check(reorder(['a', 'b', 'a']), 'InvalidParameterValue', 'Multiple positions found for rule: a');
  await check(reorder(['a']), 'InvalidParameterValue', 'Positions for rules not found: b, c');
  const unknown = await refusal(reorder(['a', 'b', 'c', 'd']), RuleDoesNotExistException);
  assert.deepEqual([unknown.message, unknown.Name], ['Rule does not exist: d', 'd']);
  await refusal(reorder(['a'], 'nowhere'), RuleSetDoesNotExistException);
  assert.deepEqual(await ruleNames('order'), ['b', 'c', 'a']);
});

test('a rule is put after another, in front, or left where it is', async () => {
  await create('position');
  for (const Name of ['c', 'b', 'a']) await add('position', { Name });
  const put = (RuleName: string, After?: string, RuleSetName = 'position') =>
    ses.send(new SetReceiptRulePositionCommand({ RuleSetName, RuleName, After }));
  await put('a', 'b');
  assert.deepEqual(await ruleNames('position'), ['b', 'a', 'c']);
  await put('c', 'b');
  assert.deepEqual(await ruleNames('position'), ['b', 'c', 'a']);
  await put('a');
  assert.deepEqual(await ruleNames('position'), ['a', 'b', 'c']);
  await put('b', 'b');
  assert.deepEqual(await ruleNames('position'), ['a', 'b', 'c']);
  for (const call of [put('none'), put('a', 'none')]) {
    const error = await refusal(call, RuleDoesNotExistException);
    assert.deepEqual([error.message, error.Name], ['Rule does not exist: none', 'none']);
  }
  await refusal(put('a', undefined, 'nowhere'), RuleSetDoesNotExistException);
});

test('an account has 40 rule sets in a region', async () => {
  const { RuleSets } = await ses.send(new ListReceiptRuleSetsCommand({}));
  for (let i = RuleSets!.length; i < 40; i++) await create(`filler-${i}`);
  const error = await refusal(create('one-more'), LimitExceededException);
  assert.equal(error.message, 'Too many rule sets');
  const clone = new CloneReceiptRuleSetCommand({ RuleSetName: 'one-more', OriginalRuleSetName: 'order' });
  await refusal(ses.send(clone), LimitExceededException);
  await refusal(create('order'), AlreadyExistsException);
});
