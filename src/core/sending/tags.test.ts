import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTags, readTags } from './tags.ts';

const refused = (name: string, value: string, message: string) =>
  assert.throws(() => checkTags([{ name, value }]), { message });

test('a tag is refused in the words of SES, the name first', () => {
  refused('', '', 'The tag name must be specified.');
  refused('a', '', 'The tag value must be specified.');
  refused('a'.repeat(256), 'x', 'Tag name cannot exceed 255 characters.');
  refused('a', 'x'.repeat(256), 'Tag value cannot exceed 255 characters.');
  refused('a b', 'x', "Invalid tag name <a b>: only alphanumeric ASCII characters, '_',  '-' are allowed.");
  refused('a', 'ü', "Invalid tag value <ü>: only alphanumeric ASCII characters, '_',  '-' , '.', '@' are allowed.");
  checkTags([
    { name: 'ses:feedback-id-a', value: 'x' },
    { name: 'A_-9', value: 'a.b@c-d_e' },
  ]);
});

test('tags of the header field are pairs between commas', () => {
  assert.deepEqual(readTags('a=1, b = 2 ,,c'), [
    { name: 'a', value: '1' },
    { name: 'b', value: '2' },
    { name: 'c', value: '' },
  ]);
});
