/** What the mailbox simulator does with a message (SES: mailbox simulator). */
export type Simulated = 'success' | 'bounce' | 'ooto' | 'complaint' | 'suppressionlist';

export const SIMULATOR = 'simulator.amazonses.com';

const mailboxes: Readonly<Record<string, Simulated>> = {
  success: 'success',
  bounce: 'bounce',
  ooto: 'ooto',
  complaint: 'complaint',
  suppressionlist: 'suppressionlist',
  // Its old name.
  blacklist: 'suppressionlist',
};

/**
 * Pure: nothing for an address that is none of the simulator's. Without regard to case; what follows a `+` is a label.
 * A mailbox that it does not know bounces, as a mailbox that does not exist would.
 */
export function simulated(address: string): Simulated | undefined {
  const at = address.lastIndexOf('@');
  if (address.slice(at + 1).toLowerCase() !== SIMULATOR) return undefined;
  const [mailbox = ''] = address.slice(0, at).toLowerCase().split('+');
  return Object.hasOwn(mailboxes, mailbox) ? mailboxes[mailbox] : 'bounce';
}

/** Whether an address is the simulator's: it counts for the rate only, and needs no verification. */
export const isSimulated = (address: string): boolean => simulated(address) !== undefined;
