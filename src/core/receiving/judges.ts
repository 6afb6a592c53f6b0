import type { Log } from '../../base/log.ts';
import type { Authentication, Authenticators } from './authentication.ts';
import type { StoredContent } from './seen-message.ts';
import type { Judgement } from './verdicts.ts';

interface Needs {
  /** Nothing where nobody is to be asked in DNS: no mail of the machine itself can be authenticated. */
  readonly authenticators?: Authenticators | undefined;
  readonly log: Log;
}

/** Who looks at a received message before its rules do. A check that fails is a verdict too, and stops no mail. */
export class Judges {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Nothing where there is nobody who judges; `stopped` where the end came first. */
  async judge(stored: StoredContent): Promise<Judgement | 'stopped' | undefined> {
    const authentication = await this.#authenticate(stored);
    return authentication === 'stopped' ? authentication : authentication && { authentication };
  }

  async stop(): Promise<void> {
    await this.#needs.authenticators?.stop();
  }

  async #authenticate(stored: StoredContent): Promise<Authentication | 'failed' | 'stopped' | undefined> {
    const { authenticators, log } = this.#needs;
    const { id, account, envelopeFrom, facts } = stored.message;
    const sender = { peerAddress: facts['peerAddress'] ?? '', helo: facts['helo'] ?? '', envelopeFrom };
    try {
      return await authenticators?.check(account, sender, stored.arrived());
    } catch (err) {
      if (authenticators?.stopped) return 'stopped';
      log.warn({ err, message: id }, 'a received message could not be authenticated');
      return 'failed';
    }
  }
}
