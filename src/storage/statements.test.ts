import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Generated } from 'kysely';
import { bind, pick, statementsOver } from './statements.ts';

interface Tables {
  letters: { seq: Generated<number>; id: string; size: number; body: Buffer | null };
}
const { query, command, queryOver } = statementsOver<Tables>();

const insert = command(
  'letters.insert',
  (db, p: { id: string; size: number; body: Buffer | null }) =>
    db
      .insertInto('letters')
      .values(pick(p, 'id', 'size', 'body'))
      .returning('seq'),
  { expect: 1 },
);
const larger = query('letters.larger', (db, p: { than: number; limit: number }) =>
  db.selectFrom('letters').select(['id']).where('size', '>', p.than).where('body', 'is not', null).limit(p.limit),
);

test('a statement is compiled once for each dialect, its parameters in the order of the placeholders', () => {
  const call = larger({ limit: 5, than: 10 });
  const sqlite = call.statement.compile('sqlite');
  assert.equal(sqlite.sql, 'select "id" from "letters" where "size" > ? and "body" is not null limit ?');
  assert.deepEqual(bind(sqlite, call), [10, 5]);
  assert.equal(call.statement.compile('sqlite'), sqlite);
  assert.match(call.statement.compile('postgres').sql, /"size" > \$1 .* limit \$2/);
});

test('a command carries what it must touch', () => {
  const call = insert({ id: 'a', size: 1, body: null });
  assert.equal(call.expect, 1);
  assert.deepEqual(bind(call.statement.compile('sqlite'), call), ['a', 1, null]);
});

test('a forgotten parameter is a bug that names itself', () => {
  const call = insert({ id: 'a', size: 1 } as never);
  assert.throws(() => bind(call.statement.compile('sqlite'), call), /letters.insert: parameter body is missing/);
});

test('a statement over a list is compiled once for each power of two, and filled with the last value', () => {
  const among = queryOver('letters.among', (db, ids) => db.selectFrom('letters').select('size').where('id', 'in', ids));
  const two = among(['a', 'b']);
  assert.equal(two.statement.compile('sqlite').sql, 'select "size" from "letters" where "id" in (?, ?)');
  assert.deepEqual(bind(two.statement.compile('sqlite'), two), ['a', 'b']);
  assert.equal(among(['c', 'd']).statement, two.statement);
  const three = among(['a', 'b', 'c']);
  assert.deepEqual(bind(three.statement.compile('sqlite'), three), ['a', 'b', 'c', 'c']);
  assert.equal(among(['a', 'b', 'c', 'd']).statement, three.statement);
  assert.equal(bind(among(['a']).statement.compile('sqlite'), among(['a'])).length, 1);
  assert.throws(() => among([]), /letters.among: a list of 0/);
});
