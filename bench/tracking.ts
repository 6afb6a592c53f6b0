/** What tracking costs a page of 20 KB with a link in every half kilobyte, beside htmlparser2 that only parses it. */
import { Parser } from 'htmlparser2';
import { trackHtml } from '../src/mail/tracked-html.ts';
import { TrackedLinks } from '../src/mail/tracked-links.ts';
import { trackMessage } from '../src/mail/tracked-message.ts';
import type { Bench } from './peers.ts';
import { type Figure, figure } from './rounds.ts';

const OCTETS = 20_480;
/** Turns are short and many, so that what else the machine does falls on all alike; the first of them warm up. */
const TURN = 15;
const TURNS_A_ROUND = 50;
const WARM_UP = 20;

/** In this process, one turn after another. */
export async function trackingRewrite({ effort }: Bench): Promise<Figure[]> {
  const html = page();
  const message = Buffer.from(`MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}`);
  const links = new TrackedLinks(Buffer.alloc(32, 1));
  const messageId = '0100019900000000-11111111-2222-4333-8444-555555555555-000000';
  const tracking = () =>
    links.tracking({ messageId, base: { url: 'https://mail.example.com' }, opens: true, clicks: true });
  const contenders = [
    { peer: 'htmlparser2, only parsing', work: () => new Parser({}).end(html) },
    { peer: 'sesame, one page, its links signed', work: () => trackHtml(html, tracking()) },
    { peer: 'sesame, whole message', work: () => trackMessage(message, tracking()) },
  ].map((contender) => ({ ...contender, runs: [] as number[] }));
  for (let turn = -WARM_UP; turn < effort.rounds * TURNS_A_ROUND; turn++) {
    for (const { work, runs } of contenders) {
      const rate = often(work);
      if (turn >= 0) runs.push(rate);
    }
  }
  return contenders.map(({ peer, runs }) =>
    figure({ scenario: 'Tracking rewrite, 20 KB', unit: 'pages/s', peer, runs, others: [] }),
  );
}

function often(work: () => void): number {
  const from = performance.now();
  let count = 0;
  for (; performance.now() - from < TURN; count++) work();
  return (count * 1_000) / (performance.now() - from);
}

/** As newsletters are: tables, styles in every element, links with several parameters. */
function page(): string {
  const end = '</body></html>';
  let html = '<!doctype html><html><head><style>a { color: #06c }</style></head><body>';
  for (let n = 0; html.length < OCTETS - end.length; n++) {
    const href = `https://shop.example.com/products/${n}?utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign=spring`;
    html +=
      '<table role="presentation" width="100%" cellpadding="0"><tr><td style="padding:12px 24px;font-family:sans-serif">\r\n' +
      `Item ${n} &ndash; Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore` +
      ` et dolore magna aliqua.<br>\r\n<a href="${href}" style="color:#0066cc;text-decoration:none" target="_blank">See it</a>` +
      '</td></tr></table>\r\n';
  }
  return html + end;
}
