/** For tests: the gateway behind a real HTTP door on loopback, with handlers of the test's own. */
import { Budget } from '../../base/budget.ts';
import { type Log, silentLog } from '../../base/log.ts';
import { systemRandom } from '../../base/random.ts';
import { HttpDoor } from '../http-door.ts';
import type { Caller } from './caller.ts';
import { type AccessKey, Gateway, type GatewayOptions } from './gateway.ts';
import type { Protocol } from './protocol/protocol.ts';
import type { Model } from './protocol/schema.ts';
import { type Service, serviceOf } from './service.ts';

export const testKey = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  account: '123456789012',
  arn: 'arn:aws:iam::123456789012:user/tester',
};
export const testCredentials = { accessKeyId: testKey.accessKeyId, secretAccessKey: testKey.secretAccessKey };

/** Handlers without their types: what they are given is what the test wants to see. */
export type TestHandlers = Readonly<Record<string, (input: never, caller: Caller) => unknown>>;

export function testService(spoken: { model: Model; protocol: Protocol }, handlers: TestHandlers): Service {
  const table = Object.entries(handlers).map(([name, handle]) => [
    name,
    (_: unknown, input: unknown, caller: Caller) => handle(input as never, caller),
  ]);
  return serviceOf(spoken, Object.fromEntries(table), undefined);
}

export interface TestDoor extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
}

type Overrides = Partial<Pick<GatewayOptions, 'mode' | 'now' | 'findKey'>> & { log?: Log; maxBody?: number };

export async function openTestDoor(services: GatewayOptions['services'], overrides: Overrides = {}): Promise<TestDoor> {
  const gateway = new Gateway({
    mode: 'open',
    account: '000000000000',
    region: 'us-east-1',
    findKey: findTestKey,
    keyUsed: async () => {},
    throttle: () => {},
    authorize: async () => {},
    services,
    now: Date.now,
    requestId: systemRandom.uuid,
    log: silentLog,
    ...overrides,
  });
  const budget = new Budget(256 * 1024 * 1024);
  const door = new HttpDoor({ handlers: [gateway.handle], budget, isOurName: () => false, log: silentLog });
  const { port } = await door.listen({ host: '127.0.0.1', port: 0 });
  return { endpoint: `http://127.0.0.1:${port}`, port, [Symbol.asyncDispose]: () => door.close(0) };
}

async function findTestKey(accessKeyId: string): Promise<AccessKey | undefined> {
  if (accessKeyId !== testKey.accessKeyId) return undefined;
  return { secret: testKey.secretAccessKey, account: testKey.account, arn: testKey.arn };
}
