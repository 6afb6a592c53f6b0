import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkAddress,
  checkAttributes,
  checkList,
  checkListName,
  isOptedOut,
  preferencesOf,
  type Topic,
} from './topics.ts';

const NAME =
  'can contain up to 64 characters. Only alphanumeric characters, underscores(_) and hyphens(-) are allowed.';
const topic = (name: string, over: Partial<Topic> = {}): Topic => ({
  name,
  displayName: name,
  subscribedByDefault: true,
  ...over,
});

function refused(work: () => void, message: string | undefined): void {
  if (message === undefined) work();
  else assert.throws(work, { name: 'Refusal', code: 'invalid-parameter', message });
}

test('names of lists', () => {
  const check = (name: string, expected?: string) => refused(() => checkListName(name), expected);
  check('News');
  check('a-b_C9');
  check('n'.repeat(64));
  check('', "ContactListName can't be blank.");
  check('  ', "ContactListName can't be blank.");
  check('n'.repeat(65), `ContactListName ${NAME}`);
  check('a b', `ContactListName ${NAME}`);
  check('ä', `ContactListName ${NAME}`);
  check('a\n', `ContactListName ${NAME}`);
});

test('topics and descriptions', () => {
  const check = (topics: Topic[], expected?: string, description?: string) =>
    refused(() => checkList({ topics, description }), expected);
  const many = (count: number) => Array.from({ length: count }, (_, n) => topic(`t${n}`));
  check([]);
  check(many(20), undefined, 'd'.repeat(500));
  check(many(21), 'Maximum of <20> topics allowed per ContactList');
  check([], 'List description can contain up to 500 characters.', 'd'.repeat(501));
  check([topic('')], "TopicName can't be blank.", 'd'.repeat(501));
  check([topic('a b')], `TopicName ${NAME}`);
  check([topic('a', { displayName: 'd'.repeat(128) })]);
  check([topic('a', { displayName: 'd'.repeat(129) })], 'Topic DisplayName can contain up to <128> characters.');
  check([topic('a', { description: 'd'.repeat(501) })], 'Topic Description can contain up to <500> characters.');
  check([topic('a'), topic('b'), topic('a')], 'Duplicate topic names are not allowed within a List.');
  check([topic('a'), topic('A')]);
});

test('addresses of contacts', () => {
  const check = (address: string, expected?: string) => refused(() => checkAddress(address), expected);
  check('a@example.com');
  check("o'neil+a/b=c@example.com");
  check('"a b"@example.com');
  check('', "EmailAddress can't be blank.");
  check(' ', "EmailAddress can't be blank.");
  check('a', 'EmailAddress <a> is invalid');
  check('a@', 'EmailAddress <a@> is invalid');
  check('A <a@example.com>', 'EmailAddress <A <a@example.com>> is invalid');
  check('<a@example.com>', 'EmailAddress <<a@example.com>> is invalid');
  check('a@example.com ', 'EmailAddress <a@example.com > is invalid');
  check('a@example.com,b@example.com', 'EmailAddress <a@example.com,b@example.com> is invalid');
  refused(() => checkAttributes('a'.repeat(65_536)), undefined);
  refused(() => checkAttributes('a'.repeat(65_537)), 'AttributesData can contain up to 65536 characters.');
});

test('who is opted out', () => {
  const wanted = topic('t');
  const unwanted = topic('t', { subscribedByDefault: false });
  const check = (of: Topic | undefined, standing: Parameters<typeof isOptedOut>[1], expected: boolean) =>
    assert.equal(isOptedOut(of, standing), expected);
  check(undefined, { unsubscribed: false }, false);
  check(undefined, { unsubscribed: false, said: false }, false);
  check(undefined, { unsubscribed: true }, true);
  check(wanted, { unsubscribed: false }, false);
  check(unwanted, { unsubscribed: false }, true);
  check(wanted, { unsubscribed: false, said: false }, true);
  check(unwanted, { unsubscribed: false, said: true }, false);
  check(unwanted, { unsubscribed: true, said: true }, true);
});

test('what holds for every topic', () => {
  const topics = [topic('a'), topic('b', { subscribedByDefault: false }), topic('c')];
  assert.deepEqual(
    preferencesOf(topics, {
      unsubscribed: true,
      said: new Map([
        ['c', false],
        ['gone', true],
      ]),
    }),
    {
      unsubscribedFromAll: true,
      topics: [
        { topic: 'a', subscribed: true },
        { topic: 'b', subscribed: false },
        { topic: 'c', subscribed: false },
      ],
    },
  );
});
