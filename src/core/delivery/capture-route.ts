import type { Attempt, Result, Route } from './route.ts';

const RECEIVED: Result = {
  kind: 'captured',
  code: 250,
  text: '2.6.0 Message received',
  peer: 'captured',
  // It went no farther than this machine; readers of events expect an address.
  outgoingIp: '127.0.0.1',
};

interface Needs {
  /** Whether an active receipt rule of this Sesame takes mail for the address. */
  readonly receivesHere: (address: string) => Promise<boolean>;
  /** The way to our own MX door. */
  readonly inside: Route;
}

/**
 * Nothing leaves: every recipient ends as captured. Mail to an address that an active receipt rule takes also goes in
 * through our own MX door, as it would come from the world, so that a loop through an application can be built on a laptop.
 * Only a temporary refusal there (out of room) makes it wait.
 */
export class CaptureRoute implements Route {
  readonly name = 'capture';
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async foregone(recipient: string): Promise<Result | undefined> {
    return (await this.#needs.receivesHere(recipient)) ? undefined : RECEIVED;
  }

  async deliver(attempt: Attempt): Promise<readonly Result[] | undefined> {
    const { recipients } = attempt;
    const results = new Map<string, Result>();
    const inside: string[] = [];
    for (const recipient of recipients) {
      if (await this.#needs.receivesHere(recipient)) inside.push(recipient);
    }
    if (inside.length > 0) {
      const answers = await this.#needs.inside.deliver({ ...attempt, recipients: inside });
      if (!answers) return undefined;
      for (const [i, answer] of answers.entries()) results.set(inside[i]!, captured(answer));
    }
    return recipients.map((recipient) => results.get(recipient) ?? RECEIVED);
  }

  close(): Promise<void> {
    return this.#needs.inside.close();
  }
}

function captured(answer: Result): Result {
  const { code } = answer;
  return code === undefined || (code >= 400 && code < 500) ? answer : RECEIVED;
}
