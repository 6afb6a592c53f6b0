import type { OwnNames } from '../../base/own-names.ts';
import type { NoticeLetter } from '../notices/notices.ts';
import type { Identity } from './identity.ts';

/** The mail with the link that proves an address; subject and gist are SES's (creating-identities), the words are ours. */
export function verificationLetter(
  names: OwnNames,
  { address, region, link }: { address: string; region: string; link: string },
): NoticeLetter {
  const { organisation } = names;
  const place = names.regionName(region);
  return {
    subject: `${organisation} – Email Address Verification Request in region ${place}`,
    text: `Dear ${organisation} customer,

We have received a request to authorize this email address for sending in region ${place}:

    ${address}

If you asked for this verification, open the following address in your browser to confirm that you are allowed to use this email address:

${link}

Your request will not be processed unless you confirm the address with it. The link works once, and expires 24 hours after you asked for it.

If you did NOT request to verify this email address, do not open the link: nobody can send from your address then.

Sincerely,
${organisation}
`,
  };
}

export type Told = 'success' | 'lost' | 'failed';

interface ProofNews {
  readonly identity: Identity;
  readonly region: string;
  /** Ownership of the domain, its DKIM records, its MAIL FROM. */
  readonly subject: 'proof' | 'dkim' | 'mailFrom';
  readonly told: Told;
}

const outcomes = { success: 'SUCCESS', lost: 'TEMPORARY FAILURE', failed: 'FAILURE' } as const;

/** What DNS has shown, or shows no more; subject and gist are SES's, the words are ours. */
export function proofLetter(names: OwnNames, { identity, region, subject, told }: ProofNews): NoticeLetter {
  const { organisation } = names;
  const place = names.regionName(region);
  const { name } = identity;
  const [setup, sentences] = {
    proof: ['Domain verification', ofOwnership],
    dkim: ['DKIM setup', ofDkim],
    mailFrom: ['Custom MAIL FROM domain setup', ofMailFrom],
  }[subject] as [string, (identity: Identity) => Record<Told, readonly string[]>];
  return {
    subject: `${organisation} – ${setup} ${outcomes[told]} for ${name} in region ${place}`,
    text: [
      `Dear ${organisation} customer,`,
      ...sentences(identity)[told].map((sentence) => sentence.replace('{place}', `in region ${place}`)),
      `Sincerely,\n${organisation}\n`,
    ].join('\n\n'),
  };
}

const PATIENCE_ENDS = 'If we do not find them within 72 hours, ';

const ofOwnership = ({ name }: Identity) => ({
  success: [
    `Congratulations! The verification process for the domain ${name} {place} is now complete.`,
    'You can send from any address at this domain.',
  ],
  lost: [
    `We cannot find the DNS records any more that prove that the domain ${name} {place} is yours.`,
    `Mail is sent from it as before for now. ${PATIENCE_ENDS}the domain is no longer verified, and nothing can be sent from it.`,
    'Please publish the records again, or delete the identity if you do not need it.',
  ],
  failed: [
    `The verification of the domain ${name} {place} has failed: for 72 hours we did not find its DNS records.`,
    'Nothing can be sent from the domain. Once the records are published, ask for its verification again.',
  ],
});

const ofDkim = ({ name }: Identity) => ({
  success: [
    `We found the DKIM records of the domain ${name} {place}.`,
    'Mail from this domain is signed with DKIM from now on, unless you switched signing off.',
  ],
  lost: [
    `We cannot find the DKIM records of the domain ${name} {place} any more.`,
    `${PATIENCE_ENDS}mail from this domain is no longer signed in its name.`,
    'Please publish the records again.',
  ],
  failed: [
    `DKIM could not be set up for the domain ${name} {place}: for 72 hours we did not find its records.`,
    'Mail from this domain is not signed in its name. Once the records are published, ask for DKIM again.',
  ],
});

const ofMailFrom = ({ name, mailFrom }: Identity) => {
  const domain = mailFrom?.domain;
  const otherwise =
    mailFrom?.onFailure === 'reject'
      ? 'mail from this identity is refused, as you chose'
      : 'mail from this identity has our own MAIL FROM domain';
  return {
    success: [
      `The domain ${domain} is set up as the MAIL FROM domain of ${name} {place}.`,
      'Mail from this identity has it as its envelope sender from now on.',
    ],
    lost: [
      `We cannot find the MX record of ${domain}, the MAIL FROM domain of ${name} {place}, any more.`,
      `Until it is found again, ${otherwise}. If we do not find it within 72 hours, it has to be set up anew.`,
    ],
    failed: [
      `The domain ${domain} could not be set up as the MAIL FROM domain of ${name} {place}: for 72 hours we did not find its MX record.`,
      `Therefore ${otherwise}. Once the record is published, set the MAIL FROM domain again.`,
    ],
  };
};
