import type { Clock } from '../../base/clock.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { composeAutomaticReply } from '../../mail/automatic-reply.ts';
import type { Message } from '../messages/messages.ts';
import type { Attempt, Result, Route } from './route.ts';
import { SIMULATOR, simulated } from './simulator.ts';

interface Needs {
  /** The way of all other mail. */
  readonly beyond: Route;
  /** Mail from nobody (the null reverse path) comes in for this address, if it receives here. */
  readonly arrive: (recipient: string, content: Buffer) => Promise<void>;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

const taken: Result = { kind: 'answered', code: 250, text: '2.6.0 Message received', peer: SIMULATOR };

const isAway = (recipient: string) => simulated(recipient) === 'ooto';

/** Out of office: the mailbox simulator takes the message, and answers whoever it came from. */
export class SimulatorRoute implements Route {
  readonly name: string;
  readonly oneLane: boolean;
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.name = needs.beyond.name;
    this.oneLane = needs.beyond.oneLane ?? false;
    this.#needs = needs;
  }

  async foregone(recipient: string): Promise<Result | undefined> {
    return isAway(recipient) ? undefined : this.#needs.beyond.foregone?.(recipient);
  }

  async deliver(attempt: Attempt): Promise<readonly Result[] | undefined> {
    const { message, recipients } = attempt;
    const others = recipients.filter((recipient) => !isAway(recipient));
    // First, for it may not be admitted: then nobody is to be answered.
    const found = others.length === 0 ? [] : await this.#needs.beyond.deliver({ ...attempt, recipients: others });
    if (!found) return undefined;
    const results = found.values();
    return Promise.all(
      recipients.map((recipient) => (isAway(recipient) ? this.#answer(message, recipient) : results.next().value!)),
    );
  }

  close(): Promise<void> {
    return this.#needs.beyond.close();
  }

  async #answer({ id, region, subject, envelopeFrom }: Message, recipient: string): Promise<Result> {
    const { arrive, names, clock, random } = this.#needs;
    const reply = composeAutomaticReply({
      from: { address: recipient },
      to: { address: envelopeFrom },
      answered: { subject, messageId: `<${id}@${names.messageIdDomain(region)}>` },
      text: { text: 'This is an automatic reply of the mailbox simulator: the recipient is out of the office.\r\n' },
      messageId: `<${random.uuid()}@${SIMULATOR}>`,
      at: clock.civil(),
    });
    try {
      await arrive(envelopeFrom, reply);
      return taken;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      return { ...taken, code: 451, text: `4.3.0 ${refusal.message}` };
    }
  }
}
