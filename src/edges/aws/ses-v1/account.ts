import { maySend } from '../../../core/accounts/accounts.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

export async function GetSendQuota(
  { sending }: Rooms,
  _input: In<'GetSendQuota'>,
  caller: Caller,
): Promise<Out<'GetSendQuota'>> {
  const quota = await sending.quota(caller);
  return { Max24HourSend: quota.perDay, MaxSendRate: quota.perSecond, SentLast24Hours: quota.sentLastDay };
}

export async function GetAccountSendingEnabled(
  { standings }: Rooms,
  _input: In<'GetAccountSendingEnabled'>,
  caller: Caller,
): Promise<Out<'GetAccountSendingEnabled'>> {
  return { Enabled: maySend(await standings.of(caller)) };
}

export async function UpdateAccountSendingEnabled(
  { standings }: Rooms,
  { Enabled }: In<'UpdateAccountSendingEnabled'>,
  caller: Caller,
): Promise<Out<'UpdateAccountSendingEnabled'>> {
  await standings.choose(caller, { sendingEnabled: Enabled ?? false });
  return {};
}
