import { createHash } from 'node:crypto';
import type { ContactList, Preference } from '../../core/contacts/contacts.ts';
import type { Response } from '../http.ts';

/** The pages behind an unsubscribe link: plain HTML that needs no script and loads nothing. */

const style = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem; overflow-wrap: anywhere; }
fieldset { margin: 0 0 1.5rem; padding: 1rem; border: 1px solid; border-radius: .5rem; }
legend { padding: 0 .5rem; font-weight: 600; }
.choice { display: grid; grid-template-columns: auto 1fr; gap: 0 .75rem; margin: .75rem 0; }
.choice input { width: 1.25rem; height: 1.25rem; margin: .125rem 0 0; }
.choice p { grid-column: 2; margin: 0; }
.saved { padding: .75rem 1rem; border: 2px solid; border-radius: .5rem; font-weight: 600; }
button { padding: .6rem 1.25rem; font: inherit; font-weight: 600; }
`;

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; ` +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  // The address of the page lets whoever knows it choose; our own door wants the origin of its form.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
};

export function plainPage(status: number, title: string, text: string): Response {
  return page(status, title, `<h1>${escaped(title)}</h1>\n<p>${escaped(text)}</p>`);
}

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

function page(status: number, title: string, body: string): Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
  return { status, headers, body: html };
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character]!);
