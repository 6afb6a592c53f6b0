import { randomBytes, randomUUID } from 'node:crypto';

/** Where unguessable values come from; a simulation hands in a seeded one. */
export interface Random {
  bytes(length: number): Buffer;
  /** RFC 9562 version 4. */
  uuid(): string;
  /** A number from 0 (inclusive) to 1 (exclusive), for jitter only. */
  fraction(): number;
}

/** Octets drawn from the system at a time: a draw costs the same for one octet as for some thousand. */
const POOL = 4_096;
let pool = Buffer.alloc(0);

/** Each octet is handed out once; a large wish is drawn for itself. */
function pooledBytes(length: number): Buffer {
  if (length > POOL / 4) return randomBytes(length);
  if (pool.length < length) pool = randomBytes(POOL);
  const drawn = pool.subarray(0, length);
  pool = pool.subarray(length);
  return drawn;
}

export const systemRandom: Random = {
  bytes: pooledBytes,
  uuid: () => randomUUID(),
  fraction: Math.random,
};

/** `length` characters, each drawn without bias from `alphabet` (at most 256 characters). */
export function randomText(random: Random, alphabet: string, length: number): string {
  const fair = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of random.bytes(length - text.length)) {
      if (byte < fair) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}
