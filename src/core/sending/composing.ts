import type { Clock } from '../../base/clock.ts';
import { outgoingMessageId } from '../../base/ids.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { formatDate } from '../../mail/date.ts';
import { BodyHash } from '../../mail/dkim.ts';
import { readHeader, rewriteHeader } from '../../mail/header-fields.ts';
import { rewriteShown } from '../../mail/shown-texts.ts';
import type { TrackedLinks } from '../../mail/tracked-links.ts';
import type { ConfigurationSet } from '../configuration-sets/configuration-sets.ts';
import { type Contacts, unsubscribeFields, unsubscribeUrl, withUnsubscribeUrl } from '../contacts/contacts.ts';
import { type Message, type Tag, takenOffFields } from '../messages/messages.ts';
import type { Draft } from './draft.ts';
import type { Author } from './senders.ts';
import type { ListChoice, Occasion } from './submission.ts';

/** Fields that SES replaces or reads and takes off (SES: header fields; X-SES-* of raw mail). */
const takenOff = new Set([
  'message-id',
  'date',
  'return-path',
  'bcc',
  'x-ses-configuration-set',
  'x-ses-message-tags',
  'x-ses-source-arn',
  'x-ses-from-arn',
  'x-ses-return-path-arn',
  'x-ses-list-management-options',
  'x-ses-tenant',
]);
/** What the author said of leaving the list gives way to what we know of it. */
const takenOffForList = new Set([...takenOff, 'list-unsubscribe', 'list-unsubscribe-post']);

export type Composed = Omit<Message, 'segments'> & Pick<Draft, 'content' | 'rest'>;

/** What was found out of a submission before it is composed. */
export interface Decided {
  readonly tags: readonly Tag[];
  readonly author: Author;
  /** Whose envelope sender receivers see, where it is not our own. */
  readonly mailFrom: string | undefined;
  readonly set: ConfigurationSet | undefined;
  readonly list: ListChoice | undefined;
}

interface Tracked extends Pick<Occasion, 'tracking'>, Pick<Decided, 'set'> {
  readonly messageId: string;
}

interface Needs {
  readonly contacts: Contacts;
  readonly links: TrackedLinks;
  /** Base of the links that we hand out. */
  readonly url: () => string;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

/** Makes the message of a letter that may be sent: its id, the fields that every message gets, and its links. */
export class Composing {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async compose(
    { caller, operation, sourceIp, tracking }: Occasion,
    draft: Draft,
    decided: Decided,
  ): Promise<Composed> {
    const { clock, random, names } = this.#needs;
    const { tags, author, mailFrom, set } = decided;
    const at = clock.civil();
    const { account, region } = caller;
    const id = outgoingMessageId(region, clock, random);
    const unsubscribing = this.#unsubscribing(caller, draft, { ...decided, id });
    const message = unsubscribing.into(await this.#tracked(draft, { set, tracking, messageId: id }));
    const content = rewriteHeader({
      message,
      ...(message === draft.content && { header: draft.header }),
      remove: unsubscribing.fields.length > 0 ? takenOffForList : takenOff,
      append: [
        ...unsubscribing.fields,
        ['Message-ID', `<${id}@${names.messageIdDomain(region)}>`],
        ['Date', formatDate(at)],
      ],
    });
    const { rest = [] } = draft;
    return {
      id,
      account,
      region,
      direction: 'out',
      envelopeFrom: draft.feedback,
      from: draft.from,
      recipients: draft.recipients,
      subject: draft.subject,
      at,
      size: [content, ...rest].reduce((size, { length }) => size + length, 0),
      bodyHash: bodyHashOf(content, rest),
      tags,
      facts: {
        operation,
        callerArn: caller.arn,
        sourceIp,
        fromAddress: draft.fromAddress,
        identity: author.identity.name,
        ...(author.owner.account !== account && { identityAccount: author.owner.account }),
        ...(mailFrom !== undefined && { envelopeSender: `${id}@${mailFrom}` }),
        ...(draft.feedback === '' && { envelopeSender: '' }),
        ...(set && factsOf(set, draft)),
      },
      content,
      rest: draft.rest,
    };
  }

  /** Links and a pixel that tell of clicks and opens, where the sender or somebody of the set wants to hear of them. */
  async #tracked({ content, hasHtml, hasMarks }: Draft, { set, tracking, messageId }: Tracked): Promise<Buffer> {
    if (!hasHtml) return content;
    const { links, url } = this.#needs;
    const wants = (event: 'open' | 'click') =>
      set?.vdm?.engagementMetrics ||
      (set?.destinations.some(({ enabled, events }) => enabled && events.includes(event)) ?? false);
    const opens = tracking?.opens ?? wants('open');
    const clicks = tracking?.clicks ?? wants('click');
    if (!opens && !clicks && !hasMarks) return content;
    // Loaded when it is first wanted: a start should not wait for an HTML parser.
    const { trackMessage } = await import('../../mail/tracked-message.ts');
    const base = { ...set?.tracking, url: url() };
    return trackMessage(content, links.tracking({ messageId, base, opens, clicks }));
  }

  /** What lets the one recipient leave the list; where there are more nobody knows who would (SES: list management). */
  #unsubscribing(scope: Occasion['caller'], { recipients }: Draft, { list: choice, id }: Decided & { id: string }) {
    const { contacts, url } = this.#needs;
    const [address] = recipients;
    if (!choice || address === undefined || recipients.length > 1) {
      return { fields: [], into: (message: Buffer) => message };
    }
    const { list, topic } = choice;
    const link = unsubscribeUrl(url(), contacts.token({ scope, list, topic, address, messageId: id }));
    return {
      fields: unsubscribeFields(link),
      into: (message: Buffer) =>
        rewriteShown(message, ['text/plain', 'text/html'], (texts) =>
          texts.map((text) => withUnsubscribeUrl(text, link)),
        ),
    };
  }
}

function bodyHashOf(content: Buffer, rest: readonly Buffer[]): string {
  const hash = new BodyHash().update(content.subarray(readHeader(content).bodyStart));
  for (const piece of rest) hash.update(piece);
  return hash.digest();
}

/** What the message keeps of its set: the name, what was promised of its delivery, and the header for its events. */
function factsOf({ name, tls }: ConfigurationSet, { header }: Draft): Message['facts'] {
  const removed = takenOffFields(header, takenOff);
  return {
    configurationSet: name,
    ...(tls === 'require' && { tls }),
    ...(removed !== undefined && { takenOff: removed }),
  };
}
