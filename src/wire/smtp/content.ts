/**
 * Reads the content that follows DATA: takes dots off (RFC 5321 §4.5.2), finds the end, and judges line ends.
 *
 * Only CRLF ends a line and only CRLF.CRLF ends the content (RFC 5321 §2.3.8, §4.1.1.4). A server that also took a bare
 * LF, or repaired one, would let a sender hide a second message inside the first, past the host that relayed it
 * (SMTP smuggling). So a bare CR or LF starts no line here, and content that holds one is refused as a whole.
 */

export type ContentProblem = 'bare-line-feed' | 'bare-carriage-return' | 'long-line' | 'too-large' | 'no-room';

const EMPTY = Buffer.alloc(0);
const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

/** Where the reader stands; a number, because it is looked at for every line end. */
const LINE_START = 0;
const IN_LINE = 1;
const AFTER_CR = 2;
const AFTER_DOT = 3;
const AFTER_DOT_CR = 4;

export class ContentReader {
  readonly #messageOctets: number;
  readonly #lineOctets: number;
  readonly #pieces = new Pieces();
  #state = LINE_START;
  /** Octets of the present line that earlier chunks held. */
  #lineBefore = 0;
  #octets = 0;
  #content: Buffer | undefined;
  #problem: ContentProblem | undefined;

  /** Limits in octets: of all content, and of one line with its CRLF; the dot of dot-stuffing counts in neither. */
  constructor(limits: { readonly messageOctets: number; readonly lineOctets: number }) {
    this.#messageOctets = limits.messageOctets;
    this.#lineOctets = limits.lineOctets;
  }

  /** There once the end was read: what was not taken before; empty where there is a problem. Shares memory with the chunks. */
  get content(): Buffer | undefined {
    return this.#content;
  }

  /** The first thing found wrong. From then on content is read but not kept. */
  get problem(): ContentProblem | undefined {
    return this.#problem;
  }

  /** Octets read, kept or not. */
  get octets(): number {
    return this.#octets;
  }

  /** Octets in hand. */
  get kept(): number {
    return this.#pieces.octets;
  }

  /** Hands over what is in hand; later content goes on behind it. */
  take(): Buffer {
    if (!this.#content) return this.#pieces.join();
    const rest = this.#content;
    this.#content = EMPTY;
    return rest;
  }

  /** Lets go of what was kept; the rest will be read over. */
  drop(problem: ContentProblem): void {
    this.#problem ??= problem;
    this.#pieces.clear();
  }

  /**
   * Reads `chunk` from `at` and returns the index after the last octet that belonged to the content: the chunk's length,
   * or less when the end was there. The inner loop runs over ordinary octets and looks up only at line ends.
   */
  read(chunk: Buffer, at: number): number {
    const length = chunk.length;
    let state = this.#state;
    let from = at; // the first octet not yet kept
    let line = at - this.#lineBefore; // where the present line began, counted in this chunk
    let i = at;
    while (i < length) {
      let octet = chunk[i]!;
      if (state === IN_LINE) {
        while (octet !== CR && octet !== LF && ++i < length) octet = chunk[i]!;
        if (i === length) break;
      }
      i++;
      switch (state) {
        case LINE_START:
          if (octet === DOT) {
            this.#keep(chunk, from, i - 1);
            from = line = i;
            state = AFTER_DOT;
            continue;
          }
          break;
        case AFTER_CR:
          if (octet === LF) {
            if (i - line > this.#lineOctets) this.drop('long-line');
            line = i;
            state = LINE_START;
            continue;
          }
          this.drop('bare-carriage-return');
          break;
        case AFTER_DOT:
          if (octet === CR) {
            state = AFTER_DOT_CR;
            continue;
          }
          break;
        case AFTER_DOT_CR:
          if (octet === LF) return this.#end(i);
          this.drop('bare-carriage-return');
          break;
      }
      if (octet === LF) this.drop('bare-line-feed');
      state = octet === CR ? AFTER_CR : IN_LINE;
    }
    // After a dot the CR is kept only with what would prove it a bare one, and that is refused anyway.
    if (state !== AFTER_DOT_CR) this.#keep(chunk, from, length);
    this.#state = state;
    this.#lineBefore = length - line;
    if (this.#lineBefore > this.#lineOctets) this.drop('long-line');
    return length;
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    this.#octets += to - from;
    if (this.#octets > this.#messageOctets) this.drop('too-large');
    if (!this.#problem && to > from) this.#pieces.add(chunk.subarray(from, to));
  }

  /** The dot of the last line was not kept; neither is the CRLF after it. */
  #end(index: number): number {
    this.#content = this.#pieces.join();
    return index;
  }
}

/** Octets. A view on a chunk is dear to keep (an object, and the chunk behind it); a small piece is copied instead. */
const SMALL_PIECE = 1_024;
const SLAB = 16_384;

/**
 * Buffers in order, joined once. Without the slab a sender of one octet a packet, or of a dot a line, would make us
 * hold a hundred times what the budget was told. One piece is handed on as it is: most mail comes in one chunk.
 */
class Pieces {
  octets = 0;
  #list: Buffer[] = [];
  /** The newest piece, not yet copied: it may be the only one. */
  #last: Buffer | undefined;
  #slab: Buffer | undefined;
  #used = 0;

  add(piece: Buffer): void {
    this.octets += piece.length;
    if (this.#last) this.#store(this.#last);
    this.#last = piece;
  }

  join(): Buffer {
    const last = this.#last ?? EMPTY;
    this.#seal();
    const whole = this.#list.length === 0 ? last : Buffer.concat([...this.#list, last]);
    this.clear();
    return whole;
  }

  clear(): void {
    this.octets = 0;
    this.#list = [];
    this.#last = undefined;
    this.#slab = undefined;
    this.#used = 0;
  }

  #store(piece: Buffer): void {
    if (piece.length >= SMALL_PIECE) {
      this.#seal();
      this.#list.push(piece);
      return;
    }
    if (this.#used + piece.length > SLAB) this.#seal();
    this.#slab ??= Buffer.allocUnsafeSlow(SLAB);
    this.#used += piece.copy(this.#slab, this.#used);
  }

  #seal(): void {
    if (this.#used > 0) this.#list.push(this.#slab!.subarray(0, this.#used));
    this.#slab = undefined;
    this.#used = 0;
  }
}
