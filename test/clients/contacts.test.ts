import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  AlreadyExistsException,
  BadRequestException,
  CreateContactCommand,
  type CreateContactCommandInput,
  CreateContactListCommand,
  type CreateContactListCommandInput,
  DeleteContactCommand,
  DeleteContactListCommand,
  GetContactCommand,
  GetContactListCommand,
  ListContactListsCommand,
  ListContactsCommand,
  type ListContactsCommandInput,
  NotFoundException,
  paginateListContacts,
  SESv2Client,
  UpdateContactCommand,
  UpdateContactListCommand,
} from '@aws-sdk/client-sesv2';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// Contact lists by the JavaScript SDK, and the links by which contacts leave.
let sesame: SesameUnderTest;
let ses: SESv2Client;
const scope = { account: '000000000000', region: 'us-east-1' };
const NAME =
  'can contain up to 64 characters. Only alphanumeric characters, underscores(_) and hyphens(-) are allowed.';

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new SESv2Client(sesame.client);
});
after(async () => {
  ses.destroy();
  await sesame.stop();
});
beforeEach(async () => {
  await sesame.call('POST', '/_sesame/reset', scope);
  await createList();
});

const Topics = [
  {
    TopicName: 'Sports',
    DisplayName: 'Sports & more',
    Description: 'Every <b>game</b>',
    DefaultSubscriptionStatus: 'OPT_OUT',
  },
  { TopicName: 'Cycling', DisplayName: 'Cycling', DefaultSubscriptionStatus: 'OPT_IN' },
] as const;

const createList = (over: Partial<CreateContactListCommandInput> = {}) =>
  ses.send(new CreateContactListCommand({ ContactListName: 'News', Topics: [...Topics], ...over }));
const getList = (ContactListName = 'News') => ses.send(new GetContactListCommand({ ContactListName }));
const create = (EmailAddress: string, over: Partial<CreateContactCommandInput> = {}) =>
  ses.send(new CreateContactCommand({ ContactListName: 'News', EmailAddress, ...over }));
const update = (EmailAddress: string, over: Partial<CreateContactCommandInput> = {}) =>
  ses.send(new UpdateContactCommand({ ContactListName: 'News', EmailAddress, ...over }));
const get = (EmailAddress: string) => ses.send(new GetContactCommand({ ContactListName: 'News', EmailAddress }));
const remove = (EmailAddress: string) => ses.send(new DeleteContactCommand({ ContactListName: 'News', EmailAddress }));
const prefers = (TopicName: string, SubscriptionStatus: 'OPT_IN' | 'OPT_OUT') => ({ TopicName, SubscriptionStatus });

async function badRequest(call: Promise<unknown>, message: string): Promise<void> {
  const error = await refusal(call, BadRequestException);
  assert.deepEqual([error.message, error.$metadata.httpStatusCode], [message, 400]);
}

async function notFound(call: Promise<unknown>, message: string): Promise<void> {
  const error = await refusal(call, NotFoundException);
  assert.deepEqual([error.message, error.$metadata.httpStatusCode], [message, 404]);
}

describe('lists', () => {
  test('one is made, read, changed and deleted', async () => {
    await ses.send(new DeleteContactListCommand({ ContactListName: 'News' }));
    await createList({ Description: 'What is new', Tags: [{ Key: 'team', Value: 'mail' }] });
    const made = await getList();
    assert.deepEqual(
      [made.ContactListName, made.Description, made.Topics, made.Tags],
      ['News', 'What is new', Topics, [{ Key: 'team', Value: 'mail' }]],
    );
    assert.ok(Math.abs(made.CreatedTimestamp!.getTime() - Date.now()) < 60_000);
    assert.deepEqual(made.CreatedTimestamp, made.LastUpdatedTimestamp);

    await sesame.advance('1h');
    await ses.send(new UpdateContactListCommand({ ContactListName: 'News', Topics: [Topics[1]] }));
    const changed = await getList();
    assert.deepEqual([changed.Description, changed.Topics, changed.Tags], ['What is new', [Topics[1]], made.Tags]);
    assert.deepEqual(changed.CreatedTimestamp, made.CreatedTimestamp);
    assert.ok(changed.LastUpdatedTimestamp! > made.LastUpdatedTimestamp!);

    const { ContactLists } = await ses.send(new ListContactListsCommand({}));
    assert.deepEqual(ContactLists, [{ ContactListName: 'News', LastUpdatedTimestamp: changed.LastUpdatedTimestamp }]);
    await ses.send(new DeleteContactListCommand({ ContactListName: 'News' }));
    assert.deepEqual((await ses.send(new ListContactListsCommand({}))).ContactLists, []);
  });

  test('one an account and region', async () => {
    const message = 'A maximum of 1 Lists allowed per account.';
    await badRequest(createList(), message);
    await badRequest(createList({ ContactListName: 'Other' }), message);
    const elsewhere = new SESv2Client({ ...sesame.client, region: 'eu-west-1' });
    await elsewhere.send(new CreateContactListCommand({ ContactListName: 'Other' }));
    const { ContactLists } = await elsewhere.send(new ListContactListsCommand({ PageSize: 1 }));
    assert.deepEqual(
      ContactLists?.map(({ ContactListName }) => ContactListName),
      ['Other'],
    );
    elsewhere.destroy();
    const raced = await Promise.allSettled([1, 2, 3].map((n) => createListElsewhere(`List${n}`)));
    assert.equal(raced.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  test('names, topics and descriptions that cannot be', async () => {
    await ses.send(new DeleteContactListCommand({ ContactListName: 'News' }));
    await badRequest(createList({ ContactListName: '' }), "ContactListName can't be blank.");
    await badRequest(createList({ ContactListName: 'a b' }), `ContactListName ${NAME}`);
    await badRequest(
      createList({ Description: 'd'.repeat(501) }),
      'List description can contain up to 500 characters.',
    );
    const topics = (...names: string[]) => ({
      Topics: names.map((TopicName) => ({ TopicName, DisplayName: 'T', DefaultSubscriptionStatus: 'OPT_IN' as const })),
    });
    await badRequest(createList(topics('')), "TopicName can't be blank.");
    await badRequest(createList(topics('a.b')), `TopicName ${NAME}`);
    await badRequest(createList(topics('a', 'a')), 'Duplicate topic names are not allowed within a List.');
    const many = Array.from({ length: 21 }, (_, n) => `t${n}`);
    await badRequest(createList(topics(...many)), 'Maximum of <20> topics allowed per ContactList');
    await badRequest(
      createList({ Topics: [{ ...Topics[0], DisplayName: 'd'.repeat(129) }] }),
      'Topic DisplayName can contain up to <128> characters.',
    );
    await badRequest(
      createList({ ContactListName: 'a b', Topics: [{ ...Topics[0], DefaultSubscriptionStatus: 'MAYBE' as never }] }),
      "1 validation error detected: Value at 'topics.1.member.defaultSubscriptionStatus' failed to satisfy constraint: " +
        'Member must satisfy enum value set: [OPT_OUT, OPT_IN]',
    );
    await createList(topics(...many.slice(1)));
    const change = new UpdateContactListCommand({ ContactListName: 'News', ...topics('a', 'a') });
    await badRequest(ses.send(change), 'Duplicate topic names are not allowed within a List.');
  });

  test('one that is not there', async () => {
    const message = "List with name: None doesn't exist.";
    const ContactListName = 'None';
    await notFound(getList(ContactListName), message);
    await notFound(ses.send(new UpdateContactListCommand({ ContactListName })), message);
    await notFound(ses.send(new DeleteContactListCommand({ ContactListName })), message);
    await notFound(ses.send(new ListContactsCommand({ ContactListName })), message);
    await notFound(create('a@example.com', { ContactListName }), message);
    await notFound(update('a@example.com', { ContactListName }), message);
    await badRequest(getList('a b'), `ContactListName ${NAME}`);
    await badRequest(ses.send(new ListContactListsCommand({ NextToken: 'x' })), 'Invalid NextToken <x>.');
    await badRequest(
      ses.send(new ListContactListsCommand({ PageSize: 0 })),
      'The page size must be between 1 and 1000',
    );
  });

  test('takes everyone on it along', async () => {
    await create('a@example.com', { TopicPreferences: [prefers('Cycling', 'OPT_OUT')] });
    await ses.send(new DeleteContactListCommand({ ContactListName: 'News' }));
    await createList();
    assert.deepEqual((await ses.send(new ListContactsCommand({ ContactListName: 'News' }))).Contacts, []);
    await create('a@example.com');
    assert.deepEqual((await get('a@example.com')).TopicPreferences, []);
  });
});

async function createListElsewhere(ContactListName: string) {
  const client = new SESv2Client({ ...sesame.client, region: 'ap-south-1' });
  await client.send(new CreateContactListCommand({ ContactListName })).finally(() => client.destroy());
}

describe('contacts', () => {
  test('one is made, read, changed and deleted', async () => {
    const address = "O'Neil+a/b=c@Example.com";
    await create(address, { TopicPreferences: [prefers('Sports', 'OPT_IN')], AttributesData: '{"plan":"pro"}' });
    const { $metadata: _, CreatedTimestamp, LastUpdatedTimestamp, ...made } = await get(address);
    assert.deepEqual(made, {
      ContactListName: 'News',
      EmailAddress: address,
      TopicPreferences: [prefers('Sports', 'OPT_IN')],
      TopicDefaultPreferences: [prefers('Cycling', 'OPT_IN')],
      UnsubscribeAll: false,
      AttributesData: '{"plan":"pro"}',
    });
    assert.deepEqual(CreatedTimestamp, LastUpdatedTimestamp);

    await sesame.advance('1h');
    await update(address, { TopicPreferences: [prefers('Cycling', 'OPT_OUT')], UnsubscribeAll: true });
    const merged = await get(address);
    assert.deepEqual(
      [merged.TopicPreferences, merged.TopicDefaultPreferences, merged.UnsubscribeAll, merged.AttributesData],
      [[prefers('Sports', 'OPT_IN'), prefers('Cycling', 'OPT_OUT')], [], true, undefined],
    );
    assert.deepEqual(merged.CreatedTimestamp, CreatedTimestamp);
    assert.ok(merged.LastUpdatedTimestamp! > LastUpdatedTimestamp!);

    await update(address);
    const cleared = await get(address);
    assert.deepEqual([cleared.TopicPreferences?.length, cleared.UnsubscribeAll], [2, false]);
    await remove(address);
    await notFound(get(address), `${address} doesn't exist in List.`);
  });

  test('made twice, missing, or no address', async () => {
    await create('a@example.com');
    const twice = await refusal(create('a@example.com'), AlreadyExistsException);
    assert.deepEqual([twice.message, twice.$metadata.httpStatusCode], ['a@example.com already exists in List.', 400]);
    await notFound(get('b@example.com'), "b@example.com doesn't exist in List.");
    await notFound(update('b@example.com'), "b@example.com doesn't exist in List.");
    await notFound(remove('b@example.com'), "b@example.com doesn't exist in List.");
    await badRequest(create(' '), "EmailAddress can't be blank.");
    for (const call of [create, update, get, remove])
      await badRequest(call('nobody'), 'EmailAddress <nobody> is invalid');
  });

  test('what is looked at first', async () => {
    const all = { ContactListName: 'None', TopicPreferences: [prefers('Rowing', 'OPT_IN')] };
    await badRequest(
      create('nobody', { ...all, TopicPreferences: [{ TopicName: 'Rowing', SubscriptionStatus: 'MAYBE' as never }] }),
      "1 validation error detected: Value at 'topicPreferences.1.member.subscriptionStatus' failed to satisfy " +
        'constraint: Member must satisfy enum value set: [OPT_OUT, OPT_IN]',
    );
    await badRequest(create('nobody', all), 'EmailAddress <nobody> is invalid');
    await notFound(create('a@example.com', all), "List with name: None doesn't exist.");
    await badRequest(
      create('a@example.com', { ...all, ContactListName: 'News' }),
      "List: News doesn't contain Topic: Rowing",
    );
    await badRequest(
      update('a@example.com', { ...all, ContactListName: 'News' }),
      "List: News doesn't contain Topic: Rowing",
    );
  });

  test('keep their word on a topic that goes and comes back', async () => {
    await create('a@example.com', { TopicPreferences: [prefers('Cycling', 'OPT_OUT')] });
    const change = (...topics: readonly (typeof Topics)[number][]) =>
      ses.send(new UpdateContactListCommand({ ContactListName: 'News', Topics: [...topics] }));
    await change(Topics[0]);
    const { TopicPreferences, TopicDefaultPreferences } = await get('a@example.com');
    assert.deepEqual([TopicPreferences, TopicDefaultPreferences], [[], [prefers('Sports', 'OPT_OUT')]]);
    await change(...Topics);
    assert.deepEqual((await get('a@example.com')).TopicPreferences, [prefers('Cycling', 'OPT_OUT')]);
  });

  test('are listed in pages and filtered', async () => {
    await create('default@example.com');
    await create('in@example.com', { TopicPreferences: [prefers('Sports', 'OPT_IN'), prefers('Cycling', 'OPT_IN')] });
    await create('none@example.com', { TopicPreferences: [prefers('Cycling', 'OPT_IN')], UnsubscribeAll: true });
    await create('out@example.com', {
      TopicPreferences: [prefers('Sports', 'OPT_OUT'), prefers('Cycling', 'OPT_OUT')],
    });

    const check = async (Filter: ListContactsCommandInput['Filter'], expected: string[]) => {
      for (const pageSize of [1, 2, 1_000]) {
        const found: string[] = [];
        for await (const { Contacts } of paginateListContacts(
          { client: ses, pageSize },
          { ContactListName: 'News', Filter },
        )) {
          assert.ok(Contacts!.length <= pageSize);
          found.push(...Contacts!.map(({ EmailAddress }) => EmailAddress!.split('@')[0]!));
        }
        assert.deepEqual(found, expected, JSON.stringify(Filter));
      }
    };
    const filter = (
      FilteredStatus: 'OPT_IN' | 'OPT_OUT',
      TopicName?: string,
      UseDefaultIfPreferenceUnavailable?: boolean,
    ) => ({ FilteredStatus, ...(TopicName && { TopicFilter: { TopicName, UseDefaultIfPreferenceUnavailable } }) });
    await check(undefined, ['default', 'in', 'none', 'out']);
    await check(filter('OPT_IN'), ['default', 'in', 'out']);
    await check(filter('OPT_OUT'), ['none']);
    await check(filter('OPT_IN', 'Cycling', true), ['default', 'in']);
    await check(filter('OPT_IN', 'Cycling', false), ['in']);
    await check(filter('OPT_OUT', 'Cycling', true), ['none', 'out']);
    await check(filter('OPT_OUT', 'Cycling'), ['none', 'out']);
    await check(filter('OPT_IN', 'Sports', true), ['in']);
    await check(filter('OPT_OUT', 'Sports', true), ['default', 'none', 'out']);
    await check(filter('OPT_OUT', 'Sports', false), ['none', 'out']);
    await check({ TopicFilter: { TopicName: 'Sports' } }, ['default', 'in', 'none', 'out']);

    const list = (over: Partial<ListContactsCommandInput>) =>
      ses.send(new ListContactsCommand({ ContactListName: 'News', ...over }));
    const [first] = (await list({ PageSize: 1 })).Contacts!;
    assert.deepEqual(
      [first?.TopicPreferences, first?.TopicDefaultPreferences, first?.UnsubscribeAll],
      [[], [prefers('Sports', 'OPT_OUT'), prefers('Cycling', 'OPT_IN')], false],
    );
    await badRequest(list({ Filter: filter('OPT_IN', 'Rowing', true) }), "List: News doesn't contain Topic: Rowing");
    await badRequest(list({ NextToken: 'x' }), 'Invalid NextToken <x>.');
    await badRequest(list({ PageSize: 1_001 }), 'The page size must be between 1 and 1000');
  });

  test('a filter that fits few ends a page early; a big list goes whole', async () => {
    const addresses = Array.from({ length: 10_500 }, (_, n) => `c${String(n).padStart(5, '0')}@example.com`);
    const { contacts } = sesame.app.rooms;
    const { commands } = await contacts.subscription(scope, { list: 'News' }, addresses);
    await sesame.app.store.rows.write(commands, 'durable');
    await update('c10499@example.com', { UnsubscribeAll: true });
    const page = (NextToken?: string) =>
      ses.send(new ListContactsCommand({ ContactListName: 'News', Filter: { FilteredStatus: 'OPT_OUT' }, NextToken }));
    const first = await page();
    assert.deepEqual(first.Contacts, []);
    const second = await page(first.NextToken);
    assert.deepEqual(
      [second.Contacts?.map(({ EmailAddress }) => EmailAddress), second.NextToken],
      [['c10499@example.com'], undefined],
    );
    await ses.send(new DeleteContactListCommand({ ContactListName: 'News' }));
    await createList();
    assert.equal((await contacts.subscription(scope, { list: 'News' }, addresses)).commands.length, 10_500);
  });

  test('an account and a region see their own', async () => {
    await create('a@example.com');
    const credentials = { accessKeyId: '111111111111', secretAccessKey: 'anything' };
    const other = new SESv2Client({ ...sesame.client, credentials });
    await other.send(new CreateContactListCommand({ ContactListName: 'News' }));
    assert.deepEqual((await other.send(new ListContactsCommand({ ContactListName: 'News' }))).Contacts, []);
    other.destroy();
  });
});

describe('what sending asks', () => {
  const ask = async (addresses: string[], topic?: string) => {
    const { optedOut, commands } = await sesame.app.rooms.contacts.subscription(
      scope,
      { list: 'News', topic },
      addresses,
    );
    await sesame.app.store.rows.write(commands, 'durable');
    return { optedOut: [...optedOut], added: commands.length };
  };

  test('whom not to write to; strangers join', async () => {
    await create('out@example.com', { TopicPreferences: [prefers('Cycling', 'OPT_OUT')] });
    await create('in@example.com', { TopicPreferences: [prefers('Sports', 'OPT_IN')] });
    await create('none@example.com', { TopicPreferences: [prefers('Sports', 'OPT_IN')], UnsubscribeAll: true });
    const known = ['out@example.com', 'In@example.com', 'none@example.com'];
    assert.deepEqual(await ask(known), { optedOut: ['none@example.com'], added: 0 });
    assert.deepEqual(await ask([...known, 'New@example.com', 'new@example.com'], 'Cycling'), {
      optedOut: ['out@example.com', 'none@example.com'],
      added: 1,
    });
    assert.deepEqual((await get('new@example.com')).TopicPreferences, []);
    assert.deepEqual(await ask([...known, 'new@example.com', 'newer@example.com'], 'Sports'), {
      optedOut: ['out@example.com', 'none@example.com', 'new@example.com', 'newer@example.com'],
      added: 1,
    });
    assert.deepEqual(await ask([], 'Sports'), { optedOut: [], added: 0 });
  });

  test('a list or topic that is not there', async () => {
    const { contacts } = sesame.app.rooms;
    const check = (list: string, topic: string | undefined, code: string, message: string) =>
      assert.rejects(contacts.subscription(scope, { list, topic }, ['a@example.com']), { code, message });
    await check('None', undefined, 'not-found', "List with name: None doesn't exist.");
    await check('News', 'Rowing', 'invalid-parameter', "List: News doesn't contain Topic: Rowing");
  });

  test('nobody joins a list that is gone', async () => {
    const { commands } = await sesame.app.rooms.contacts.subscription(scope, { list: 'News' }, ['a@example.com']);
    await ses.send(new DeleteContactListCommand({ ContactListName: 'News' }));
    await createList({ ContactListName: 'Other' });
    assert.equal((await sesame.app.store.rows.write(commands, 'durable')).applied, true);
    assert.deepEqual((await ses.send(new ListContactsCommand({ ContactListName: 'Other' }))).Contacts, []);
  });
});
