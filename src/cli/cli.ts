import { Refusal } from '../base/refusal.ts';
import { SettingsError } from '../settings/settings.ts';

/** One file a sub-command, loaded when it is asked for. Each answers the exit code. */
const commands: Readonly<Record<string, () => Promise<(flags: readonly string[]) => Promise<number>>>> = {
  up: async () => (await import('./up.ts')).up,
  ready: async () => (await import('./ready.ts')).ready,
  accounts: async () => (await import('./accounts.ts')).accounts,
  keys: async () => (await import('./keys.ts')).keys,
  review: async () => (await import('./review.ts')).review,
  queue: async () => (await import('./queue.ts')).queue,
  doctor: async () => (await import('./doctor.ts')).doctor,
};

export async function run([name = 'up', ...flags]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    console.error(`sesame: there is no command '${name}'. There are: ${Object.keys(commands).join(', ')}.`);
    return 2;
  }
  try {
    return await (await command())(flags);
  } catch (cause) {
    // What a person can mend is a sentence; anything else is a fault and shows where it came from.
    if (!(cause instanceof SettingsError || cause instanceof Refusal)) throw cause;
    console.error(`sesame: ${cause.message}`);
    return 1;
  }
}
