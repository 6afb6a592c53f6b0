import { Refusal } from '../../../base/refusal.ts';
import type { Contact, ContactFilter, Preference, Topic } from '../../../core/contacts/contacts.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

const A_PAGE = 1_000;

export async function CreateContactList(
  { contacts }: Rooms,
  { ContactListName, Topics, Description, Tags }: In<'CreateContactList'>,
  caller: Caller,
): Promise<Out<'CreateContactList'>> {
  await contacts.lists.create(caller, ContactListName, {
    topics: (Topics ?? []).map(topicFrom),
    description: Description,
    tags: (Tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value })),
  });
  return {};
}

export async function GetContactList(
  { contacts }: Rooms,
  { ContactListName }: In<'GetContactList'>,
  caller: Caller,
): Promise<Out<'GetContactList'>> {
  const { name, topics, description, tags, created, updated } = await contacts.lists.get(caller, ContactListName);
  return {
    ContactListName: name,
    Topics: topics.map((topic) => ({
      TopicName: topic.name,
      DisplayName: topic.displayName,
      Description: topic.description,
      DefaultSubscriptionStatus: statusOf(topic.subscribedByDefault),
    })),
    Description: description,
    CreatedTimestamp: new Date(created),
    LastUpdatedTimestamp: new Date(updated),
    Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })),
  };
}

export async function ListContactLists(
  { contacts }: Rooms,
  { PageSize, NextToken }: In<'ListContactLists'>,
  caller: Caller,
): Promise<Out<'ListContactLists'>> {
  checkPageSize(PageSize);
  // There is one list at most: no token was ever handed out.
  if (NextToken !== undefined) throw new Refusal('invalid-parameter', `Invalid NextToken <${NextToken}>.`);
  const lists = await contacts.lists.all(caller);
  return {
    ContactLists: lists.map(({ name, updated }) => ({
      ContactListName: name,
      LastUpdatedTimestamp: new Date(updated),
    })),
  };
}

export async function UpdateContactList(
  { contacts }: Rooms,
  { ContactListName, Topics, Description }: In<'UpdateContactList'>,
  caller: Caller,
): Promise<Out<'UpdateContactList'>> {
  await contacts.lists.update(caller, ContactListName, {
    ...(Topics && { topics: Topics.map(topicFrom) }),
    ...(Description !== undefined && { description: Description }),
  });
  return {};
}

export async function DeleteContactList(
  { contacts }: Rooms,
  { ContactListName }: In<'DeleteContactList'>,
  caller: Caller,
): Promise<Out<'DeleteContactList'>> {
  await contacts.lists.remove(caller, ContactListName);
  return {};
}

export async function CreateContact(
  { contacts }: Rooms,
  input: In<'CreateContact'>,
  caller: Caller,
): Promise<Out<'CreateContact'>> {
  await contacts.create(caller, input.ContactListName, input.EmailAddress, contactFrom(input));
  return {};
}

export async function GetContact(
  { contacts }: Rooms,
  { ContactListName, EmailAddress }: In<'GetContact'>,
  caller: Caller,
): Promise<Out<'GetContact'>> {
  const contact = await contacts.get(caller, ContactListName, EmailAddress);
  return {
    ContactListName,
    ...summary(contact),
    AttributesData: contact.attributes,
    CreatedTimestamp: new Date(contact.created),
  };
}

export async function ListContacts(
  { contacts }: Rooms,
  { ContactListName, Filter, PageSize, NextToken }: In<'ListContacts'>,
  caller: Caller,
): Promise<Out<'ListContacts'>> {
  checkPageSize(PageSize);
  const page = await contacts.page(caller, ContactListName, {
    filter: filterFrom(Filter),
    limit: PageSize ?? A_PAGE,
    token: NextToken,
  });
  return { Contacts: page.contacts.map(summary), NextToken: page.next };
}

export async function UpdateContact(
  { contacts }: Rooms,
  input: In<'UpdateContact'>,
  caller: Caller,
): Promise<Out<'UpdateContact'>> {
  await contacts.update(caller, input.ContactListName, input.EmailAddress, contactFrom(input));
  return {};
}

export async function DeleteContact(
  { contacts }: Rooms,
  { ContactListName, EmailAddress }: In<'DeleteContact'>,
  caller: Caller,
): Promise<Out<'DeleteContact'>> {
  await contacts.remove(caller, ContactListName, EmailAddress);
  return {};
}

function checkPageSize(size: number | undefined): void {
  if (size !== undefined && (size < 1 || size > A_PAGE)) {
    throw new Refusal('invalid-parameter', `The page size must be between 1 and ${A_PAGE}`);
  }
}

type TopicInput = NonNullable<In<'CreateContactList'>['Topics']>[number];

const topicFrom = ({ TopicName, DisplayName, Description, DefaultSubscriptionStatus }: TopicInput): Topic => ({
  name: TopicName,
  displayName: DisplayName,
  ...(Description !== undefined && { description: Description }),
  subscribedByDefault: DefaultSubscriptionStatus === 'OPT_IN',
});

function contactFrom(input: Pick<In<'CreateContact'>, 'TopicPreferences' | 'UnsubscribeAll' | 'AttributesData'>) {
  const { TopicPreferences, UnsubscribeAll, AttributesData } = input;
  return {
    unsubscribed: UnsubscribeAll ?? false,
    preferences: (TopicPreferences ?? []).map(({ TopicName, SubscriptionStatus }) => ({
      topic: TopicName,
      subscribed: SubscriptionStatus === 'OPT_IN',
    })),
    attributes: AttributesData,
  };
}

/** A filter that names no status leaves nobody out. */
function filterFrom(filter: In<'ListContacts'>['Filter']): ContactFilter | undefined {
  const { FilteredStatus, TopicFilter } = filter ?? {};
  if (!FilteredStatus) return undefined;
  return {
    subscribed: FilteredStatus === 'OPT_IN',
    topic: TopicFilter?.TopicName,
    useDefault: TopicFilter?.UseDefaultIfPreferenceUnavailable,
  };
}

function summary({ address, preferences, defaults, unsubscribed, updated }: Contact) {
  return {
    EmailAddress: address,
    TopicPreferences: preferences.map(preferenceOf),
    TopicDefaultPreferences: defaults.map(preferenceOf),
    UnsubscribeAll: unsubscribed,
    LastUpdatedTimestamp: new Date(updated),
  };
}

const statusOf = (subscribed: boolean) => (subscribed ? ('OPT_IN' as const) : ('OPT_OUT' as const));

const preferenceOf = ({ topic, subscribed }: Preference) => ({
  TopicName: topic,
  SubscriptionStatus: statusOf(subscribed),
});
