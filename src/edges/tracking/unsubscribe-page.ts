import type { ContactList, Preference } from '../../core/contacts/contacts.ts';
import type { Response } from '../http.ts';
import { escaped, page } from './page.ts';

/** The page behind an unsubscribe link. */

interface Choices {
  readonly address: string;
  readonly list: ContactList;
  readonly preferences: {
    readonly unsubscribedFromAll: boolean;
    readonly topics: readonly Preference[];
  };
  readonly saved: boolean;
}

export function choicesPage({ address, list, preferences, saved }: Choices): Response {
  const wanted = new Map(preferences.topics.map(({ topic, subscribed }) => [topic, subscribed]));
  const topics = list.topics.map(({ name, displayName, description }, n) =>
    choice({
      id: `topic-${n}`,
      name: 'topic',
      value: name,
      checked: wanted.get(name) === true,
      label: displayName || name,
      description,
      shown: true,
    }),
  );
  const all = choice({
    id: 'all',
    name: 'all',
    value: 'yes',
    checked: preferences.unsubscribedFromAll,
    label: 'Unsubscribe from all',
    description: 'No mail of this list at all, whatever is chosen above.',
  });
  return page(
    200,
    'Your mail preferences',
    [
      '<h1>Your mail preferences</h1>',
      ...(saved ? ['<p class="saved" role="status">Your choices are saved.</p>'] : []),
      `<p>For <strong>${escaped(address)}</strong>.</p>`,
      ...(list.description ? [`<p>${escaped(list.description)}</p>`] : []),
      '<form method="post">',
      ...(topics.length > 0 ? ['<fieldset>', '<legend>I want to get</legend>', ...topics, '</fieldset>'] : []),
      '<fieldset>',
      `<legend>${topics.length > 0 ? 'Or nothing' : 'This list'}</legend>`,
      all,
      '</fieldset>',
      '<button name="save" value="yes">Save my choices</button>',
      '</form>',
    ].join('\n'),
  );
}

interface Choice {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly checked: boolean;
  readonly label: string;
  readonly description?: string | undefined;
  /** An empty box sends nothing: the form tells that it was there to be filled. */
  readonly shown?: boolean;
}

function choice({ id, name, value, checked, label, description, shown }: Choice): string {
  const described = description ? ` aria-describedby="${id}-text"` : '';
  const box = `<input type="checkbox" id="${id}" name="${name}" value="${escaped(value)}"${checked ? ' checked' : ''}${described}>`;
  return [
    '<div class="choice">',
    `${shown ? `<input type="hidden" name="shown" value="${escaped(value)}">` : ''}${box}`,
    `<label for="${id}">${escaped(label)}</label>`,
    ...(description ? [`<p id="${id}-text">${escaped(description)}</p>`] : []),
    '</div>',
  ].join('\n');
}

/**
 * What the form of the page says, nothing where it is not that form. Topics that were not on the page are not named;
 * who leaves everything keeps what was chosen before, for the day of coming back.
 */
export function formOf(form: FormData): { unsubscribed: boolean; preferences: Preference[] } | undefined {
  if (form.get('save') !== 'yes') return undefined;
  const unsubscribed = form.get('all') === 'yes';
  const checked = new Set(form.getAll('topic'));
  const shown = form.getAll('shown').filter((name) => typeof name === 'string');
  return {
    unsubscribed,
    preferences: unsubscribed ? [] : shown.map((topic) => ({ topic, subscribed: checked.has(topic) })),
  };
}
