import type { Command } from '../../storage/ports.ts';
import type { Message } from '../messages/messages.ts';
import type { Publishing } from '../publishing/publishing.ts';
import type { Reputation, SuppressionReason } from '../reputation/reputation.ts';
import type { Outcome } from './outcome.ts';

export interface ConsequencesNeeds {
  readonly publishing: Publishing;
  readonly reputation: Reputation;
  /** Which outcomes put a recipient of this message on the account's list. */
  readonly suppressing: (message: Message) => Promise<readonly SuppressionReason[]>;
}

interface Occasion {
  /** Civil milliseconds. */
  readonly at: number;
  /** The message's bytes, while they cannot be read back yet. */
  readonly content?: Buffer | undefined;
  /** False for the simulator: it costs nobody a place on the list (SES). */
  readonly listed?: boolean;
}

/** What an outcome brings with it, to be written in the same batch. */
export class Consequences {
  readonly #needs: ConsequencesNeeds;

  constructor(needs: ConsequencesNeeds) {
    this.#needs = needs;
  }

  /** Its events with what they owe, and the place on the suppression list that it may cost. */
  async of(message: Message, { happenings }: Outcome, { at, content, listed = true }: Occasion): Promise<Command[]> {
    const { publishing, reputation, suppressing } = this.#needs;
    const batch: Command[] = [];
    for (const happening of happenings) {
      batch.push(...(await publishing.record({ message, at, happening, content })));
      const grounds = listed ? groundsOf(happening) : undefined;
      if (!grounds || !(await suppressing(message)).includes(grounds.reason)) continue;
      const cause = { messageId: message.id, feedbackId: grounds.feedbackId };
      for (const address of grounds.addresses) {
        batch.push(...reputation.suppress(message, { address, reason: grounds.reason, cause }));
      }
    }
    return batch;
  }
}

interface Grounds {
  readonly reason: SuppressionReason;
  readonly feedbackId: string;
  readonly addresses: readonly string[];
}

/** Pure: the mailbox is not there, or its owner complained; what was not tried because of an earlier one tells nothing new. */
export function groundsOf(happening: Outcome['happenings'][number]): Grounds | undefined {
  if (happening.type === 'complaint' && happening.subType === undefined) {
    return { reason: 'complaint', feedbackId: happening.feedbackId, addresses: happening.recipients };
  }
  if (happening.type !== 'bounce' || happening.bounce.type !== 'Permanent') return undefined;
  const { feedbackId, bounce, recipients } = happening;
  if (bounce.subType !== 'General' && bounce.subType !== 'NoEmail') return undefined;
  return { reason: 'bounce', feedbackId, addresses: recipients.map(({ recipient }) => recipient) };
}
