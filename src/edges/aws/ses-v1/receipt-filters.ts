import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

export async function CreateReceiptFilter(
  { ipFilters }: Rooms,
  { Filter }: In<'CreateReceiptFilter'>,
  caller: Caller,
): Promise<Out<'CreateReceiptFilter'>> {
  const { Policy, Cidr } = Filter.IpFilter;
  await ipFilters.create(caller, { name: Filter.Name, policy: Policy === 'Allow' ? 'allow' : 'block', cidr: Cidr });
  return {};
}

export async function ListReceiptFilters(
  { ipFilters }: Rooms,
  _input: In<'ListReceiptFilters'>,
  caller: Caller,
): Promise<Out<'ListReceiptFilters'>> {
  const filters = await ipFilters.list(caller);
  return {
    Filters: filters.map(({ name, policy, cidr }) => {
      const Policy = policy === 'allow' ? ('Allow' as const) : ('Block' as const);
      return { Name: name, IpFilter: { Policy, Cidr: cidr } };
    }),
  };
}

export async function DeleteReceiptFilter(
  { ipFilters }: Rooms,
  { FilterName }: In<'DeleteReceiptFilter'>,
  caller: Caller,
): Promise<Out<'DeleteReceiptFilter'>> {
  await ipFilters.remove(caller, FilterName);
  return {};
}
