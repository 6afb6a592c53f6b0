import { isIP } from 'node:net';

/** What goes to one provider at a time: at first, and once it has shown that it can take more. */
const FIRST_WINDOW = 10;
export const MOST_UNDER_WAY = 40;
/** Providers of which is remembered what they can take; the one seen longest ago is forgotten. */
const MOST_REMEMBERED = 10_000;

/** What an attempt showed of the provider. */
export type Showing = 'reached' | 'unreached';

interface State {
  underWay: number;
  window: number;
}

/** The place of one attempt; it ends once, whatever comes of it. */
export interface Place {
  /** Whether there is room at the provider that the way turned out to lead to. The place is there from then on. */
  move(provider: string): boolean;
  end(showing?: Showing): void;
}

/**
 * Attempts under way to each provider: whoever runs the mail exchangers, for however many domains. A window grows by one
 * with every attempt that reached somebody, and is one again after one that did not, so that who is slow or gone holds
 * few of all the attempts that there may be. Kept in memory: a new process learns anew.
 */
export class Providers {
  readonly #states = new Map<string, State>();

  /** Attempts that may begin now, of the `room` for all: nobody gets more than half of what is left. */
  room(provider: string, room: number): number {
    const { window, underWay } = this.#states.get(provider) ?? { window: FIRST_WINDOW, underWay: 0 };
    return Math.max(0, Math.min(window - underWay, Math.ceil(room / 2)));
  }

  /** Those that nothing may go to until an attempt ends. No more than there are attempts. */
  full(): string[] {
    return [...this.#busy].filter((provider) => this.#isFull(provider));
  }

  begin(provider: string): Place {
    this.#enter(provider);
    let at = provider;
    return {
      move: (to) => {
        if (to === at) return true;
        if (this.#isFull(to)) return false;
        this.#leave(at, undefined);
        this.#enter(to);
        at = to;
        return true;
      },
      end: (showing) => this.#leave(at, showing),
    };
  }

  readonly #busy = new Set<string>();

  #isFull(provider: string): boolean {
    const state = this.#states.get(provider);
    return state !== undefined && state.underWay >= state.window;
  }

  #enter(provider: string): void {
    const state = this.#states.get(provider) ?? { underWay: 0, window: FIRST_WINDOW };
    this.#states.delete(provider);
    this.#states.set(provider, state);
    state.underWay += 1;
    this.#busy.add(provider);
    if (this.#states.size <= MOST_REMEMBERED) return;
    for (const name of this.#states.keys()) {
      if (this.#busy.has(name)) continue;
      this.#states.delete(name);
      return;
    }
  }

  #leave(provider: string, showing: Showing | undefined): void {
    const state = this.#states.get(provider)!;
    state.underWay -= 1;
    if (state.underWay === 0) this.#busy.delete(provider);
    if (showing === 'reached') state.window = Math.min(MOST_UNDER_WAY, state.window + 1);
    if (showing === 'unreached') state.window = 1;
  }
}

/**
 * Pure: who runs a mail exchanger, by the name under which its hosts are registered: the last two labels, or three under
 * a second level of a country such as `co.uk`. An address is its own provider.
 */
export function providerOf(host: string): string {
  if (isIP(host)) return host;
  const labels = host.toLowerCase().replace(/\.$/, '').split('.');
  const [second = '', top = ''] = labels.slice(-2);
  const shared = top.length === 2 && /^(?:com?|org?|net?|edu|gov|ac|gob|nom)$/.test(second);
  return labels.slice(shared ? -3 : -2).join('.');
}
