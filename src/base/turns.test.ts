import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

/** What was let in so far, in its order; `a1` is the first of a. */
async function letIn(turns: Turns, asked: readonly string[]) {
  const order: string[] = [];
  for (const one of asked) void turns.take(one[0]!).then(() => order.push(one));
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  await settled();
  return {
    order,
    async release(owner: string) {
      turns.release(owner);
      await settled();
      return order.at(-1);
    },
  };
}
const limits = { places: 2, placesPerOwner: 1, waitingPerOwner: 3, waiting: 4, tooMany: 'Too many wait' };

test('an owner has one place at a time, whatever it asks for: the other is for somebody else', async () => {
  const { order, release } = await letIn(new Turns(limits), ['a1', 'a2', 'a3', 'b1']);
  assert.deepEqual(order, ['a1', 'b1']);
  assert.equal(await release('a'), 'a2');
  assert.equal(await release('b'), 'a2');
  assert.equal(await release('a'), 'a3');
});

test('those who wait are served owner by owner', async () => {
  const { order, release } = await letIn(new Turns(limits), ['a1', 'b1', 'a2', 'a3', 'c1', 'b2']);
  assert.deepEqual(order, ['a1', 'b1']);
  const served = [await release('b'), await release('a'), await release('c'), await release('b')];
  assert.deepEqual(served, ['c1', 'a2', 'b2', 'b2']);
  assert.equal(await release('a'), 'a3');
});

test('with a share of several, one owner leaves a place to the others', async () => {
  const three = new Turns({ ...limits, places: 3, placesPerOwner: 2 });
  const { order, release } = await letIn(three, ['a1', 'a2', 'a3', 'b1']);
  assert.deepEqual(order, ['a1', 'a2', 'b1']);
  assert.equal(await release('b'), 'b1');
  assert.equal(await release('a'), 'a3');
});

test('who waits is bounded, for each and for all', async () => {
  const turns = new Turns(limits);
  await letIn(turns, ['a1', 'b1', 'a2', 'a3', 'a4']);
  await assert.rejects(turns.take('a'), { code: 'busy' });
  await letIn(turns, ['c1']);
  await assert.rejects(turns.take('d'), { code: 'busy' });
});
