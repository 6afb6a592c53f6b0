import type { OwnNames } from '../../base/own-names.ts';
import { type Followed, type Identities, VERIFICATION_PATH } from '../../core/identities/identities.ts';
import type { HttpHandler, Request, Response } from '../http.ts';
import { plainPage } from './page.ts';

/**
 * The links that prove an address. As with SES, opening one is the proof: whoever can has read the mail. A browser that
 * fetches ahead of its user, or a program that asks for the head only, has not opened it and uses nothing up. The token
 * says what is meant: nobody signs in.
 */
export function verificationHandler(identities: Identities, names: OwnNames): HttpHandler {
  return async (request) => {
    const { method, path, headers } = request;
    if (!path.startsWith(VERIFICATION_PATH) || headers['authorization']) return undefined;
    if (method === 'HEAD') return { status: 200, headers: { 'cache-control': 'no-store' }, body: '' };
    if (method !== 'GET') return notThat;
    if (isAhead(request)) return notYet;
    const followed = await identities.follow(path.slice(VERIFICATION_PATH.length));
    return followed ? answer(followed, names) : notOurs;
  };
}

/** Browsers say so; 503 makes them ask again when the user does come (Fetch: Sec-Purpose). */
const isAhead = ({ headers }: Request) =>
  /prefetch|preview|prerender/i.test([headers['sec-purpose'], headers['purpose'], headers['x-moz']].join());

function answer({ link, outcome, isVerified, redirect }: Followed, names: OwnNames): Response {
  if (redirect !== undefined) {
    // The token is nobody's business where it leads.
    const headers = { location: redirect, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };
    return { status: 302, headers, body: '' };
  }
  const { address, scope } = link;
  const place = names.regionName(scope.region);
  switch (outcome) {
    case 'verified':
      return plainPage(
        200,
        'Congratulations!',
        `You have verified ${address}. It can now be used to send email in region ${place}.`,
      );
    case 'expired':
      return plainPage(
        410,
        'This link has expired',
        `It worked for 24 hours. Ask for a new verification of ${address} in region ${place}.`,
      );
    case 'used':
      return plainPage(
        410,
        'This link has been used',
        isVerified
          ? `${address} is verified in region ${place}: there is nothing left to do.`
          : `It works once. Ask for a new verification of ${address} in region ${place}.`,
      );
  }
}

const notOurs = plainPage(
  400,
  'This link is not complete',
  'It may have been cut or changed on its way. Open the link in the message once more, or copy all of it.',
);
const notThat: Response = {
  ...plainPage(405, 'This link does not do that', 'Open it in a browser.'),
  headers: { allow: 'GET, HEAD' },
};
const notYet: Response = { status: 503, headers: { 'cache-control': 'no-store' }, body: '' };
