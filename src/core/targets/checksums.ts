import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

interface Running {
  update(octets: Buffer): void;
  digest(): Buffer;
}

/** One checksum over octets as they pass. */
export function checksum(algorithm: ChecksumAlgorithm): Running {
  switch (algorithm) {
    case 'CRC32':
      return crcOf((octets, before) => crc32(octets, before));
    case 'CRC32C':
      return crcOf(crc32c);
    case 'CRC64NVME':
      return crc64Nvme();
    case 'SHA1':
    case 'SHA256': {
      const hash = createHash(algorithm.toLowerCase());
      return { update: (octets) => void hash.update(octets), digest: () => hash.digest() };
    }
  }
}

function crcOf(advance: (octets: Buffer, before: number) => number): Running {
  let value = 0;
  return {
    update(octets) {
      value = advance(octets, value);
    },
    digest() {
      const digest = Buffer.alloc(4);
      digest.writeUInt32BE(value >>> 0);
      return digest;
    },
  };
}

/** Castagnoli's polynomial, reflected (RFC 3720, appendix B.4). */
const castagnoli = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

function crc32c(octets: Buffer, before: number): number {
  let value = ~before;
  for (let at = 0; at < octets.length; at++) value = castagnoli[(value ^ octets[at]!) & 0xff]! ^ (value >>> 8);
  return ~value >>> 0;
}

/** The polynomial of NVM Express, reflected, as two halves: arithmetic on 64 bits at once would be many times slower. */
const nvme = (() => {
  const [high, low] = [new Uint32Array(256), new Uint32Array(256)];
  for (let n = 0; n < 256; n++) {
    let value = BigInt(n);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ 0x9a6c9329ac4bc9b5n : value >> 1n;
    high[n] = Number(value >> 32n);
    low[n] = Number(value & 0xffffffffn);
  }
  return { high, low };
})();

function crc64Nvme(): Running {
  let [high, low] = [0xffffffff, 0xffffffff];
  return {
    update(octets) {
      let [h, l] = [high, low];
      for (let at = 0; at < octets.length; at++) {
        const index = (l ^ octets[at]!) & 0xff;
        l = ((l >>> 8) | (h << 24)) ^ nvme.low[index]!;
        h = (h >>> 8) ^ nvme.high[index]!;
      }
      [high, low] = [h, l];
    },
    digest() {
      const digest = Buffer.alloc(8);
      digest.writeUInt32BE(~high >>> 0, 0);
      digest.writeUInt32BE(~low >>> 0, 4);
      return digest;
    },
  };
}
