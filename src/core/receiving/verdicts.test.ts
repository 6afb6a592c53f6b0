import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Authentication } from './authentication.ts';
import { verdictsOf } from './verdicts.ts';

const authentication = (spf: string, dkim: string[], dmarc: string): Authentication => ({
  spf: { result: spf, explanation: '' },
  dkim: dkim.map((result) => ({ result, domain: 'a.example' })),
  dmarc: { result: dmarc, domain: 'a.example', policy: 'reject' },
  arc: 'none',
});

test('verdicts', () => {
  const check = (spf: string, dkim: string[], dmarc: string, expected: unknown[]) => {
    const told = verdictsOf({ authentication: authentication(spf, dkim, dmarc) }, false);
    assert.deepEqual([told.spf, told.dkim, told.dmarc, told.dmarcPolicy], expected);
  };
  check('pass', ['pass'], 'pass', ['PASS', 'PASS', 'PASS', undefined]);
  check('fail', ['fail', 'pass'], 'fail', ['FAIL', 'PASS', 'FAIL', 'reject']);
  check('softfail', ['neutral', 'fail'], 'none', ['GRAY', 'FAIL', 'GRAY', undefined]);
  check('neutral', [], 'permerror', ['GRAY', 'GRAY', 'GRAY', undefined]);
  check('permerror', ['policy'], 'none', ['GRAY', 'GRAY', 'GRAY', undefined]);
  check('temperror', ['temperror', 'neutral'], 'temperror', [...Array(3).fill('PROCESSING_FAILED'), undefined]);
});

test('what nobody wanted or could find out', () => {
  const scanned = { spam: 'PASS', virus: 'FAIL' } as const;
  const check = (judgement: Parameters<typeof verdictsOf>[0], scan: boolean, expected: string) => {
    const { spam, virus, spf, dkim, dmarc } = verdictsOf(judgement, scan);
    assert.equal([spam, virus, spf, dkim, dmarc].join(' '), expected);
  };
  check({}, true, 'DISABLED DISABLED DISABLED DISABLED DISABLED');
  check(scanned, true, 'PASS FAIL DISABLED DISABLED DISABLED');
  check(scanned, false, 'DISABLED DISABLED DISABLED DISABLED DISABLED');
  check({ authentication: 'failed' }, true, 'DISABLED DISABLED PROCESSING_FAILED PROCESSING_FAILED PROCESSING_FAILED');
});
