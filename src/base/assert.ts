/** A broken assumption of our own: never a caller's fault, always a bug. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`);
}
