import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChecksumAlgorithm, checksum } from './checksums.ts';

// The check values of the CRC catalogue and of FIPS 180-4's algorithms, over "123456789".
test('known values, in one piece and in several', () => {
  const check = (algorithm: ChecksumAlgorithm, expected: string) => {
    for (const pieces of [['123456789'], ['1', '', '2345678', '9']]) {
      const running = checksum(algorithm);
      for (const piece of pieces) running.update(Buffer.from(piece));
      assert.equal(running.digest().toString('hex'), expected, algorithm);
    }
  };
  check('CRC32', 'cbf43926');
  check('CRC32C', 'e3069283');
  check('CRC64NVME', 'ae8b14860a799888');
  check('SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441');
  check('SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225');
});
