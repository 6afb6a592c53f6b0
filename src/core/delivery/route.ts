import type { Message } from '../messages/messages.ts';
import type { Answer } from './classify.ts';

/** One try: a message and those of its recipients that go the same way together. */
export interface Attempt {
  readonly message: Message;
  readonly recipients: readonly string[];
  /** The sender would rather not have it delivered than in plain text. */
  readonly tls?: 'required' | undefined;
  /** Whether there is room at the provider that the way leads to: who runs the exchangers, whatever the domain. */
  readonly admit: (provider: string) => boolean;
}

/** What came of it for one recipient. */
export interface Result extends Answer {
  /** `captured`: kept here and nowhere else; `answered`: the text and code are a peer's, or ours where there was none. */
  readonly kind: 'captured' | 'answered';
  /** Host name or address of the peer. */
  readonly peer: string;
  /** Address that we spoke to, and the one that we spoke from, where we spoke. */
  readonly peerAddress?: string | undefined;
  readonly outgoingIp?: string | undefined;
  /** Nobody could be asked (no connection, no DNS): that says nothing about this message, and the same for the next. */
  readonly unreached?: boolean;
}

/** A way out. Never throws for what a peer or a network does: that is a result, for each recipient. */
export interface Route {
  readonly name: string;
  /** Everything goes to the same relay, whatever its domain: it waits in one lane and shares attempts. */
  readonly oneLane?: boolean;
  /** What a try would come to, where that is known without one. */
  foregone?(recipient: string): Promise<Result | undefined>;
  /** A result for each recipient, in order; nothing where the attempt was not admitted, and nobody was spoken to. */
  deliver(attempt: Attempt): Promise<readonly Result[] | undefined>;
  close(): Promise<void>;
}
