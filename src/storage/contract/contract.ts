import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { DAY, HOUR, MINUTE } from '../../base/clock.ts';
import { counters } from '../counters.ts';
import { documents } from '../documents.ts';
import { facts } from '../facts.ts';
import { generation, raiseGeneration } from '../generations.ts';
import type { Command, Scope, Segment, Staged, Store } from '../ports.ts';
import { letters } from './letters.ts';

const broken: Command = {
  statement: { name: 'broken', compile: () => ({ sql: 'insert into nowhere values (1)', parameters: [] }) },
  parameters: {},
};

const scope: Scope = { account: '111111111111', region: 'eu-west-1' };
const other: Scope = { account: '111111111111', region: 'us-east-1' };

/**
 * What every home must do. `open` answers a store on new, empty ground with the tables of `lettersMigrations`; `reopen`
 * closes it and opens the same ground again.
 */
export function storageContract(
  home: string,
  open: () => Promise<{ store: Store; reopen: () => Promise<Store>; destroy: () => Promise<void> }>,
): void {
  describe(`${home}: the storage contract`, () => {
    let ground: Awaited<ReturnType<typeof open>>;
    let store: Store;
    beforeEach(async () => {
      ground = await open();
      store = ground.store;
    });
    afterEach(() => ground.destroy());

    const states = async (id: string) => (await store.rows.all(letters.of({ id }))).map(({ state }) => state);
    const write = (...batch: Command[]) => store.rows.write(batch, 'durable');

    describe('rows', () => {
      test('a batch is applied in its order and answers the rows of each command', async () => {
        const outcome = await write(
          letters.write({ id: 'm', state: 'a' }),
          facts.set('x', 'y'),
          letters.write({ id: 'm', state: 'b' }),
        );
        assert.ok(outcome.applied);
        const [[first], none, [second]] = outcome.rows as [[{ seq: number }], [], [{ seq: number }]];
        assert.ok(first.seq < second.seq);
        assert.deepEqual(none, []);
        assert.deepEqual(await states('m'), ['a', 'b']);
      });

      test('a missed expectation undoes the whole batch and names the command', async () => {
        const outcome = await write(
          letters.write({ id: 'm', state: 'a' }),
          letters.move({ id: 'm', from: 'z', to: 'y' }),
        );
        assert.deepEqual(outcome, { applied: false, failed: 'letters.move' });
        assert.deepEqual(await states('m'), []);
      });

      test('a fault rejects its batch alone, whatever shares the moment', async () => {
        const [before, fault, missed, after] = await Promise.allSettled([
          write(letters.write({ id: 'm', state: 'before' })),
          write(letters.write({ id: 'm', state: 'fault' }), broken),
          write(letters.write({ id: 'm', state: 'missed' }), letters.move({ id: 'm', from: 'z', to: 'y' })),
          write(letters.write({ id: 'm', state: 'after' })),
        ]);
        assert.equal(before.status === 'fulfilled' && before.value.applied, true);
        assert.equal(after.status === 'fulfilled' && after.value.applied, true);
        assert.equal(missed.status === 'fulfilled' && missed.value.applied, false);
        assert.equal(fault.status, 'rejected');
        assert.deepEqual(await states('m'), ['before', 'after']);
      });

      test('what is committed is seen, in the order of asking', async () => {
        await store.rows.write([letters.write({ id: 'm', state: 'a' })], 'committed');
        assert.deepEqual(await states('m'), ['a']);
        const writes = Array.from({ length: 300 }, (_, n) =>
          store.rows.write([letters.write({ id: 'n', state: String(n) })], n % 2 ? 'durable' : 'committed'),
        );
        await Promise.all(writes);
        assert.deepEqual(
          await states('n'),
          Array.from({ length: 300 }, (_, n) => String(n)),
        );
      });

      test('of many that race for one change exactly one wins', async () => {
        await write(letters.write({ id: 'm', state: 'free' }));
        const claims = Array.from({ length: 50 }, () => write(letters.move({ id: 'm', from: 'free', to: 'taken' })));
        const won = (await Promise.all(claims)).filter(({ applied }) => applied);
        assert.equal(won.length, 1);
      });

      test('a thousand parallel writers lose no count', async () => {
        const add = counters.add(scope, 'sent', 0, 2);
        await Promise.all(Array.from({ length: 1_000 }, () => write(add)));
        assert.equal(await counters.sum(store.rows, scope, { counter: 'sent', from: 0, to: MINUTE }), 2_000);
      });

      test('values come back as they went in', async () => {
        const picture = Buffer.from([0, 255, 10, 13, 0]);
        await write(letters.write({ id: 'ключ 🔑', picture, at: Date.UTC(2100, 0) }));
        const letter = await store.rows.first(letters.of({ id: 'ключ 🔑' }));
        assert.ok(letter && Buffer.isBuffer(letter.picture));
        assert.deepEqual([letter.id, letter.picture, letter.at], ['ключ 🔑', picture, Date.UTC(2100, 0)]);
        assert.equal(await store.rows.first(letters.of({ id: 'none' })), undefined);
      });

      test('an empty batch is a barrier', async () => {
        assert.deepEqual(await write(), { applied: true, rows: [] });
      });

      test('what was acknowledged is there after closing and opening', async () => {
        await write(letters.write({ id: 'm', state: 'durable' }));
        const writing = store.rows.write([letters.write({ id: 'm', state: 'committed' })], 'committed');
        store = await ground.reopen();
        await writing;
        assert.deepEqual(await states('m'), ['durable', 'committed']);
      });

      test('a closed store takes no writes', async () => {
        await store.close();
        await assert.rejects(write(letters.write({ id: 'm', state: 'late' })), /closed/);
      });
    });

    describe('facts', () => {
      test('are set and set again', async () => {
        assert.equal(await facts.get(store.rows, 'offset'), undefined);
        await write(facts.set('offset', '1'));
        await write(facts.set('offset', '2'));
        assert.equal(await facts.get(store.rows, 'offset'), '2');
      });
    });

    describe('documents', () => {
      const colours = () => documents<{ colour: string }>(store.rows, 'colours');

      test('are created once, read, replaced at the version that was read, and removed', async () => {
        const kind = colours();
        await write(...kind.create(scope, 'sky', { colour: 'blue' }, 5));
        assert.deepEqual(await kind.get(scope, 'sky'), {
          name: 'sky',
          value: { colour: 'blue' },
          version: 1,
          created: 5,
          updated: 5,
        });
        const again = await write(...kind.create(scope, 'sky', { colour: 'red' }, 6));
        assert.deepEqual(again, { applied: false, failed: 'documents.create' });

        const replace = kind.replace(scope, { name: 'sky', version: 1 }, { colour: 'grey' }, 7);
        assert.equal((await write(...replace)).applied, true);
        assert.deepEqual(await write(...replace), { applied: false, failed: 'documents.replace' });
        const sky = await kind.get(scope, 'sky');
        assert.deepEqual([sky?.value.colour, sky?.version, sky?.created, sky?.updated], ['grey', 2, 5, 7]);

        assert.equal((await write(...kind.remove(scope, 'sky'))).applied, true);
        assert.deepEqual(await write(...kind.remove(scope, 'sky')), { applied: false, failed: 'documents.remove' });
        assert.equal(await kind.get(scope, 'sky'), undefined);
      });

      test('are apart by scope and kind', async () => {
        const kind = colours();
        await write(...kind.create(scope, 'sky', { colour: 'blue' }, 5));
        assert.equal(await kind.get(other, 'sky'), undefined);
        assert.equal(await documents(store.rows, 'shapes').get(scope, 'sky'), undefined);
      });

      test('are listed by name and newest first, page by page', async () => {
        const kind = colours();
        for (const [name, at] of [
          ['b', 1],
          ['a', 2],
          ['D', 2],
          ['c', 3],
        ] as const) {
          await write(...kind.create(scope, name, { colour: '' }, at));
        }
        const names = (page: { name: string }[]) => page.map(({ name }) => name).join('');
        assert.equal(names(await kind.list(scope, { limit: 3 })), 'Dab');
        assert.equal(names(await kind.list(scope, { after: 'b', limit: 3 })), 'c');
        assert.deepEqual([await kind.count(scope), await kind.count(other)], [4, 0]);
        const first = await kind.newest(scope, { limit: 2 });
        assert.equal(names(first), 'ca');
        assert.equal(names(await kind.newest(scope, { before: first.at(-1)!, limit: 3 })), 'Db');
      });

      test('raise the generation of their scope with every change that applies', async () => {
        const kind = colours();
        assert.equal(await generation(store.rows, scope), 0);
        await write(...kind.create(scope, 'sky', { colour: 'blue' }, 5));
        await write(...kind.create(scope, 'sky', { colour: 'blue' }, 5));
        assert.equal(await generation(store.rows, scope), 1);
        await write(...kind.replace(scope, { name: 'sky', version: 1 }, { colour: 'red' }, 6));
        await write(...kind.remove(scope, 'sky'));
        await write(raiseGeneration(scope));
        assert.equal(await generation(store.rows, scope), 4);
        assert.equal(await generation(store.rows, other), 0);
      });
    });

    describe('counters', () => {
      test('sum a sliding window by the minute, and forget what is old', async () => {
        const at = 20_000 * DAY;
        const total = (from: number, to: number) => counters.sum(store.rows, scope, { counter: 'sent', from, to });
        await write(counters.add(scope, 'sent', at), counters.add(scope, 'sent', at + MINUTE - 1, 4));
        await write(counters.add(scope, 'sent', at + HOUR, 10), counters.add(scope, 'received', at, 100));
        assert.equal(await total(at, at + DAY), 15);
        assert.equal(await total(at, at + HOUR), 5);
        assert.equal(await total(at + 1, at + DAY), 10);
        assert.equal(await counters.sum(store.rows, other, { counter: 'sent', from: 0, to: at + DAY }), 0);
        await write(counters.forget(at + HOUR));
        assert.equal(await total(at, at + DAY), 10);
      });
    });

    describe('bytes', () => {
      const small = Buffer.from('Subject: hello\r\n\r\n');
      const large = Buffer.alloc(200_000, 'large ');
      const stored = async (content: Buffer) => {
        const { segment, commands } = await store.bytes.stage(content);
        await write(...commands);
        return segment;
      };
      const read = (...segments: Segment[]) => store.bytes.read(segments);

      test('segments of any size are read as one', async () => {
        const [head, body, empty] = [await stored(small), await stored(large), await stored(Buffer.alloc(0))];
        assert.deepEqual([head.size, body.size], [small.length, large.length]);
        assert.deepEqual(await read(head), small);
        assert.deepEqual(await read(head, empty, body, head), Buffer.concat([small, large, small]));
        assert.deepEqual(await read(), Buffer.alloc(0));
      });

      test('a segment lives as long as it has an owner', async () => {
        for (const content of [small, large]) {
          const segment = await stored(content);
          await write(...store.bytes.share([segment]));
          await write(...store.bytes.release([segment]));
          assert.deepEqual(await read(segment), content);
          await write(...store.bytes.release([segment]));
          await assert.rejects(read(segment), /not stored/);
          assert.equal((await write(...store.bytes.share([segment]))).applied, false);
          assert.equal((await write(...store.bytes.release([segment]))).applied, false);
        }
      });

      test('equal large content is one segment with many owners', async () => {
        const staged = await Promise.all(Array.from({ length: 10 }, () => store.bytes.stage(Buffer.from(large))));
        await Promise.all(staged.map(({ commands }) => write(...commands)));
        assert.equal(new Set(staged.map(({ segment }) => segment.id)).size, 1);
        for (const { segment } of staged) {
          assert.deepEqual(await read(segment), large);
          await write(...store.bytes.release([segment]));
        }
        await assert.rejects(read(staged[0]!.segment), /not stored/);
      });

      test('content that comes in pieces is that of one piece, and is read in pieces', async () => {
        const pieces = async (...list: Segment[]) => {
          const chunks: Buffer[] = [];
          for await (const chunk of store.bytes.stream(list)) chunks.push(chunk);
          return Buffer.concat(chunks);
        };
        const whole = await stored(large);
        const incoming = store.bytes.incoming();
        for (let at = 0; at < large.length; at += 70_000) await incoming.write(large.subarray(at, at + 70_000));
        const { segment, commands } = await incoming.end();
        await incoming.drop();
        assert.deepEqual(segment, whole);
        await write(...commands);
        await write(...store.bytes.release([whole]));
        assert.deepEqual(await read(segment), large);
        const head = await stored(small);
        assert.deepEqual(await pieces(head, segment), Buffer.concat([small, large]));
        await write(...store.bytes.release([segment]));
        await assert.rejects(pieces(segment), /not stored/);
      });

      test('what comes in pieces and is dropped, or has no octet', async () => {
        const dropped = store.bytes.incoming();
        await dropped.write(large);
        await dropped.drop();
        await dropped.drop();
        const { segment, commands } = await store.bytes.incoming().end();
        await write(...commands);
        assert.deepEqual(await read(segment), Buffer.alloc(0));
      });

      test('a last release and a new stage of equal content lose nothing, in any order', async () => {
        let segment = await stored(large);
        for (let round = 0; round < 40; round++) {
          const releasing = () => store.rows.write(store.bytes.release([segment]), round % 3 ? 'durable' : 'committed');
          let staged: Staged;
          if (round % 4 === 0) [, staged] = await Promise.all([releasing(), store.bytes.stage(large)]);
          else if (round % 4 === 1) [staged] = await Promise.all([store.bytes.stage(large), releasing()]);
          else if (round % 4 === 2) {
            await releasing();
            staged = await store.bytes.stage(large);
          } else {
            staged = await store.bytes.stage(large);
            await releasing();
          }
          await write(...staged.commands);
          segment = staged.segment;
          assert.deepEqual(await read(segment), large);
        }
        store = await ground.reopen();
        assert.deepEqual(await read(segment), large);
      });

      test('a staged segment of a batch that was undone can be written again', async () => {
        const { segment, commands } = await store.bytes.stage(large);
        const missed = letters.move({ id: 'none', from: 'a', to: 'b' });
        assert.equal((await write(...commands, missed)).applied, false);
        await assert.rejects(read(segment), /not stored/);
        await write(...commands);
        assert.deepEqual(await read(segment), large);
      });
    });

    describe('erase', () => {
      const large = Buffer.alloc(100_000, 'x');
      const letterIn = async (of: Scope, id: string) => {
        const { segment, commands } = await store.bytes.stage(large);
        await write(...commands, letters.write({ ...of, id, segments: JSON.stringify([segment]) }));
        return segment;
      };
      const ids = async () => (await store.rows.all(letters.all({}))).map(({ id }) => id);

      test('forgets one scope and the content that only it owned', async () => {
        const own = await store.bytes.stage(Buffer.from('own'));
        await write(...own.commands, letters.write({ ...scope, id: 'own', segments: JSON.stringify([own.segment]) }));
        await letterIn(scope, 'a');
        const shared = await letterIn(other, 'b');
        await write(...documents(store.rows, 'k').create(scope, 'n', {}, 1), counters.add(scope, 'sent', 0));
        await store.erase(scope);
        assert.deepEqual(await ids(), ['b']);
        assert.equal(await documents(store.rows, 'k').get(scope, 'n'), undefined);
        assert.equal(await counters.sum(store.rows, scope, { counter: 'sent', from: 0, to: MINUTE }), 0);
        assert.equal(await generation(store.rows, scope), 2);
        await assert.rejects(store.bytes.read([own.segment]), /not stored/);
        assert.deepEqual(await store.bytes.read([shared]), large);
        await store.erase(other);
        await assert.rejects(store.bytes.read([shared]), /not stored/);
      });

      test('forgets everything but the facts, and no generation comes back', async () => {
        const segment = await letterIn(scope, 'a');
        await write(facts.set('x', 'y'), raiseGeneration(scope), letters.write({ id: 'm', state: 'a' }));
        await store.erase();
        assert.deepEqual(await ids(), []);
        assert.deepEqual(await states('m'), []);
        await assert.rejects(store.bytes.read([segment]), /not stored/);
        assert.equal(await generation(store.rows, scope), 2);
        assert.equal(await facts.get(store.rows, 'x'), 'y');
        assert.deepEqual(await store.bytes.read([await letterIn(scope, 'a')]), large);
      });
    });
  });
}
