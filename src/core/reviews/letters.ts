import type { Enforcement, SendingLimits } from '../accounts/accounts.ts';
import type { NoticeLetter } from '../notices/notices.ts';
import type { Review } from './review.ts';

/** What people are told of their cases, and of what is enforced on their accounts. */

type Case = Pick<Review, 'account' | 'region' | 'caseId' | 'subject' | 'details'>;

const subjects = {
  'production-access': 'production access',
  'per-day': 'a higher sending quota',
  'per-second': 'a higher sending rate',
} as const;

const limitWords = ({ perDay, perSecond }: SendingLimits) =>
  `${perDay < 0 ? 'any number of recipients' : `${perDay} recipients`} in 24 hours, ${perSecond} a second`;

export function grantLetter(review: Case, limits: SendingLimits, reason: string | undefined): NoticeLetter {
  return letter(review, 'granted', [
    `Your request for ${subjects[review.subject]} was granted.`,
    `Your account may now send to ${limitWords(limits)}, to anybody.`,
    ...(reason ? [reason] : []),
  ]);
}

export function denialLetter(review: Case, reason: string): NoticeLetter {
  return letter(review, 'denied', [
    `Your request for ${subjects[review.subject]} was denied:`,
    reason,
    'You can ask again, once what is said above has changed.',
  ]);
}

export function questionLetter(review: Case, question: string): NoticeLetter {
  const answer =
    review.subject === 'production-access'
      ? 'To answer, send your account details again (PutAccountDetails) with what is missing.'
      : 'Please answer to whoever runs this server, and name the case.';
  return letter(review, 'a question', [
    `Before we can decide on your request for ${subjects[review.subject]}, we need to know more:`,
    question,
    answer,
  ]);
}

function letter({ account, region, caseId, subject, details }: Case, what: string, said: string[]): NoticeLetter {
  return {
    subject: `Case ${caseId}, ${subjects[subject]} in ${region}: ${what}`,
    text: [
      ...said,
      [
        `Account: ${account}`,
        `Region: ${region}`,
        `Case: ${caseId}`,
        ...(details ? [`Website: ${details.website}`] : []),
      ].join('\n'),
      '',
    ].join('\n\n'),
  };
}

const enforced: Readonly<Record<Enforcement, readonly [subject: string, sentence: string]>> = {
  healthy: ['in good standing', 'Your account is in good standing again, and its mail is taken as before.'],
  probation: [
    'under review',
    'Your account is under review. It can still send; please mend what is said below before it is paused.',
  ],
  shutdown: [
    'paused',
    "Your account's ability to send is paused. What was accepted before is still delivered, nothing new is taken.",
  ],
};

export function enforcementLetter(
  { account, region }: Pick<Review, 'account' | 'region'>,
  enforcement: Enforcement,
  reason: string | undefined,
): NoticeLetter {
  const [subject, sentence] = enforced[enforcement];
  return {
    subject: `Account ${account} in ${region}: ${subject}`,
    text: [sentence, ...(reason ? [reason] : []), `Account: ${account}\nRegion: ${region}`, ''].join('\n\n'),
  };
}
