import type { networkInterfaces } from 'node:os';
import { isPrivateAddress } from './private-addresses.ts';

/** Where the world may reach this machine: its public addresses; without any those of its network, then its own. */
export function machineAddresses(interfaces: ReturnType<typeof networkInterfaces>): string[] {
  const outside = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.toLowerCase().startsWith('fe80:'))
    .map(({ address }) => address);
  const known = outside.filter((address) => !isPrivateAddress(address));
  return known.length > 0 ? known : outside.length > 0 ? outside : ['127.0.0.1'];
}
