/**
 * A named limit on bytes in flight over all doors. A door takes before it buffers and gives back when the bytes are
 * stored or dropped: SMTP stops reading until there is room, HTTP answers 503.
 */
export class Budget {
  readonly limit: number;
  #used = 0;
  #waiting: { bytes: number; admit: () => void }[] = [];

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** True if the bytes were taken, false if there is no room for them now. */
  tryTake(bytes: number): boolean {
    if (this.#waiting.length > 0 || this.#used + bytes > this.limit) return false;
    this.#used += bytes;
    return true;
  }

  /** Resolves once the bytes are taken, in the order of asking. Asking for more than the limit is a bug. */
  take(bytes: number): Promise<void> {
    if (bytes > this.limit) return Promise.reject(new RangeError(`${bytes} bytes can never fit in ${this.limit}`));
    if (this.tryTake(bytes)) return Promise.resolve();
    return new Promise((admit) => this.#waiting.push({ bytes, admit }));
  }

  give(bytes: number): void {
    this.#used -= bytes;
    while (this.#waiting[0] && this.#used + this.#waiting[0].bytes <= this.limit) {
      const { bytes: wanted, admit } = this.#waiting.shift()!;
      this.#used += wanted;
      admit();
    }
  }
}
