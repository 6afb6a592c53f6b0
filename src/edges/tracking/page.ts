import { createHash } from 'node:crypto';
import type { Response } from '../http.ts';

/** Pages for people who come from a mail: plain HTML that needs no script and loads nothing. */

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

export function page(status: number, title: string, body: string): Response {
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

export const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character]!);
