import { rewriteShown } from './shown-texts.ts';
import { PIXEL_PLACE, type Tracking, trackHtml } from './tracked-html.ts';

/**
 * The message with tracked links and one pixel in what it shows as HTML (see `rewriteShown`). What is only for us is
 * taken out of it, also where nothing is tracked.
 */
export function trackMessage(message: Buffer, tracking: Tracking): Buffer {
  return rewriteShown(message, ['text/html'], (pages) => {
    const first = Math.max(
      0,
      pages.findIndex((html) => html.includes(PIXEL_PLACE)),
    );
    let tracked = 0;
    return pages.map((page, n) => {
      const { html, ...rest } = trackHtml(page, n === first ? tracking : { link: tracking.link }, tracked);
      tracked = rest.tracked;
      return html;
    });
  });
}
