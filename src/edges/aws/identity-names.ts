import { parseArn } from '../../base/arn.ts';
import type { Caller } from './caller.ts';

/** Where SES takes the name of an identity or its ARN; undefined for an ARN that is no identity of the caller's. */
export function ownIdentity({ account, region }: Caller, identity: string): string | undefined {
  if (!identity.startsWith('arn:')) return identity;
  const arn = parseArn(identity);
  const ours = arn?.service === 'ses' && arn.account === account && arn.region === region;
  return ours && arn.resource.startsWith('identity/') ? arn.resource.slice('identity/'.length) : undefined;
}
