import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkReading, mayReplace, rangeOf } from './conditions.ts';

test('ranges', () => {
  const check = (range: string | undefined, expected: [number, number] | undefined) =>
    assert.deepEqual(rangeOf(range, 10), expected && { from: expected[0], to: expected[1] }, range);
  check(undefined, undefined);
  check('bytes=0-0', [0, 1]);
  check('bytes=2-5', [2, 6]);
  check('bytes=2-', [2, 10]);
  check('bytes=-3', [7, 10]);
  check('bytes=-30', [0, 10]);
  check('bytes=5-99', [5, 10]);
  check('bytes=5-2', undefined);
  check('bytes=0-1,3-4', undefined);
  check('octets=0-1', undefined);
  check('bytes=-', undefined);
  for (const beyond of ['bytes=10-', 'bytes=10-12', 'bytes=-0'])
    assert.throws(() => rangeOf(beyond, 10), /satisfiable/);
  assert.throws(() => rangeOf('bytes=0-', 0), /satisfiable/);
});

const object = { key: 'k', size: 1, etag: 'e', modified: 1_000_500 };

test('conditions of reading', () => {
  const check = (conditions: Parameters<typeof checkReading>[1], expected: string | undefined) => {
    const read = () => checkReading(object, conditions);
    if (expected === undefined) read();
    else assert.throws(read, { code: expected }, JSON.stringify(conditions));
  };
  const [before, same, after] = [999_000, 1_000_000, 1_001_000].map((time) => new Date(time));
  check({}, undefined);
  check({ IfMatch: '"e"' }, undefined);
  check({ IfMatch: '"a", "e"' }, undefined);
  check({ IfMatch: '*' }, undefined);
  check({ IfMatch: '"x"' }, 'precondition-failed');
  check({ IfMatch: '"e"', IfUnmodifiedSince: before }, undefined);
  check({ IfUnmodifiedSince: same }, undefined);
  check({ IfUnmodifiedSince: before }, 'precondition-failed');
  check({ IfNoneMatch: 'W/"e"' }, 'not-modified');
  check({ IfNoneMatch: '"x"', IfModifiedSince: after }, undefined);
  check({ IfModifiedSince: same }, 'not-modified');
  check({ IfModifiedSince: before }, undefined);
});

test('conditions of writing', () => {
  assert.equal(mayReplace({}), undefined);
  const fresh = mayReplace({ IfNoneMatch: '*' })!;
  fresh(undefined);
  assert.throws(() => fresh(object), { code: 'precondition-failed' });
  const known = mayReplace({ IfMatch: '"e"' })!;
  known(object);
  assert.throws(() => known({ ...object, etag: 'x' }), { code: 'precondition-failed' });
  assert.throws(() => known(undefined), { code: 'no-such-key' });
});
