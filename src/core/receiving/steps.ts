import { formatField } from '../../mail/header-fields.ts';
import type { Match } from './match.ts';
import type { Action, Extension, Rule } from './rules.ts';

/** One action of a matching rule, and whether it has run. */
export interface Step {
  readonly rule: string;
  readonly recipients: readonly string[];
  readonly action: Action | Extension;
  readonly done: boolean;
  /** Whether the rule wants to hear of spam and viruses (SES: ScanEnabled). */
  readonly scan?: boolean;
}

/** What is to be done with a message, in order: the actions of its first rule, then those of the next. */
export function stepsOf(matches: readonly Match[]): Step[] {
  return matches.flatMap(({ rule, recipients }) =>
    actionsOf(rule).map((action) => ({ rule: rule.name, recipients, action, done: false, scan: rule.scan })),
  );
}

/** The extensions of a rule stand behind its actions, but in front of the one that stops. */
export function actionsOf({ actions, extensions = [] }: Rule): (Action | Extension)[] {
  const stop = actions.findIndex(({ kind }) => kind === 'stop');
  const all: readonly (Action | Extension)[] = actions;
  return all.toSpliced(stop < 0 ? all.length : stop, 0, ...extensions);
}

/** The steps after that one has run. What stands behind a Stop is not done at all. */
export function withDone(steps: readonly Step[], n: number): readonly Step[] {
  const done = steps.with(n, { ...steps[n]!, done: true });
  return steps[n]!.action.kind === 'stop' ? done.slice(0, n + 1) : done;
}

/** The header fields that earlier actions put before the message that this step sees, the latest on top. */
export function fieldsBefore(steps: readonly Step[], n: number): string {
  let text = '';
  for (const { action } of steps.slice(0, n)) {
    if (action.kind === 'add-header') text = formatField(action.name, action.value) + text;
  }
  return text;
}
