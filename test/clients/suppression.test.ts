import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  DeleteSuppressedDestinationCommand,
  GetSuppressedDestinationCommand,
  ListSuppressedDestinationsCommand,
  type ListSuppressedDestinationsCommandInput,
  PutAccountSuppressionAttributesCommand,
  PutSuppressedDestinationCommand,
  SESv2Client,
} from '@aws-sdk/client-sesv2';
import { SesameUnderTest } from '../world/sesame.ts';

let sesame: SesameUnderTest;
let ses: SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new SESv2Client(sesame.client);
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
});

const put = (EmailAddress: string, Reason: 'BOUNCE' | 'COMPLAINT') =>
  ses.send(new PutSuppressedDestinationCommand({ EmailAddress, Reason }));
const get = (EmailAddress: string) => ses.send(new GetSuppressedDestinationCommand({ EmailAddress }));

test('an address is put, overwritten, read and taken off', async () => {
  await put(' Foo@Example.ORG ', 'BOUNCE');
  await put('foo@example.org', 'BOUNCE');
  await put('foo@example.org', 'COMPLAINT');
  const { SuppressedDestination: entry } = await get('Foo@example.org');
  assert.deepEqual([entry?.EmailAddress, entry?.Reason, entry?.Attributes], ['Foo@example.org', 'BOUNCE', undefined]);
  assert.equal((await get('foo@EXAMPLE.org')).SuppressedDestination?.Reason, 'COMPLAINT');
  await ses.send(new DeleteSuppressedDestinationCommand({ EmailAddress: 'foo@example.org' }));
  const missing = {
    name: 'NotFoundException',
    message: 'Email address foo@example.org does not exist on your suppression list.',
  };
  await assert.rejects(get('foo@example.org'), missing);
  await assert.rejects(ses.send(new DeleteSuppressedDestinationCommand({ EmailAddress: 'foo@example.org' })), missing);
});

test('what is wrong is refused in the words of SES', async () => {
  await assert.rejects(put('a@example.org', 'OTHER' as 'BOUNCE'), {
    name: 'BadRequestException',
    message:
      "1 validation error detected: Value at 'reason' failed to satisfy constraint: Member must satisfy enum value set: [BOUNCE, COMPLAINT]",
  });
  await assert.rejects(put('no address', 'BOUNCE'), { name: 'BadRequestException' });
  await assert.rejects(ses.send(new ListSuppressedDestinationsCommand({ PageSize: 0 })), {
    name: 'BadRequestException',
  });
  await assert.rejects(ses.send(new ListSuppressedDestinationsCommand({ NextToken: 'x' })), {
    name: 'BadRequestException',
  });
});

test('the list is paged and filtered by reason and time', async () => {
  for (let n = 0; n < 5; n++) await put(`p${n}@example.org`, n % 2 ? 'COMPLAINT' : 'BOUNCE');
  const pages: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await ses.send(new ListSuppressedDestinationsCommand({ PageSize: 2, NextToken }));
    pages.push(...(page.SuppressedDestinationSummaries ?? []).map(({ EmailAddress }) => EmailAddress!));
    NextToken = page.NextToken;
  } while (NextToken);
  assert.deepEqual(pages, [
    'Foo@example.org',
    'p0@example.org',
    'p1@example.org',
    'p2@example.org',
    'p3@example.org',
    'p4@example.org',
  ]);
  const list = async (input: ListSuppressedDestinationsCommandInput) =>
    (await ses.send(new ListSuppressedDestinationsCommand(input))).SuppressedDestinationSummaries?.length;
  assert.equal(await list({ Reasons: ['COMPLAINT'] }), 2);
  assert.equal(await list({ Reasons: ['COMPLAINT', 'BOUNCE'] }), 6);
  assert.equal(await list({ EndDate: new Date(0) }), 0);
  assert.equal(await list({ StartDate: new Date(0), EndDate: new Date(Date.now() + 60_000) }), 6);
});

test('the reasons of the account are set', async () => {
  await ses.send(new PutAccountSuppressionAttributesCommand({ SuppressedReasons: [] }));
  await ses.send(new PutAccountSuppressionAttributesCommand({ SuppressedReasons: ['COMPLAINT'] }));
  await assert.rejects(ses.send(new PutAccountSuppressionAttributesCommand({ SuppressedReasons: ['X' as 'BOUNCE'] })), {
    message:
      "1 validation error detected: Value at 'suppressedReasons' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [BOUNCE, COMPLAINT]]",
  });
});
