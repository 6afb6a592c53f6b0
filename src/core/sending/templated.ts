import type { Rendering } from '../templates/templates.ts';
import type { FormattedMail, TemplatedMail } from './submission.ts';

const inUtf8 = (text: string) => ({ text, charset: 'UTF-8' });

/** The letter with what its template made; where that failed it has neither subject nor body. */
export function letterOf(
  { template, data, attachments, ...envelope }: TemplatedMail,
  rendering: Rendering,
): FormattedMail {
  const { subject, text, html } = rendering.ok ? rendering.rendered : { subject: '' };
  return {
    ...envelope,
    kind: 'formatted',
    subject: inUtf8(subject),
    text: text === undefined ? undefined : inUtf8(text),
    html: html === undefined ? undefined : inUtf8(html),
  };
}
