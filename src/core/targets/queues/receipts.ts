import { Refusal } from '../../../base/refusal.ts';

/** What a receiver holds of a message: which one, and which receive of it. */
interface Receipt {
  readonly id: string;
  readonly receipt: string;
}

export function receiptOf({ id, receipt }: Receipt): string {
  return Buffer.from(`${id} ${receipt}`).toString('base64url');
}

export function readReceipt(text: string): Receipt {
  const match = /^([0-9a-z]{20}) ([\w-]{16})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  if (!match) {
    throw new Refusal('invalid-receipt-handle', `The input receipt handle "${text}" is not a valid receipt handle.`);
  }
  return { id: match[1]!, receipt: match[2]! };
}
