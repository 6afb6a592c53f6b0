import type { VerificationTemplate } from '../../core/identities/identities.ts';
import type { Submission } from '../../core/sending/sending.ts';
import type { Caller } from './caller.ts';
import { submissionBy } from './submissions.ts';

/** Custom verification mail has the same members in both APIs. */
interface Given {
  readonly FromEmailAddress: string;
  readonly TemplateSubject: string;
  readonly TemplateContent: string;
  readonly SuccessRedirectionURL: string;
  readonly FailureRedirectionURL: string;
}
type Parts = Omit<VerificationTemplate, 'name' | 'tags'>;
type Maybe<Shape> = { readonly [Name in keyof Shape]?: Shape[Name] | undefined };

export function partsOf(given: Given): Parts;
export function partsOf(given: Maybe<Given>): Maybe<Parts>;
export function partsOf(given: Maybe<Given>): Maybe<Parts> {
  return {
    from: given.FromEmailAddress,
    subject: given.TemplateSubject,
    content: given.TemplateContent,
    success: given.SuccessRedirectionURL,
    failure: given.FailureRedirectionURL,
  };
}

/** But for the content, which lists leave out. */
export const shown = ({ name, from, subject, success, failure }: VerificationTemplate) => ({
  TemplateName: name,
  FromEmailAddress: from,
  TemplateSubject: subject,
  SuccessRedirectionURL: success,
  FailureRedirectionURL: failure,
});

/** SES: 10 MB of template; pictures and what is added come on top. */
const VERIFICATION_OCTETS = 41_943_040;

/** The mail of a custom verification template: the account's own, but for opens and clicks (SES). */
export function verificationMail(
  caller: Caller,
  { from, to, content, keep }: { from: string; to: string; content: Buffer; keep: () => Promise<void> },
  ConfigurationSetName: string | undefined,
): Submission {
  const operation = 'SendCustomVerificationEmail';
  return {
    ...submissionBy(caller, { operation, sizeLimit: VERIFICATION_OCTETS, ConfigurationSetName }),
    mail: { kind: 'raw', content, from, recipients: [to] },
    tracking: { opens: false, clicks: false },
    beforeAccept: keep,
  };
}
