import { DAY, HOUR } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Dkim } from './identity.ts';
import type { Proof } from './proof.ts';
import type { CheckedKey } from './signing.ts';

/** Bits of the keys that Easy DKIM makes (SES: RSA_1024_BIT, RSA_2048_BIT). */
export type KeyLength = 1024 | 2048;

/** How long a key of Easy DKIM signs. The next one stands in DNS all the while, so that everybody knows it when it begins. */
const KEY_LIFE = 180 * DAY;
/** Seconds that a key may be kept by whoever asked for it. */
export const KEY_TTL = 3_600;
/** SES: between two changes of the length. */
const LENGTH_PAUSE = 24 * HOUR;

export function easyDkim(
  tokens: readonly string[],
  { bits, now, proof }: { bits: KeyLength; now: number; proof: Proof },
): Dkim {
  return {
    origin: 'easy',
    tokens,
    active: 0,
    bits,
    nextBits: bits,
    generated: now,
    turn: now + KEY_LIFE,
    lengthChanged: now,
    proof,
  };
}

export function ownDkim(
  { selector, bits, publicKey }: CheckedKey,
  { now, proof }: { now: number; proof: Proof },
): Dkim {
  return { origin: 'own', tokens: [selector], active: 0, bits, nextBits: bits, generated: now, publicKey, proof };
}

/** The token whose key signs next. */
export const nextToken = ({ tokens, active }: Dkim): string => tokens[(active + 1) % tokens.length]!;

/**
 * Another length for the keys to come, the first of which takes over as soon as nobody can have the one that it replaces in
 * DNS any more.
 *
 * @throws Refusal `invalid-parameter` within 24 hours of a change; the first change to 1024 bits in that time is free (SES).
 */
export function withLength(dkim: Dkim, bits: KeyLength, now: number): Dkim {
  const isRecent = (at: number | undefined) => at !== undefined && now - at < LENGTH_PAUSE;
  const isFree = bits === 1024 && !isRecent(dkim.shortened);
  if (isRecent(dkim.lengthChanged) && !isFree) {
    throw new Refusal('invalid-parameter', 'The signing key length can be changed only once in a 24-hour period.');
  }
  return {
    ...dkim,
    nextBits: bits,
    turn: now + KEY_TTL * 1_000,
    lengthChanged: now,
    ...(bits === 1024 && { shortened: now }),
  };
}

/** The next key signs; the one before it stays where it is for mail that is under way. */
export function turned(dkim: Dkim, now: number): Dkim {
  const active = (dkim.active + 1) % dkim.tokens.length;
  return { ...dkim, active, bits: dkim.nextBits, generated: now, turn: now + KEY_LIFE };
}
