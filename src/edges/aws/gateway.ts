/**
 * The door of the AWS APIs. A request goes through seven steps, here in their order:
 * authenticate → route → throttle → decode → authorize → handler → encode.
 * Whatever a step throws is answered in the words of the service that was addressed; what nobody expected is logged
 * with its cause and answered without detail.
 */
import type { Log } from '../../base/log.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Scope } from '../../storage/ports.ts';
import { type CredentialScope, readScope, readSignature, SignatureVerifier } from '../../wire/sigv4.ts';
import type { HttpHandler, Request, Response } from '../http.ts';
import type { Caller } from './caller.ts';
import { type Destination, destinationOf } from './destination.ts';
import { failureOf, faultOf, NotAuthentic } from './errors.ts';
import type { Asked } from './permissions/permissions.ts';
import type { Call } from './protocol/protocol.ts';
import type { Answer, Service } from './service.ts';

export interface AccessKey {
  readonly secret: string;
  readonly sessionToken?: string | undefined;
  readonly account: string;
  readonly arn: string;
}

export interface GatewayOptions {
  /**
   * `open`: a 12-digit key id is the account, a known key its owner's, anything else the default account; nothing is
   * verified. `sigv4`: every request must carry a signature that holds.
   */
  readonly mode: 'open' | 'sigv4';
  /** Where a caller does not say. */
  readonly account: string;
  readonly region: string;
  readonly findKey: (accessKeyId: string) => Promise<AccessKey | undefined>;
  /** A caller proved to have the key (`sigv4` only). */
  readonly keyUsed: (accessKeyId: string, use: { region: string; service: string }) => Promise<void>;
  /** @throws Refusal `rate-exceeded` where the caller's account asks too often. */
  readonly throttle: (service: string, operation: string, caller: Scope) => void;
  /** @throws Refusal `access-denied` where the caller may not do what was read. */
  readonly authorize: (service: string, asked: Asked) => Promise<void>;
  /** By the names of `destination.ts`. Called at the service's first request, so that its SDK is loaded only then. */
  readonly services: Readonly<Record<string, () => Service | Promise<Service>>>;
  /** Milliseconds since 1970, of the machine's own clock: signatures do not follow the movable one. */
  readonly now: () => number;
  /** A UUID. */
  readonly requestId: () => string;
  readonly log: Log;
}

/** Milliseconds; loading holds the event loop for about a tenth of a second. */
const PRELOAD_AFTER = 500;

type Identity = Pick<Caller, 'account' | 'region' | 'accessKeyId' | 'arn'>;

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #verifier = new SignatureVerifier();
  readonly #services = new Map<string, Service | Promise<Service>>();

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /**
   * Loads a service before it is asked for, but not before whoever waits for the start has been answered. Should that
   * fail, the first request tells.
   */
  preload(service: string): void {
    setTimeout(() => void this.#load(service).catch(() => this.#services.delete(service)), PRELOAD_AFTER).unref();
  }

  /** Nothing for an unsigned request that resembles none of AWS's. */
  readonly handle: HttpHandler = (request) => {
    const scope = readScope(request);
    const destination = destinationOf(request, scope);
    return destination && this.#answer(request, scope, destination);
  };

  async #answer(request: Request, scope: CredentialScope | undefined, destination: Destination): Promise<Response> {
    const requestId = this.#options.requestId();
    let service: Service | undefined;
    let call: Call | undefined;
    try {
      const identity = await this.#authenticate(request, scope);
      service = await this.#serviceOf(destination);
      call = service.protocol.route(request);
      const answer = builtAnswer(service, call);
      this.#options.throttle(destination.service, call.operation, identity);
      const input = call.input();
      const caller = callerOf(request, identity, { requestId, service: destination.service });
      await this.#options.authorize(destination.service, asked(call, input, caller));
      const output = await answer(input, caller);
      return call.reply(output, requestId);
    } catch (error) {
      const context = { dialect: destination.dialect, operation: call?.operation, model: service?.model };
      const failure = failureOf(error, context);
      if (!failure) {
        const { operation } = context;
        this.#options.log.error(
          { err: error, requestId, service: destination.service, operation },
          'an operation failed',
        );
      }
      return destination.fail(failure ?? faultOf(context), requestId);
    }
  }

  #authenticate(request: Request, scope: CredentialScope | undefined): Promise<Identity> {
    return this.#options.mode === 'open' ? this.#believe(scope) : this.#verify(request, scope);
  }

  async #believe(scope: CredentialScope | undefined): Promise<Identity> {
    const { account, region, findKey } = this.#options;
    if (!scope) return { account, region, accessKeyId: '', arn: rootArn(account) };
    const { accessKeyId, region: signedRegion } = scope;
    if (/^\d{12}$/.test(accessKeyId)) {
      return { account: accessKeyId, region: signedRegion, accessKeyId, arn: rootArn(accessKeyId) };
    }
    const owner = (await findKey(accessKeyId)) ?? { account, arn: rootArn(account) };
    return { account: owner.account, region: signedRegion, accessKeyId, arn: owner.arn };
  }

  async #verify(request: Request, scope: CredentialScope | undefined): Promise<Identity> {
    const { findKey, keyUsed, now } = this.#options;
    const parsed = readSignature(request);
    if (!parsed.ok) throw new NotAuthentic(parsed.reason);
    const { accessKeyId, region, service, timestamp } = parsed.signature;
    const key = await findKey(accessKeyId);
    const circumstances = { now: now(), service: scope?.service ?? '' };
    const verdict = this.#verifier.verify(request, parsed.signature, key, circumstances);
    if (!verdict.ok) throw new NotAuthentic(verdict.reason, timestamp);
    await keyUsed(accessKeyId, { region, service });
    return { account: key!.account, region, accessKeyId, arn: key!.arn };
  }

  async #serviceOf({ service: name }: Destination): Promise<Service> {
    const known = this.#services.get(name);
    return known ?? this.#load(name);
  }

  async #load(name: string): Promise<Service> {
    const { services } = this.#options;
    if (!Object.hasOwn(services, name)) throw new Refusal('not-built', `${name} is not built yet`);
    const service = this.#services.get(name) ?? services[name]!();
    this.#services.set(name, service);
    return service;
  }
}

const asked = ({ operation }: Call, input: unknown, caller: Caller): Asked => ({
  operation,
  input: input as Asked['input'],
  caller,
});

/** A caller of an operation that is not built learns that, not what its input lacks. */
function builtAnswer(service: Service, { operation }: Call): Answer {
  const answer = service.handler(operation);
  if (!answer) throw new Refusal('not-built', `${operation} is not built yet`);
  return answer;
}

const apiVersions: Readonly<Record<string, '1' | '2'>> = { 'ses-v1': '1', 'ses-v2': '2' };

function callerOf(
  request: Request,
  identity: Identity,
  { requestId, service }: { requestId: string; service: string },
): Caller {
  const { headers, remoteAddress: sourceIp, secure } = request;
  return {
    ...identity,
    sourceIp,
    userAgent: headers['user-agent'] ?? '',
    requestId,
    apiVersion: apiVersions[service],
    secure,
    get gone() {
      return request.aborted;
    },
  };
}

function rootArn(account: string): string {
  return `arn:aws:iam::${account}:root`;
}
