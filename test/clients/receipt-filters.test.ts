import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  AlreadyExistsException,
  CreateReceiptFilterCommand,
  DeleteReceiptFilterCommand,
  LimitExceededException,
  ListReceiptFiltersCommand,
  type ReceiptFilterPolicy,
  SESClient,
  SESServiceException,
} from '@aws-sdk/client-ses';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// IP address filters as API v1 keeps them; what they do to a peer is told in walks/ip-filters.test.ts.
let sesame: SesameUnderTest;
let ses: SESClient;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new SESClient(sesame.client);
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
});

const create = (Name: string, Cidr: string, Policy: ReceiptFilterPolicy = 'Block') =>
  ses.send(new CreateReceiptFilterCommand({ Filter: { Name, IpFilter: { Policy, Cidr } } }));
const list = async (client = ses) => (await client.send(new ListReceiptFiltersCommand({}))).Filters ?? [];
const remove = (FilterName: string) => ses.send(new DeleteReceiptFilterCommand({ FilterName }));

async function check(call: Promise<unknown>, code: string, message: string): Promise<void> {
  const error = await refusal(call, SESServiceException);
  assert.deepEqual([error.name, error.message, error.$metadata.httpStatusCode], [code, message, 400]);
}

test('filters are listed by name as they were given, in their region only, and deleted', async () => {
  assert.deepEqual(await list(), []);
  await create('two', '10.0.0.1/24');
  await create('one', '10.0.0.7', 'Allow');
  await create('v6', '2001:db8::/32');
  assert.deepEqual(await list(), [
    { Name: 'one', IpFilter: { Policy: 'Allow', Cidr: '10.0.0.7' } },
    { Name: 'two', IpFilter: { Policy: 'Block', Cidr: '10.0.0.1/24' } },
    { Name: 'v6', IpFilter: { Policy: 'Block', Cidr: '2001:db8::/32' } },
  ]);
  const elsewhere = new SESClient({ ...sesame.client, region: 'eu-west-1' });
  assert.deepEqual(await list(elsewhere), []);
  elsewhere.destroy();
  await remove('two');
  await remove('two');
  assert.deepEqual(
    (await list()).map(({ Name }) => Name),
    ['one', 'v6'],
  );
});

test('what is refused', async () => {
  const twice = await refusal(create('one', '10.0.0.8'), AlreadyExistsException);
  assert.deepEqual([twice.message, twice.Name], ['Filter already exists: one', 'one']);
  for (const name of ['-x', 'x-', 'a name', 'x'.repeat(65)]) {
    await check(create(name, '10.0.0.1'), 'InvalidParameterValue', `Not a valid filterName: ${name}`);
  }
  for (const cidr of ['10.0.0.256', '10.0.0.1/33', '::1/129', 'example.com']) {
    await check(create('cidr', cidr), 'InvalidParameterValue', `Invalid CIDR block: ${cidr}`);
  }
  await check(
    create('policy', '10.0.0.1', 'Refuse' as ReceiptFilterPolicy),
    'ValidationError',
    "1 validation error detected: Value at 'filter.ipFilter.policy' failed to satisfy constraint: " +
      'Member must satisfy enum value set: [Block, Allow]',
  );
  assert.equal((await list()).length, 2);
});

test('an account has 100 filters in a region', async () => {
  for (let i = (await list()).length; i < 100; i++) await create(`filler-${i}`, `192.0.2.${i}`);
  const error = await refusal(create('one-more', '10.0.0.1'), LimitExceededException);
  assert.equal(error.message, 'Too many filters');
  await remove('filler-99');
  await create('one-more', '10.0.0.1');
  assert.equal((await list()).length, 100);
});
