import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { trackHtml } from './tracked-html.ts';
import { type LinkBase, TrackedLinks } from './tracked-links.ts';

const links = new TrackedLinks(Buffer.alloc(32, 1));
const messageId = '0100019900000000-11111111-2222-4333-8444-555555555555-000000';
const base: LinkBase = { url: 'https://mail.example.com' };
const whole = (on: LinkBase = base) => links.tracking({ messageId, base: on, opens: true, clicks: true });
const pathOf = (link: string) => new URL(link).pathname;

/** The link to `url`, and what is found in it again. */
function there(url: string, { n = 1, tags = {} } = {}) {
  const link = whole().link!(url, n, tags)!;
  return { link, back: links.follow(pathOf(link)) };
}

describe('form', () => {
  const check = (url: string, expected: string) => {
    const { link, back } = there(url, { n: 3 });
    assert.match(link, /\/3\/0100019900000000-11111111-2222-4333-8444-555555555555-000000\/[\w-]{27}=1$/);
    assert.equal(link.slice(0, link.indexOf(`/3/${messageId}`)), `https://mail.example.com/L0/${expected}`);
    assert.deepEqual(back, { kind: 'click', messageId, url, n: 3, tags: {} });
  };

  test('of links', () => {
    check('https://example.com/path', 'https:%2F%2Fexample.com%2Fpath');
    check('http://x?platform=iOS&token=A-Z_z.~', 'http:%2F%2Fx%3Fplatform=iOS%26token=A-Z_z.~');
    check(
      "https://u:p@x:80/a;b=c,d/!$'()*+@/#e?f",
      'https:%2F%2Fu:p%40x:80%2Fa%3Bb=c%2Cd%2F%21%24%27%28%29%2A%2B%40%2F%23e%3Ff',
    );
    check('https://[::1]/%2f%20%25', 'https:%2F%2F%5B::1%5D%2F%252f%2520%2525');
    check('http://x/../..//1/2', 'http:%2F%2Fx%2F..%2F..%2F%2F1%2F2');
  });

  test('of pixels', () => {
    const pixel = whole().pixel!;
    assert.match(
      pixel,
      /^https:\/\/mail\.example\.com\/I0\/0100019900000000-11111111-2222-4333-8444-555555555555-000000\/[\w-]{27}=1$/,
    );
    assert.deepEqual(links.follow(pathOf(pixel)), { kind: 'open', messageId });
  });

  test('of links with tags', () => {
    const checkTags = (tags: Record<string, string[]>) => {
      const { link, back } = there('http://x', { tags });
      assert.match(link, /\/[\w-]{27}=\d{2,}$/);
      assert.deepEqual(back, { kind: 'click', messageId, url: 'http://x', n: 1, tags });
    };
    checkTags({ a: ['b'] });
    checkTags({ product: ['book', 'pen'], genre: ['fiction'] });
    checkTags({ ['__proto__']: ['a-b_c'] });
  });

  test('no link is longer than proxies take', () => {
    const link = (length: number) => whole().link!(`http://x/${'a'.repeat(length)}`, 1, {});
    assert.ok(link(7_000));
    assert.equal(link(7_900), undefined);
    assert.equal(whole().link!(`http://x/${'?'.repeat(2_700)}`, 1, {}), undefined);
    assert.equal(whole().link!('http://x', 1, { a: ['b'.repeat(4_000)] }), undefined);
  });

  test('what is not tracked has none', () => {
    assert.deepEqual(links.tracking({ messageId, base, opens: false, clicks: false }), {
      link: undefined,
      pixel: undefined,
    });
  });
});

test('where they lead', () => {
  const check = (on: LinkBase, [pixel, http, https]: string[]) => {
    const { pixel: made, link } = whole(on);
    const from = (text: string | undefined) => text!.slice(0, text!.search(/\/[IL]0\//));
    assert.deepEqual([made, link!('http://x', 1, {}), link!('https://x', 1, {})].map(from), [pixel, http, https]);
  };
  check({ url: 'http://h:8025' }, ['http://h:8025', 'http://h:8025', 'http://h:8025']);
  check({ url: 'https://h/a/', https: 'optional' }, ['https://h/a', 'https://h/a', 'https://h/a']);
  const url = 'http://h';
  check({ url, domain: 'go.example.com' }, [
    'http://go.example.com',
    'http://go.example.com',
    'https://go.example.com',
  ]);
  check({ url, domain: 'd', https: 'optional' }, ['http://d', 'http://d', 'https://d']);
  check({ url, domain: 'd', https: 'require-open-only' }, ['https://d', 'http://d', 'https://d']);
  check({ url, domain: 'd', https: 'require' }, ['https://d', 'https://d', 'https://d']);
});

describe('what was changed is none of ours', () => {
  const click = pathOf(there('https://example.com/a', { n: 2, tags: { a: ['b'] } }).link);
  const open = pathOf(whole().pixel!);
  const fails = (path: string) => assert.equal(links.follow(path), undefined, path);

  test('any character', () => {
    for (const path of [click, open]) {
      assert.ok(links.follow(path));
      for (let i = 1; i < path.length; i++) {
        const other = path[i] === 'b' ? 'c' : 'b';
        fails(path.slice(0, i) + other + path.slice(i + 1));
        fails(path.slice(0, i) + path.slice(i + 1));
      }
    }
  });

  test('parts', () => {
    fails('/');
    fails('/L0/');
    fails('/I0/');
    fails(`/L0/${'/'.repeat(30_000)}`);
    fails(`${click}0`);
    fails(`${click}/`);
    fails(`${open}?`);
    fails(click.replace('=', '=0'));
    fails(click.replace('/2/', '/02/'));
    fails(click.replace('/2/', '/3/'));
    fails(click.replace('%2Fa', '%2Fa%'));
    fails(click.replace('/L0/', '/I0/'));
    fails(open.replace('/I0/', '/L0/http:%2F%2Fevil/1/'));
    fails(click.replace(/=\d+$/, '=1'));
    fails(click.replace(/[\w-]{27}=/, `${'A'.repeat(27)}=`));
    fails(click.replace(/[\w-]{27}=\d+$/, open.slice(-29)));
    fails(click.replace('example.com', 'evil.example'));
    fails(click.replace('-000000', '-000001'));
  });

  test('of another key', () => {
    assert.equal(new TrackedLinks(Buffer.alloc(32, 2)).follow(click), undefined);
    assert.equal(new TrackedLinks(Buffer.alloc(32, 2)).follow(open), undefined);
    assert.deepEqual(new TrackedLinks(Buffer.alloc(32, 1)).follow(open), links.follow(open));
  });

  test('but slashes that a proxy has decoded are still ours', () => {
    assert.deepEqual(links.follow(click.replaceAll('%2F', '/')), links.follow(click));
    assert.deepEqual(links.follow(click.replaceAll('%2F', '%2f').replaceAll(':', '%3A')), links.follow(click));
  });
});

test('every link of a page leads to where it led', () => {
  const characters = fc.constantFrom(..."abcXYZ019-._~!$&'()*+,;=:@/?", '%20', '%2F', '&amp;', '&amp;amp;', '&lt');
  fc.assert(
    fc.property(fc.array(fc.array(characters, { maxLength: 30 }), { maxLength: 6 }), (paths) => {
      const html = paths.map((path) => `<a href="https://example.com/${path.join('')}">`).join('');
      const meant: string[] = [];
      trackHtml(html, { link: (url) => void meant.push(url) });
      const read: string[] = [];
      trackHtml(trackHtml(html, whole()).html, { link: (url) => void read.push(url) });
      const back = read.map((link) => links.follow(pathOf(link)));
      // One that could not be tracked is found as it is.
      assert.deepEqual(
        back.map((one, i) => (one?.kind === 'click' ? one.url : read[i])),
        meant,
      );
      assert.ok(back.every((one) => one?.kind === 'click'));
      assert.equal(read.length, meant.length);
    }),
  );
});
