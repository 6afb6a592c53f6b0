import { SECOND } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import { Thread, type Work } from '../../base/thread.ts';
import { Turns } from '../../base/turns.ts';

/** Who brought a message. */
export interface Sender {
  readonly peerAddress: string;
  readonly helo: string;
  /** MAIL FROM, empty for a bounce. */
  readonly envelopeFrom: string;
}

/** What SPF, DKIM, DMARC and ARC say of a message, each in the words of Authentication-Results (RFC 8601 §2.7). */
export interface Authentication {
  readonly spf: { readonly result: string; readonly explanation: string };
  /** One a signature; empty where there is none. */
  readonly dkim: readonly { readonly result: string; readonly domain: string }[];
  readonly dmarc: {
    readonly result: string;
    readonly domain: string;
    /** `none`, `quarantine` or `reject`, where the domain has one. */
    readonly policy?: string | undefined;
  };
  /** `none` where no intermediary has sealed it (RFC 8617). */
  readonly arc: string;
}

/** What is used of the library's results. */
interface Signature {
  readonly id: string;
  readonly signingDomain?: string;
  readonly bodyHash?: string;
  readonly bodyHashExpecting?: string;
  readonly status: { readonly result: string; readonly aligned: unknown; readonly underSized: unknown };
}

type Question = { readonly begin: Sender } | { readonly chunk: Uint8Array } | 'end';
interface Settings {
  /** `host:port` each; empty for the system's. */
  readonly servers: readonly string[];
  /** Milliseconds for one DNS question. */
  readonly dnsPatience: number;
  readonly mostQuestions: number;
}

/** Threads at most; each is started when it is needed, with about 30 MB. */
const MOST_THREADS = 4;
/** Of these, for one account: mail whose DNS does not answer holds up no other's. */
const MOST_OF_ONE = 3;
/** Messages that wait for a thread; more than the receiving loop has at once. */
const MOST_WAITING = 100;
/** Milliseconds for one message, DNS included. */
const PATIENCE = 10 * SECOND;
/** MiB of long-lived objects in a thread. */
const MEMORY = 128;
const DNS_PATIENCE = 2 * SECOND;
/** DNS questions for one message: SPF has a limit of ten mechanisms (RFC 7208 §4.6.4), each signature wants a key. */
const MOST_QUESTIONS = 60;

type Checker = Thread<Settings, Question, Authentication | undefined>;

/**
 * The threads that check who sent a message. The message passes through in pieces, so that a large one is never in memory;
 * one that takes too much time or memory costs its thread, which is replaced, and has no result.
 */
export class Authenticators {
  readonly #settings: Settings;
  readonly #patience: number;
  readonly #threads = new Set<Checker>();
  readonly #idle: Checker[] = [];
  readonly #turns = new Turns({
    places: MOST_THREADS,
    placesPerOwner: MOST_OF_ONE,
    waitingPerOwner: MOST_WAITING,
    waiting: MOST_WAITING,
    tooMany: 'Too many messages wait to be authenticated',
  });
  #stopped = false;

  constructor({ servers = [], patience = PATIENCE }: { servers?: readonly string[] | undefined; patience?: number }) {
    this.#settings = { servers, dnsPatience: DNS_PATIENCE, mostQuestions: MOST_QUESTIONS };
    this.#patience = patience;
  }

  /**
   * `account`: whose message it is, as accounts share the threads.
   * @throws Error: it could not be found out in time, or before the end.
   */
  async check(account: string, sender: Sender, content: AsyncIterable<Buffer>): Promise<Authentication> {
    await this.#turns.take(account);
    try {
      if (this.#stopped) throw new Refusal('busy', 'Authentication has stopped');
      return await this.#checkBy(this.#idle.pop() ?? this.#start(), sender, content);
    } finally {
      this.#turns.release(account);
    }
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The threads end, in the middle of whatever they do; what they were asked is rejected. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#threads].map((thread) => thread.kill()));
  }

  #start(): Checker {
    const thread: Checker = new Thread(checking, this.#settings, { memory: MEMORY });
    this.#threads.add(thread);
    return thread;
  }

  async #checkBy(thread: Checker, sender: Sender, content: AsyncIterable<Buffer>): Promise<Authentication> {
    const timer = setTimeout(() => void thread.kill(), this.#patience);
    let whole = false;
    try {
      await thread.ask({ begin: sender });
      for await (const chunk of content) await thread.ask({ chunk });
      const found = await thread.ask('end');
      whole = true;
      return found!;
    } finally {
      clearTimeout(timer);
      // One that broke off still holds half a message.
      if (!whole) await thread.kill();
      if (thread.ended) this.#threads.delete(thread);
      else this.#idle.push(thread);
    }
  }
}

/** Runs in the thread. */
function checking(
  { servers, dnsPatience, mostQuestions }: Settings,
  require: NodeJS.Require,
): Work<Question, Authentication | undefined> {
  const { PassThrough } = require('node:stream');
  const { once } = require('node:events');
  const { Resolver } = require('node:dns').promises;
  // Not the whole of the library: its BIMI brings an HTTP client of 15 MB.
  const { dkimVerify } = require('mailauth/lib/dkim/verify.js');
  const { spf } = require('mailauth/lib/spf/index.js');
  const { arc } = require('mailauth/lib/arc/index.js');
  const { evaluateDmarc } = require('mailauth/lib/dmarc/index.js');
  const dns = new Resolver({ timeout: dnsPatience, tries: 1 });
  if (servers.length > 0) dns.setServers(servers);

  /** Each message has so many questions and no more; what is beyond them is as if nobody answered. */
  function asking() {
    let asked = 0;
    return (name: string, type: string) => {
      asked += 1;
      if (asked > mostQuestions) throw Object.assign(new Error('Too many DNS questions'), { code: 'ETIMEOUT' });
      return dns.resolve(name, type);
    };
  }

  async function check(
    content: NodeJS.ReadableStream,
    { peerAddress: ip, helo, envelopeFrom }: Sender,
  ): Promise<Authentication> {
    const resolver = asking();
    const dkim = await dkimVerify(content, { resolver, sender: envelopeFrom });
    const signatures: Signature[] = dkim.results.filter(({ signingDomain }: Signature) => signingDomain);
    const spfFound = await spf({ resolver, ip, helo, sender: envelopeFrom });
    const arcFound = await arc(dkim.arc, { resolver });
    const { response } = await evaluateDmarc({
      resolver,
      headerFrom: dkim.headerFrom,
      fromFields: dkim.fromFields,
      spfDomains: spfFound.status.result === 'pass' ? [spfFound.domain] : [],
      dkimDomains: signatures
        .filter(({ status }) => status.result === 'pass')
        .map(({ id, signingDomain: domain, status: { aligned, underSized } }) => ({ id, domain, aligned, underSized })),
      arcResult: arcFound,
    });
    const comment = spfFound.status.comment;
    return {
      spf: {
        result: spfFound.status.result,
        // The library names us first.
        explanation: typeof comment === 'string' ? comment.replace(/^[^ :]+: /, '') : '',
      },
      dkim: signatures.map(({ status, signingDomain = '', bodyHash, bodyHashExpecting }) => {
        // The library is neutral about a body that was changed; to RFC 8601 §2.7.1 it is a failure.
        const isChanged = status.result === 'neutral' && bodyHash !== undefined && bodyHash !== bodyHashExpecting;
        return { result: isChanged ? 'fail' : status.result, domain: signingDomain };
      }),
      dmarc: response
        ? { result: response.status.result, domain: response.domain, policy: response.policy || undefined }
        : // No author, or several: it cannot be evaluated (RFC 7489 §6.6.1).
          { result: 'permerror', domain: dkim.headerFrom[0]?.split('@').at(-1) ?? '' },
      arc: arcFound?.status?.result ?? 'none',
    };
  }

  let content = new PassThrough();
  let result: Promise<Authentication>;
  return {
    async answer(question) {
      if (question === 'end') {
        content.end();
        return result;
      }
      if ('begin' in question) {
        content = new PassThrough();
        result = check(content, question.begin);
        // It may fail between two questions; the next one is told.
        result.catch(() => {});
      } else if (!content.write(question.chunk)) await Promise.race([once(content, 'drain'), result]);
      return undefined;
    },
  };
}
