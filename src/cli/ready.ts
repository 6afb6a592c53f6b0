import { SettingsError } from '../settings/settings.ts';
import { duration } from '../settings/values.ts';

/** Real milliseconds between two questions. */
const PAUSE = 50;

/**
 * `sesame ready [--url http://127.0.0.1:4566] [--wait 30s]`: exit code 0 once a running Sesame answers that it is ready, 1
 * if it does not within the time.
 */
export async function ready(flags: readonly string[]): Promise<number> {
  const given = new Map<string, string>();
  for (let i = 0; i < flags.length; i += 2) {
    const [flag, value] = [flags[i]!, flags[i + 1]];
    if (!['--url', '--wait'].includes(flag) || value === undefined)
      throw new SettingsError(`ready takes --url and --wait, not ${flag}`);
    given.set(flag, value);
  }
  const url = `${given.get('--url') ?? 'http://127.0.0.1:4566'}/readyz`;
  const end = performance.now() + duration(given.get('--wait') ?? '30s');
  for (;;) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (answer?.ok) return 0;
    if (performance.now() > end) {
      console.error(`sesame: ${url} is not ready: ${answer ? await answer.text() : 'no answer'}`);
      return 1;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
