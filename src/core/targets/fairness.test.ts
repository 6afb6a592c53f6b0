import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST_FOR_ONE, takeFairly } from './fairness.ts';

const owed = (endpoint: string, times: number, due = 1) =>
  Array.from({ length: times }, (_, n) => ({ id: `${endpoint}${n}`, endpoint, due }));
const taken = (all: ReturnType<typeof owed>, room: number, underWay: [string, number][] = []) =>
  takeFairly(all, { now: 1, room, underWay: new Map(underWay) }).map(({ id }) => id);

test('no endpoint takes more than its share', () => {
  const all = [...owed('slow', 100), ...owed('quick', 2)];
  assert.deepEqual(taken(all, 50).slice(MOST_FOR_ONE), ['quick0', 'quick1']);
  assert.deepEqual(taken(all, 50, [['slow', MOST_FOR_ONE - 1]]), ['slow0', 'quick0', 'quick1']);
  assert.deepEqual(taken(all, 1), ['slow0']);
});

test('what is not due waits', () => {
  assert.deepEqual(taken([...owed('a', 1), ...owed('b', 1, 2)], 50), ['a0']);
});
