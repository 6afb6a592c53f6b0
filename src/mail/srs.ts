import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * The Sender Rewriting Scheme (https://www.libsrs2.net/srs/srs.pdf): who forwards a mail writes its sender as an address
 * of its own, so that SPF holds at the next hop, and a bounce that comes there finds the way back.
 *
 *   SRS0=<hash>=<day>=<domain>=<local part>@<forwarder>       of a sender
 *   SRS1=<hash>=<first forwarder>=<its SRS0, without SRS0>@<forwarder>    of one that was rewritten already
 *
 * There is no row behind it: the hash proves that we wrote it, the day that it was not long ago.
 */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** Characters of base32: 40 bits, which nobody guesses at the rate of an SMTP door in three weeks. */
const HASH = 8;
const DAY = 86_400_000;
/** The day is written in two characters of base32. */
const DAYS = 1_024;
/** Days that an address leads back; mail is tried for two weeks at most. */
const LIFETIME = 21;
/** Octets; RFC 5321 §4.5.3.1.1. */
const LOCAL_PART = 64;

export class Srs {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /**
   * The local part that stands for a sender; nothing where it would be too long to be one. `at` in milliseconds since 1970.
   */
  forward(sender: string, at: number): string | undefined {
    const { local, domain } = split(sender);
    const [, kind, rest = ''] = /^SRS([01])[-=+](.*)$/i.exec(local) ?? [];
    let written: string;
    // Behind the other forwarder's hash, which only he can judge, stands the first forwarder and what he wrote.
    if (kind === '1') written = this.#srs1(...splitOnce(splitOnce(rest)[1]));
    else if (kind === '0') written = this.#srs1(domain, `=${rest}`);
    else {
      const day = dayOf(at);
      written = `SRS0=${this.#hash(day, domain, local)}=${day}=${domain}=${local}`;
    }
    return written.length <= LOCAL_PART ? written : undefined;
  }

  /** Whom a local part of ours stands for; nothing where it is none, a forged or an old one. */
  reverse(local: string, at: number): string | undefined {
    const [, kind, hash = '', rest = ''] = /^SRS([01])=([a-z2-7]{8})=(.+)$/i.exec(local) ?? [];
    if (kind === '1') {
      const [domain, inner] = splitOnce(rest);
      return this.#isOurs(hash, domain, inner) ? `SRS0${inner}@${domain}` : undefined;
    }
    const [, day = '', domain = '', sender = ''] = /^([a-z2-7]{2})=([^=]+)=(.+)$/i.exec(rest) ?? [];
    if (kind !== '0' || sender === '' || !this.#isOurs(hash, day, domain, sender)) return undefined;
    const age = (numberOf(dayOf(at)) - numberOf(day) + DAYS) % DAYS;
    return age <= LIFETIME ? `${sender}@${domain}` : undefined;
  }

  #srs1(first: string, inner: string): string {
    return `SRS1=${this.#hash(first, inner)}=${first}=${inner}`;
  }

  /** Without regard to case: some hosts write local parts anew. */
  #hash(...texts: string[]): string {
    const digest = createHmac('sha256', this.#key).update(texts.join('=').toLowerCase()).digest();
    return [...digest.subarray(0, HASH)].map((octet) => ALPHABET[octet % 32]).join('');
  }

  #isOurs(given: string, ...texts: string[]): boolean {
    return timingSafeEqual(Buffer.from(given.toLowerCase()), Buffer.from(this.#hash(...texts)));
  }
}

function split(address: string): { local: string; domain: string } {
  const at = address.lastIndexOf('@');
  return { local: address.slice(0, at), domain: address.slice(at + 1) };
}

/** At the first `=`. */
function splitOnce(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function dayOf(at: number): string {
  const day = Math.floor(at / DAY) % DAYS;
  return ALPHABET[day >> 5]! + ALPHABET[day & 31]!;
}

function numberOf(day: string): number {
  const [high, low] = [...day.toLowerCase()].map((character) => ALPHABET.indexOf(character));
  return high! * 32 + low!;
}
