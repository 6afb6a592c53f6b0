import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { openDatabase } from './database.ts';
import { newFolder } from './ground.ts';
import { Snapshot } from './snapshot.ts';

/** Two connections to one database: ours, and that of another who writes and works off the log. */
function pair(t: Parameters<typeof newFolder>[0]) {
  const file = join(newFolder(t), 'a.db');
  const db = openDatabase(file);
  db.exec('create table notes (note text)');
  const other = new Database(file, { timeout: 0 });
  t.after(() => other.close());
  const snapshot = new Snapshot(db);
  return {
    db,
    snapshot,
    other,
    note: () => other.prepare('insert into notes values (?)').run('x'),
    seen() {
      snapshot.open();
      return (db.prepare('select count(*) as n from notes').get() as { n: number }).n;
    },
    readerIsInTheWay: () => (other.pragma('wal_checkpoint(restart)') as [{ busy: number }])[0].busy === 1,
  };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the reads of a turn are of one moment; with the turn it ends, and nobody waits for it', async (t) => {
  const { db, note, seen, readerIsInTheWay } = pair(t);
  note();
  assert.equal(seen(), 1);
  note();
  assert.equal(seen(), 1);
  assert.equal(readerIsInTheWay(), true);
  await turn();
  assert.equal(db.inTransaction, false);
  assert.equal(readerIsInTheWay(), false);
  assert.equal(seen(), 2);
  await turn();
  db.close();
});

test('ended early it is opened anew by the next read, and the end of the turn is no fault', async (t) => {
  const { db, snapshot, note, seen } = pair(t);
  assert.equal(seen(), 0);
  note();
  snapshot.end();
  snapshot.end();
  assert.equal(db.inTransaction, false);
  assert.equal(seen(), 1);
  await turn();
  assert.equal(db.inTransaction, false);
  db.close();
});

test('a read that fails leaves nothing open, nor does closing in the middle of a turn', async (t) => {
  const { db, snapshot, seen } = pair(t);
  snapshot.open();
  assert.throws(() => db.prepare('select * from missing').get(), /no such table/);
  assert.throws(() => db.prepare("select json('{')").get(), /malformed/);
  await turn();
  assert.equal(db.inTransaction, false);
  assert.equal(seen(), 0);
  db.close();
  await turn();
  assert.throws(() => snapshot.open(), /not open/);
});

test('while it is suspended each read is for itself, and in the way of nobody, however long the turn', async (t) => {
  const { db, snapshot, note, seen, readerIsInTheWay } = pair(t);
  note();
  assert.equal(seen(), 1);
  snapshot.suspend();
  note();
  assert.equal(seen(), 2);
  assert.equal(readerIsInTheWay(), false);
  snapshot.resume();
  note();
  assert.equal(seen(), 3);
  assert.equal(readerIsInTheWay(), true);
  await turn();
  db.close();
});
