import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Headers } from '../http.ts';
import { isBotEvent } from './bots.ts';

const check = (headers: Headers, expected: string, method = 'GET') =>
  assert.equal(isBotEvent({ method, headers }), expected, JSON.stringify(headers));

const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

test('people', () => {
  check({ 'user-agent': chrome }, 'Unlikely');
  check({ 'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15' }, 'Unlikely');
  check({ 'user-agent': 'Microsoft Office/16.0 (Microsoft Outlook 16.0.17928; Pro)' }, 'Unlikely');
  check(
    { 'user-agent': 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)' },
    'Unlikely',
  );
  check({ 'user-agent': 'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html' }, 'Unlikely');
  check({}, 'Unlikely');
});

test('programs', () => {
  check({ 'user-agent': chrome }, 'Likely', 'HEAD');
  check({ 'user-agent': chrome, 'sec-purpose': 'prefetch;prerender' }, 'Likely');
  check({ 'user-agent': chrome, purpose: 'prefetch' }, 'Likely');
  check({ 'user-agent': chrome, 'x-purpose': 'preview' }, 'Likely');
  check({ 'user-agent': chrome, 'x-moz': 'prefetch' }, 'Likely');
  check({ 'user-agent': 'Mozilla/5.0' }, 'Likely');
  check({ 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' }, 'Likely');
  check({ 'user-agent': 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)' }, 'Likely');
  check({ 'user-agent': 'Mozilla/5.0 (compatible) SkypeUriPreview Preview/0.5' }, 'Likely');
  check({ 'user-agent': 'BarracudaCentral' }, 'Likely');
  check({ 'user-agent': 'facebookexternalhit/1.1' }, 'Likely');
});
