/** What the compiler must find: each `@ts-expect-error` is a test that `tsc` runs. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type * as sdk2 from '@aws-sdk/client-sesv2';
import { handlersOf } from './contract.ts';
import * as listed1 from './ses-v1/not-built.ts';
import { handlers as handlers1 } from './ses-v1/ses-v1.ts';
import type { In, Operation, Out } from './ses-v2/contract.ts';
import * as listed2 from './ses-v2/not-built.ts';
import { handlers as handlers2 } from './ses-v2/ses-v2.ts';

interface Rooms {
  readonly sending: { send(from: string | undefined): Promise<string> };
}

type Sdk = typeof sdk2;
type AllButTwo = Exclude<Operation, 'SendEmail' | 'GetAccount'>;

async function SendEmail({ sending }: Rooms, input: In<'SendEmail'>): Promise<Out<'SendEmail'>> {
  return { MessageId: await sending.send(input.FromEmailAddress) };
}
const GetAccount = (): Out<'GetAccount'> => ({ SendingEnabled: true, SendQuota: { Max24HourSend: 200 } });
const assemble = handlersOf<Sdk, Rooms, AllButTwo>();

it('the compiler reports what does not fit the contract', () => {
  assemble({ SendEmail, GetAccount });
  // @ts-expect-error GetAccount is missing
  assemble({ SendEmail });
  // @ts-expect-error CreateTenant is listed as not built
  assemble({ SendEmail, GetAccount, CreateTenant: () => ({}) });
  // @ts-expect-error GetAcount is no operation
  assemble({ SendEmail, GetAccount, GetAcount: GetAccount });
  // @ts-expect-error MessageID is no member
  assemble({ GetAccount, SendEmail: (): { MessageID: string } => ({ MessageID: 'x' }) });
  // @ts-expect-error the enum has no such value
  assemble({ SendEmail, GetAccount: () => ({ Details: { MailType: 'PROMOTIONAL' } }) });
});

it('inputs are typed as they are handed over', () => {
  const read = {
    /** A required member is there. */
    required: ({ Policy }: In<'CreateEmailIdentityPolicy'>): string => Policy,
    // @ts-expect-error PageSize is optional
    optional: ({ PageSize }: In<'ListEmailIdentities'>): number => PageSize,
    blob: ({ Content }: In<'SendEmail'>): Buffer | undefined => Content.Raw?.Data,
  };
  assert.ok(read);
});

it('every operation is built or listed as not built, and none is both', () => {
  const check = (handlers: object, notBuilt: readonly string[], partial: object, count: number) => {
    const built = Object.keys(handlers);
    assert.equal(new Set([...built, ...notBuilt]).size, count);
    assert.equal(built.length + notBuilt.length, count);
    for (const operation of Object.keys(partial)) assert.ok(built.includes(operation), `${operation} is not built`);
  };
  check(handlers1, listed1.notBuilt, listed1.partial, 71);
  check(handlers2, listed2.notBuilt, listed2.partial, 116);
});
