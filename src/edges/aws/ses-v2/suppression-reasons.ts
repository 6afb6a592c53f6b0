/** AWS's names for why an address is on a suppression list. */
export const reasonNames = { bounce: 'BOUNCE', complaint: 'COMPLAINT' } as const;
