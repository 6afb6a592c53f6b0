import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

/**
 * Moves pages from the log into the database, off the event loop, on a connection of its own.
 * Each message is a mode, the answer what SQLite says, or the error.
 */
const { file, timeout } = workerData as { file: string; timeout: number };
const db = new Database(file, { timeout });
db.pragma('synchronous = normal');

parentPort!.on('message', (mode: 'passive' | 'restart' | 'end') => {
  if (mode === 'end') {
    db.close();
    return parentPort!.close();
  }
  try {
    parentPort!.postMessage({ done: (db.pragma(`wal_checkpoint(${mode})`) as unknown[])[0] });
  } catch (error) {
    const { message, code } = error as { message: string; code?: string };
    parentPort!.postMessage({ error: { message, code } });
  }
});
