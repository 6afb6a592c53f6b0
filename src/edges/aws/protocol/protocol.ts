import type { Request, Response } from '../../http.ts';

/**
 * How a service's operations stand on the wire. One instance a service; everything is compiled from the schemas on
 * an operation's first use.
 */
export interface Protocol {
  /** Which operation is asked for. Throws `Invalid`. */
  route(request: Request): Call;
}

/** A request whose operation is known and whose input has not been read yet. */
export interface Call {
  readonly operation: string;
  /** Throws `Invalid`. */
  input(): unknown;
  reply(output: unknown, requestId: string): Response;
}

/** An error in the words of the service, ready for its wire. */
export interface Failure {
  readonly code: string;
  /** What stands for the code on the wire of awsQuery, and beside it where a service has left that wire. */
  readonly queryCode: string;
  readonly status: number;
  /** Empty where SES's own message is null. */
  readonly message: string;
  /** Members of the modelled error beside its message. */
  readonly members: Readonly<Record<string, string>>;
}

export type FailureWriter = (failure: Failure, requestId: string) => Response;

export const REQUEST_ID = 'x-amzn-requestid';
