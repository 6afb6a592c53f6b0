import type { TlsPolicy } from '../../wire/smtp/client.ts';
import type { PooledAnswer, SmtpPool } from '../../wire/smtp/pool.ts';
import type { Answer } from './classify.ts';
import type { Outgoing } from './outgoing.ts';
import { providerOf } from './providers.ts';
import type { Attempt, Result, Route } from './route.ts';

/** One address to connect to. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  /** For SNI, and what replies and events call it. */
  readonly host: string;
  readonly tls: TlsPolicy;
  readonly verifyCertificate?: boolean;
  readonly auth?: { readonly userName: string; readonly password: string };
}

/** Where to go, the best first; or why there is nowhere to go. */
export type Peers =
  | { readonly kind: 'peers'; readonly peers: readonly Peer[] }
  | { readonly kind: 'nowhere'; readonly answer: Answer };

interface Needs {
  readonly name: string;
  readonly oneLane?: boolean;
  readonly peersOf: (domain: string) => Promise<Peers>;
  readonly outgoing: Outgoing;
  readonly pool: SmtpPool;
  /** EHLO name. */
  readonly hostname: string;
  readonly ca: readonly string[];
}

/** Peers of one domain that are tried before the rest waits for the next attempt. */
const MOST_PEERS = 5;

/** A way out over SMTP: to the exchangers of the domain, or to a smarthost. */
export class SmtpRoute implements Route {
  readonly name: string;
  readonly oneLane: boolean;
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.name = needs.name;
    this.oneLane = needs.oneLane ?? false;
    this.#needs = needs;
  }

  async deliver(attempt: Attempt): Promise<readonly Result[] | undefined> {
    const { message, recipients } = attempt;
    const domain = recipients[0]!.slice(recipients[0]!.lastIndexOf('@') + 1).toLowerCase();
    const found = await this.#needs.peersOf(domain);
    if (found.kind === 'nowhere') {
      const unreached = (found.answer.code ?? 0) < 500;
      return recipients.map(() => ({ ...answered(found.answer, domain), unreached }));
    }
    if (!attempt.admit(providerOf(found.peers[0]!.host))) return undefined;
    const content = await this.#needs.outgoing.content(message);
    let answers: readonly PooledAnswer[] = [];
    let last: Peer | undefined;
    for (const peer of found.peers.slice(0, MOST_PEERS)) {
      last = peer;
      answers = await this.#converse(peer, attempt, content);
      if (!answers.every(isUnreachable)) break;
    }
    // One that answered is there, though it may have no place for us now.
    const unreached = answers.every((answer) => isUnreachable(answer) && answer.code === undefined);
    return answers.map((answer) => ({
      ...answered(whole(answer), last?.host ?? domain),
      outgoingIp: answer.localAddress,
      peerAddress: answer.localAddress === undefined ? undefined : last?.address,
      unreached,
    }));
  }

  async close(): Promise<void> {
    this.#needs.pool.close();
  }

  /** TLS that was only an opportunity does not stop the mail: it goes again in plain text (RFC 7435 §3). */
  async #converse(peer: Peer, attempt: Attempt, content: Buffer): Promise<readonly PooledAnswer[]> {
    if (attempt.tls === 'required') return this.#converseSecurely(peer, attempt, content);
    const answers = await this.#send(peer, attempt, content);
    const failedTls = peer.tls === 'opportunistic' && answers.every(({ stage }) => stage === 'tls');
    return failedTls ? this.#send({ ...peer, tls: 'never' }, attempt, content) : answers;
  }

  /** Want of TLS says nothing about the recipient, whatever the peer's code: another exchanger or hour may have it. */
  async #converseSecurely(peer: Peer, attempt: Attempt, content: Buffer): Promise<readonly PooledAnswer[]> {
    const tls = peer.tls === 'implicit' ? peer.tls : 'required';
    const answers = await this.#send({ ...peer, tls }, attempt, content);
    return answers.map((answer) =>
      answer.stage === 'tls'
        ? { ...answer, code: 421, enhanced: '4.7.0', text: `TLS is required for this message: ${answer.text}` }
        : answer,
    );
  }

  #send(peer: Peer, { message, recipients }: Attempt, content: Buffer): Promise<readonly PooledAnswer[]> {
    const { pool, outgoing, hostname, ca } = this.#needs;
    return pool.deliver(
      {
        host: peer.address,
        port: peer.port,
        servername: peer.host,
        ehloName: hostname,
        tls: peer.tls,
        ...(peer.verifyCertificate !== undefined && { verifyCertificate: peer.verifyCertificate }),
        ...(ca.length > 0 && { ca }),
        ...(peer.auth && { auth: peer.auth }),
      },
      { from: outgoing.envelopeSender(message), to: recipients, content },
    );
  }
}

/** Another exchanger may do better: nobody answered, or it sent us away before the mail was spoken of. */
function isUnreachable({ stage, code }: PooledAnswer): boolean {
  return (stage === 'connect' || stage === 'greeting' || stage === 'tls') && (code === undefined || code < 500);
}

/** The reply as it was said, with its enhanced code in front. */
function whole({ code, enhanced, text }: PooledAnswer): Answer {
  return { code, text: enhanced === undefined ? text : `${enhanced} ${text}` };
}

function answered({ code, text }: Answer, peer: string): Result {
  return { kind: 'answered', code, text, peer };
}
