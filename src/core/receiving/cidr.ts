import { BlockList, isIP, isIPv4 } from 'node:net';

export interface Cidr {
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  /** Bits of the network: 0 to 32, or to 128. */
  readonly prefix: number;
}

/** IPv4 written as IPv6: peers are judged as the IPv4 that they are, so such a block would never match. */
const mapped = new BlockList();
mapped.addSubnet('::ffff:0:0', 96, 'ipv6');

/** `10.0.0.1` (that address alone), `10.0.0.1/24` (bits of the host may be set), `2001:db8::/32`; else undefined. */
export function parseCidr(text: string): Cidr | undefined {
  const [, address = '', bits] = /^([0-9A-Fa-f.:]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  if (isIP(address) === 0) return undefined;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (family === 'ipv6' && mapped.check(address, 'ipv6')) return undefined;
  const most = family === 'ipv4' ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  return prefix <= most ? { family, address, prefix } : undefined;
}

/** Addresses of either family; `::/0` holds no IPv4. */
export class AddressSet {
  readonly #lists = { ipv4: new BlockList(), ipv6: new BlockList() };

  constructor(blocks: readonly Cidr[]) {
    for (const { family, address, prefix } of blocks) this.#lists[family].addSubnet(address, prefix, family);
  }

  /** A zone (`fe80::1%eth0`) does not matter; what is no address is in no set. */
  has(address: string): boolean {
    const [bare = ''] = address.split('%');
    if (isIP(bare) === 0) return false;
    const family = isIPv4(bare) ? 'ipv4' : 'ipv6';
    return this.#lists[family].check(bare, family);
  }
}
