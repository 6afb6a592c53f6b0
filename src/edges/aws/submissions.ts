import type { Submission } from '../../core/sending/sending.ts';
import type { Caller } from './caller.ts';

/** What every send tells beside its letter, in the members of either API. */
interface Sent {
  /** Of v1, or the one of v1 that does the same: so events name it (SES: `ses:operation`). */
  readonly operation: string;
  /** Octets of the whole message at most. */
  readonly sizeLimit: number;
  readonly ConfigurationSetName?: string | undefined;
  readonly tags?: readonly NameAndValue[] | undefined;
  readonly identityArns?: Submission['identityArns'];
}

interface NameAndValue {
  readonly Name: string;
  readonly Value: string;
}

interface Destination {
  readonly ToAddresses?: readonly string[] | undefined;
  readonly CcAddresses?: readonly string[] | undefined;
  readonly BccAddresses?: readonly string[] | undefined;
}

interface Body {
  readonly Text?: Content | undefined;
  readonly Html?: Content | undefined;
}

interface Content {
  readonly Data: string;
  readonly Charset?: string | undefined;
}

export function submissionBy(caller: Caller, sent: Sent): Omit<Submission, 'mail'> {
  const { operation, sizeLimit, ConfigurationSetName: configurationSet, tags, identityArns } = sent;
  const { sourceIp } = caller;
  return { caller, operation, sourceIp, sizeLimit, configurationSet, tags: tags?.map(tag), identityArns };
}

export const tag = ({ Name, Value }: NameAndValue) => ({ name: Name, value: Value });

export const field = ({ Name, Value }: NameAndValue) => [Name, Value] as const;

export function recipientsOf({ ToAddresses: to = [], CcAddresses: cc = [], BccAddresses: bcc = [] }: Destination = {}) {
  return { to, cc, bcc };
}

export function letterOf(Subject: Content, { Text, Html }: Body) {
  return { subject: text(Subject), text: Text && text(Text), html: Html && text(Html) };
}

const text = ({ Data, Charset }: Content) => ({ text: Data, charset: Charset });
