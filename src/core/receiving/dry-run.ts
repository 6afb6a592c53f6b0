import { matchRules, ruleMatches } from './match.ts';
import type { Rule } from './rules.ts';
import { actionsOf } from './steps.ts';

/** What one rule would do with a message, or why it would do nothing. */
export type RuleTrial =
  | { readonly rule: string; readonly matched: false; readonly reason: string }
  | {
      readonly rule: string;
      readonly matched: true;
      readonly recipients: readonly string[];
      readonly actions: readonly { readonly kind: string; readonly effect: string }[];
    };

export interface Trial {
  readonly rules: readonly Rule[];
  readonly recipients: readonly string[];
  readonly tls: boolean;
  /** Octets. */
  readonly size: number;
  /** Empty: nobody is told of a bounce. */
  readonly sender: string;
  /** Whether a rule may act for the recipient at all. */
  readonly mayAct: (recipient: string, rule: Rule) => boolean;
}

/** SES: a message with an SNS action may be this large, headers included. */
export const MOST_NOTIFIED = 150 * 1_024;

/** Pure: what the rules of an account and region would do, in order, without doing it. */
export function tryRules(trial: Trial): RuleTrial[] {
  const { rules, recipients, tls, mayAct } = trial;
  let stoppedBy: string | undefined;
  return rules.map((rule): RuleTrial => {
    const no = (reason: string) => ({ rule: rule.name, matched: false, reason }) as const;
    if (!rule.enabled) return no('The rule is not enabled.');
    const [match] = matchRules([rule], recipients, mayAct);
    if (!match) return no(whyNot(rule, trial));
    if (!tls && rule.tls === 'require') return no('The rule requires TLS.');
    if (stoppedBy !== undefined) return no(`The rule ${stoppedBy} stops the rule set.`);
    const actions = [];
    for (const action of actionsOf(rule)) {
      actions.push({ kind: action.kind, effect: effectOf(action, trial) });
      if (action.kind !== 'stop') continue;
      stoppedBy = rule.name;
      break;
    }
    return { rule: rule.name, matched: true, recipients: match.recipients, actions };
  });
}

function whyNot(rule: Rule, { recipients }: Trial): string {
  const named = recipients.filter((recipient) => ruleMatches(rule, recipient));
  if (named.length === 0) return `None of its conditions (${rule.recipients.join(', ')}) matches a recipient.`;
  return `No verified identity of the account covers ${named.join(', ')}.`;
}

function effectOf(action: ReturnType<typeof actionsOf>[number], { size, sender }: Trial): string {
  const topic = 'topic' in action && action.topic !== undefined && action.kind !== 'sns' ? action.topic : undefined;
  return doing(action, { size, sender }) + (topic === undefined ? '' : ` ${topic} is told.`);
}

function doing(
  action: ReturnType<typeof actionsOf>[number],
  { size, sender }: { size: number; sender: string },
): string {
  switch (action.kind) {
    case 's3': {
      const prefix = action.prefix ?? '';
      const slash = prefix === '' || prefix.endsWith('/') ? '' : '/';
      return `Stores the message as s3://${action.bucket}/${prefix}${slash}<message id>.`;
    }
    case 'sns':
      if (size > MOST_NOTIFIED) return `Bounces: ${size} octets are more than the ${MOST_NOTIFIED} of an SNS action.`;
      return `Publishes the message to ${action.topic} (${action.encoding}).`;
    case 'bounce':
      if (sender === '') return 'Nothing: a message with the null path is not bounced.';
      return `Bounces to ${sender} from ${action.sender}: ${action.replyCode} ${action.statusCode ?? ''} ${action.message}.`;
    case 'lambda':
      return `Invokes ${action.functionArn} (${action.invocation}).`;
    case 'stop':
      return 'Ends the rule set: nothing behind it is done.';
    case 'add-header':
      return `Adds ${action.name}: ${action.value} to what later actions see.`;
    case 'webhook':
      return `Posts a notification to ${action.url}.`;
    case 'forward':
      return `Forwards the message to ${action.to}.`;
  }
}
