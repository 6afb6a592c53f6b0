/**
 * A request that cannot be read, or breaks what the model says about it.
 *  - malformed: not even the form of a request (bad UTF-8, bad percent-encoding, broken XML)
 *  - serialization: a value of the wrong type
 *  - validation: a required member is absent, or a value is outside its length, range, pattern or enum
 *  - content-hash: the body is not the one whose hash was signed
 *  - missing-action, unknown-operation: which operation is meant cannot be told
 */
export type InvalidKind =
  | 'malformed'
  | 'serialization'
  | 'validation'
  | 'content-hash'
  | 'missing-action'
  | 'unknown-operation';

export class Invalid extends Error {
  readonly kind: InvalidKind;

  constructor(kind: InvalidKind, message: string) {
    super(message);
    this.name = 'Invalid';
    this.kind = kind;
  }
}

/** Deeper than any shape of AWS; ends hostile nesting of shapes that contain themselves. */
export const MAX_DEPTH = 64;

/** A page of violations is enough for anybody; more would let a small request make a huge reply. */
const MAX_VIOLATIONS = 100;

/** One request being read: where we are in it, and what was wrong so far. SES reports all violations at once. */
export class Reading {
  /** A number is the position in a list, from 0. */
  readonly #path: (string | number)[] = [];
  readonly #violations: string[] = [];

  enter(step: string | number): void {
    if (this.#path.push(step) > MAX_DEPTH) throw new Invalid('malformed', `Nested deeper than ${MAX_DEPTH} levels`);
  }

  leave(): void {
    this.#path.pop();
  }

  violate(constraint: string, value = 'Value'): void {
    if (this.#violations.length >= MAX_VIOLATIONS) return;
    this.#violations.push(`${value} at '${this.#where()}' failed to satisfy constraint: ${constraint}`);
  }

  /** Throws all that was violated, in SES's sentence. */
  finish(): void {
    const count = this.#violations.length;
    if (count === 0) return;
    const head = count === 1 ? '1 validation error detected' : `${count} validation errors detected`;
    throw new Invalid('validation', `${head}: ${this.#violations.join('; ')}`);
  }

  #where(): string {
    return this.#path.map((step) => (typeof step === 'number' ? `${step + 1}.member` : step)).join('.');
  }
}
