import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Refusal } from '../../base/refusal.ts';

/**
 * Takes the data folder for this process until released. Node has no flock, and a file with a process id in it outlives
 * `kill -9`. SQLite's own file lock does not: the kernel drops it with the process, and SQLite also tells two opens
 * within one process apart. So an open exclusive transaction on an empty database beside the real one is the lock.
 */
export function lockFolder(folder: string): () => void {
  const lock = new Database(join(folder, 'lock'), { timeout: 0 });
  try {
    lock.pragma('journal_mode = memory');
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw new Refusal(
        'conflict',
        `The data folder ${folder} is in use by another Sesame; stop that one, or set another SESAME_DATA.`,
      );
    }
    throw error;
  }
  return () => lock.close();
}
