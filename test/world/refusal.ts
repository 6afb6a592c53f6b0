import assert from 'node:assert/strict';

type Kind<E extends Error> = abstract new (...parameters: never[]) => E;

/** The error that a call of an SDK must end in; it must be of the SDK's own class. */
export async function refusal<E extends Error>(call: Promise<unknown>, kind: Kind<E>): Promise<E> {
  const ended = await call.then(
    () => 'it was answered',
    (error: unknown) => error,
  );
  assert.ok(ended instanceof kind, `wanted ${kind.name}, got ${ended}`);
  return ended;
}
