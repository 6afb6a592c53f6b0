import type { OwnNames } from '../../base/own-names.ts';
import type { NoticeLetter } from '../notices/notices.ts';

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
