import { Refusal } from '../../../base/refusal.ts';
import type { Action, Rule, RuleSet } from '../../../core/receiving/receiving.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

const RULE_SETS_A_PAGE = 100;

export async function CreateReceiptRuleSet(
  { ruleSets }: Rooms,
  { RuleSetName }: In<'CreateReceiptRuleSet'>,
  caller: Caller,
): Promise<Out<'CreateReceiptRuleSet'>> {
  await ruleSets.create(caller, RuleSetName);
  return {};
}

export async function CloneReceiptRuleSet(
  { ruleSets }: Rooms,
  { RuleSetName, OriginalRuleSetName }: In<'CloneReceiptRuleSet'>,
  caller: Caller,
): Promise<Out<'CloneReceiptRuleSet'>> {
  await ruleSets.clone(caller, { name: RuleSetName, original: OriginalRuleSetName });
  return {};
}

export async function ReorderReceiptRuleSet(
  { ruleSets }: Rooms,
  { RuleSetName, RuleNames }: In<'ReorderReceiptRuleSet'>,
  caller: Caller,
): Promise<Out<'ReorderReceiptRuleSet'>> {
  await ruleSets.reorder(caller, RuleSetName, RuleNames);
  return {};
}

export async function DeleteReceiptRuleSet(
  { ruleSets }: Rooms,
  { RuleSetName }: In<'DeleteReceiptRuleSet'>,
  caller: Caller,
): Promise<Out<'DeleteReceiptRuleSet'>> {
  await ruleSets.remove(caller, RuleSetName);
  return {};
}

export async function DescribeReceiptRuleSet(
  { ruleSets }: Rooms,
  { RuleSetName }: In<'DescribeReceiptRuleSet'>,
  caller: Caller,
): Promise<Out<'DescribeReceiptRuleSet'>> {
  return described(await ruleSets.get(caller, RuleSetName));
}

export async function DescribeActiveReceiptRuleSet(
  { ruleSets }: Rooms,
  _input: In<'DescribeActiveReceiptRuleSet'>,
  caller: Caller,
): Promise<Out<'DescribeActiveReceiptRuleSet'>> {
  const active = await ruleSets.activeName(caller);
  return active === undefined ? {} : described(await ruleSets.get(caller, active));
}

export async function ListReceiptRuleSets(
  { ruleSets }: Rooms,
  { NextToken }: In<'ListReceiptRuleSets'>,
  caller: Caller,
): Promise<Out<'ListReceiptRuleSets'>> {
  const page = await ruleSets.page(caller, { limit: RULE_SETS_A_PAGE, token: NextToken });
  return { RuleSets: page.ruleSets.map(metadata), NextToken: page.next };
}

export async function SetActiveReceiptRuleSet(
  { ruleSets }: Rooms,
  { RuleSetName }: In<'SetActiveReceiptRuleSet'>,
  caller: Caller,
): Promise<Out<'SetActiveReceiptRuleSet'>> {
  await ruleSets.activate(caller, RuleSetName || undefined);
  return {};
}

export async function CreateReceiptRule(
  { ruleSets }: Rooms,
  { RuleSetName, Rule, After }: In<'CreateReceiptRule'>,
  caller: Caller,
): Promise<Out<'CreateReceiptRule'>> {
  await ruleSets.addRule(caller, RuleSetName, ruleOf(Rule), After);
  return {};
}

export async function UpdateReceiptRule(
  { ruleSets }: Rooms,
  { RuleSetName, Rule }: In<'UpdateReceiptRule'>,
  caller: Caller,
): Promise<Out<'UpdateReceiptRule'>> {
  await ruleSets.replaceRule(caller, RuleSetName, ruleOf(Rule));
  return {};
}

export async function DeleteReceiptRule(
  { ruleSets }: Rooms,
  { RuleSetName, RuleName }: In<'DeleteReceiptRule'>,
  caller: Caller,
): Promise<Out<'DeleteReceiptRule'>> {
  await ruleSets.removeRule(caller, RuleSetName, RuleName);
  return {};
}

export async function SetReceiptRulePosition(
  { ruleSets }: Rooms,
  { RuleSetName, RuleName, After }: In<'SetReceiptRulePosition'>,
  caller: Caller,
): Promise<Out<'SetReceiptRulePosition'>> {
  await ruleSets.moveRule(caller, RuleSetName, RuleName, After);
  return {};
}

export async function DescribeReceiptRule(
  { ruleSets }: Rooms,
  { RuleSetName, RuleName }: In<'DescribeReceiptRule'>,
  caller: Caller,
): Promise<Out<'DescribeReceiptRule'>> {
  return { Rule: receiptRule(await ruleSets.rule(caller, RuleSetName, RuleName)) };
}

type ReceiptRule = In<'CreateReceiptRule'>['Rule'];
type ReceiptAction = NonNullable<ReceiptRule['Actions']>[number];

function ruleOf({ Name, Enabled, TlsPolicy, ScanEnabled, Recipients, Actions }: ReceiptRule): Rule {
  return {
    name: Name,
    enabled: Enabled ?? false,
    tls: TlsPolicy === 'Require' ? 'require' : 'optional',
    scan: ScanEnabled ?? false,
    recipients: Recipients ?? [],
    actions: (Actions ?? []).map(actionOf),
  };
}

function actionOf(action: ReceiptAction): Action {
  const given = Object.entries(action).filter(([, value]) => value !== undefined);
  const [name] = given[0] ?? [];
  if (given.length !== 1) throw new Refusal('invalid-parameter', 'Each action must hold exactly one kind of action.');
  if (action.S3Action) {
    const { BucketName, ObjectKeyPrefix, TopicArn, KmsKeyArn, IamRoleArn } = action.S3Action;
    if (KmsKeyArn || IamRoleArn)
      throw new Refusal('not-built', 'KmsKeyArn and IamRoleArn of S3Action are not built yet');
    return { kind: 's3', bucket: BucketName, prefix: ObjectKeyPrefix, topic: TopicArn };
  }
  if (action.SNSAction) {
    const { TopicArn, Encoding } = action.SNSAction;
    return { kind: 'sns', topic: TopicArn, encoding: Encoding === 'Base64' ? 'base64' : 'utf-8' };
  }
  if (action.BounceAction) {
    const { SmtpReplyCode, StatusCode, Message, Sender, TopicArn } = action.BounceAction;
    const words = { replyCode: SmtpReplyCode, statusCode: StatusCode, message: Message, sender: Sender };
    return { kind: 'bounce', ...words, topic: TopicArn };
  }
  if (action.LambdaAction) {
    const { FunctionArn, InvocationType, TopicArn } = action.LambdaAction;
    const invocation = InvocationType === 'RequestResponse' ? 'wait' : 'event';
    return { kind: 'lambda', functionArn: FunctionArn, invocation, topic: TopicArn };
  }
  if (action.StopAction) return { kind: 'stop', topic: action.StopAction.TopicArn };
  if (action.AddHeaderAction) {
    const { HeaderName, HeaderValue } = action.AddHeaderAction;
    return { kind: 'add-header', name: HeaderName, value: HeaderValue };
  }
  throw new Refusal('not-built', `${name} is not built yet`);
}

function described(ruleSet: RuleSet): Out<'DescribeReceiptRuleSet'> {
  return { Metadata: metadata(ruleSet), Rules: ruleSet.rules.map(receiptRule) };
}

function metadata({ name, created }: Pick<RuleSet, 'name' | 'created'>) {
  return { Name: name, CreatedTimestamp: new Date(created) };
}

function receiptRule({ name, enabled, tls, scan, recipients, actions }: Rule) {
  return {
    Name: name,
    Enabled: enabled,
    TlsPolicy: tls === 'require' ? ('Require' as const) : ('Optional' as const),
    Recipients: recipients.length > 0 ? [...recipients] : undefined,
    Actions: actions.map(receiptAction),
    ScanEnabled: scan,
  };
}

function receiptAction(action: Action) {
  switch (action.kind) {
    case 's3':
      return { S3Action: { BucketName: action.bucket, ObjectKeyPrefix: action.prefix, TopicArn: action.topic } };
    case 'sns': {
      const Encoding = action.encoding === 'base64' ? ('Base64' as const) : ('UTF-8' as const);
      return { SNSAction: { TopicArn: action.topic, Encoding } };
    }
    case 'bounce': {
      const { replyCode, statusCode, message, sender, topic } = action;
      const words = { SmtpReplyCode: replyCode, StatusCode: statusCode, Message: message, Sender: sender };
      return { BounceAction: { ...words, TopicArn: topic } };
    }
    case 'lambda': {
      const InvocationType = action.invocation === 'wait' ? ('RequestResponse' as const) : ('Event' as const);
      return { LambdaAction: { FunctionArn: action.functionArn, InvocationType, TopicArn: action.topic } };
    }
    case 'stop':
      return { StopAction: { Scope: 'RuleSet' as const, TopicArn: action.topic } };
    case 'add-header':
      return { AddHeaderAction: { HeaderName: action.name, HeaderValue: action.value } };
  }
}
