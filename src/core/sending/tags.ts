import { Refusal } from '../../base/refusal.ts';
import type { Tag } from '../messages/messages.ts';

const MOST_CHARACTERS = 255;
/** Cap of ours: SES documents none. */
const MOST_TAGS = 50;
/** These two are SES's own and may hold a colon. */
const feedbackTags = new Set(['ses:feedback-id-a', 'ses:feedback-id-b']);

/** The name is checked before the value; the texts (blanks included) are SES's. */
export function checkTags(tags: readonly Tag[]): void {
  if (tags.length > MOST_TAGS) throw new Refusal('invalid-parameter', `Tag count exceeds ${MOST_TAGS}.`);
  for (const { name, value } of tags) {
    const fault = tagFault(name, value);
    if (fault) throw new Refusal('invalid-parameter', fault);
  }
}

function tagFault(name: string, value: string): string | undefined {
  if (!name) return 'The tag name must be specified.';
  if (name.length > MOST_CHARACTERS) return `Tag name cannot exceed ${MOST_CHARACTERS} characters.`;
  if (!/^[A-Za-z0-9_-]+$/.test(name) && !feedbackTags.has(name)) {
    return `Invalid tag name <${name}>: only alphanumeric ASCII characters, '_',  '-' are allowed.`;
  }
  if (!value) return 'The tag value must be specified.';
  if (value.length > MOST_CHARACTERS) return `Tag value cannot exceed ${MOST_CHARACTERS} characters.`;
  if (!/^[A-Za-z0-9_.@-]+$/.test(value)) {
    return `Invalid tag value <${value}>: only alphanumeric ASCII characters, '_',  '-' , '.', '@' are allowed.`;
  }
  return undefined;
}

/** `name1=value1, name2=value2` of the X-SES-MESSAGE-TAGS field. */
export function readTags(field: string): Tag[] {
  return field
    .split(',')
    .map((pair) => pair.trim())
    .filter(Boolean)
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return { name: name.trim(), value: value.join('=').trim() };
    });
}
