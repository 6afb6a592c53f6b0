import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatLinkTags, type LinkTags, parseLinkTags } from './link-tags.ts';
import { MAX_LINKS, trackHtml } from './tracked-html.ts';

const IMG = '<img alt="" src="http://p/" style="display: none; width: 1px; height: 1px;">';

/** `T1(url)` in place of the first link, and so on. */
const link = (url: string, n: number) => `T${n}(${url})`;

const check = (html: string, expected: string) => assert.equal(trackHtml(html, { link }).html, expected);
const stays = (html: string) => check(html, html);
const checkPixel = (html: string, expected: string) =>
  assert.equal(trackHtml(html, { pixel: 'http://p/' }).html, expected.replaceAll('PIXEL', IMG));

function linksOf(html: string): { url: string; n: number; tags: LinkTags }[] {
  const found: { url: string; n: number; tags: LinkTags }[] = [];
  trackHtml(html, {
    link: (url, n, tags) => {
      found.push({ url, n, tags });
      return 'x';
    },
  });
  return found;
}

describe('links', () => {
  test('of every way to write an attribute', () => {
    check('<a href="http://x/">y</a>', '<a href="T1(http://x/)">y</a>');
    check("<a href='https://x/'>", '<a href="T1(https://x/)">');
    check('<a href=http://x/>', '<a href="T1(http://x/)">');
    check('<a href=http://x/ class=b>', '<a href="T1(http://x/)" class=b>');
    check('<a href = "http://x">', '<a href = "T1(http://x)">');
    check('<a\n\thref=\n"http://x"\n>', '<a\n\thref=\n"T1(http://x)"\n>');
    check('<A HREF="HTTP://X/">', '<A HREF="T1(HTTP://X/)">');
    check('<a class="b"href="http://x"id=c>', '<a class="b"href="T1(http://x)"id=c>');
    check('<a href="http://x"/>', '<a href="T1(http://x)"/>');
    check('<a/href="http://x">', '<a/href="T1(http://x)">');
    check('<a title=">" href="http://x">', '<a title=">" href="T1(http://x)">');
    check(`<a title='<a href="http://no">' href="http://x">`, `<a title='<a href="http://no">' href="T1(http://x)">`);
    check(`<a onclick='f("b")' href="http://x">`, `<a onclick='f("b")' href="T1(http://x)">`);
    check('<a href="http://x" href="http://y">', '<a href="T1(http://x)" href="http://y">');
    check('<a href="mailto:a@b" href="http://y">', '<a href="mailto:a@b" href="http://y">');
  });

  test('are counted', () => {
    check(
      '<a href="http://x"><a href="/y"><a href="http://x">',
      '<a href="T1(http://x)"><a href="/y"><a href="T2(http://x)">',
    );
    assert.equal(trackHtml('<a href="http://x"><a href="http://y">', { link }, 7).tracked, 9);
    assert.equal(trackHtml('<a href="http://x">', { link }, 7).html, '<a href="T8(http://x)">');
    assert.equal(trackHtml('<a href="http://x">', { link }, MAX_LINKS).html, '<a href="http://x">');
  });

  test('that nobody wants keep their number', () => {
    const some = (url: string, n: number) => (url === 'http://x' ? undefined : link(url, n));
    const { html, tracked } = trackHtml('<a href="http://x"><a href="http://y">', { link: some });
    assert.deepEqual([html, tracked], ['<a href="http://x"><a href="T1(http://y)">', 1]);
  });

  test('with references to characters', () => {
    check('<a href="http://x?a=1&amp;b=2">', '<a href="T1(http://x?a=1&amp;b=2)">');
    check('<a href="http://x?a=1&b=2">', '<a href="T1(http://x?a=1&amp;b=2)">');
    check('<a href="http://x?a=1&#38;b=2&#x26;c">', '<a href="T1(http://x?a=1&amp;b=2&amp;c)">');
    check('<a href="http://x?a=1&copy=2">', '<a href="T1(http://x?a=1&amp;copy=2)">');
    check('<a href="http://x?a=1&copyright">', '<a href="T1(http://x?a=1&amp;copyright)">');
    check('<a href="http:&#47;&sol;x">', '<a href="T1(http://x)">');
    check("<a href='http://x/&apos;&#39;'>", `<a href="T1(http://x/'')">`);
    stays('<a href="http://x?a=1&copy;=2">');
    stays('<a href="http://x?a=1&copy">');
    stays('<a href="http://x/&quot;">');
    stays('<a href="http://x/&#0;">');
    stays('<a href="http://x/&lt;b&gt;">');
    stays(`<a href='http://x/&amp;&lt;"'>`);
    stays('<a href="http://x/&nbsp;">');
  });

  test('that are no URI of http or https stay', () => {
    for (const href of ['', '#top', '/path', '//x/', 'x', 'mailto:a@b', 'tel:1', 'ftp://x', 'javascript:1', 'data:,']) {
      stays(`<a href="${href}">`);
    }
    for (const url of [
      'http://',
      'http:///x',
      'http:x',
      'http:/x',
      'https://?q',
      'http://@',
      'http://:80',
      'http://x:y',
    ]) {
      stays(`<a href="${url}">`);
    }
    for (const odd of [
      'a b',
      ' ',
      '{{id}}',
      '{id}',
      '[id]',
      'ü',
      '"',
      '<',
      '\\',
      '^',
      '`',
      '|',
      '%',
      '%zz',
      '%2',
      '#a#b',
      '\n',
    ]) {
      stays(`<a href='http://x/${odd}'>`);
    }
    for (const odd of [
      ' http://x',
      'http://x ',
      '\nhttp://x',
      'http://x y/',
      'http://ü.de/',
      'http://{{host}}/',
      '{{url}}',
    ]) {
      stays(`<a href="${odd}">`);
    }
  });

  test('of every form of URI', () => {
    for (const url of [
      ...[
        'http://x',
        'http://x:8080',
        'http://x:/',
        'http://127.0.0.1/',
        'https://[::1]:8/a',
        'http://u:p@x/',
        'http://a_b.c/',
      ],
      ...[
        'http://x?',
        'http://x#',
        'http://x/?#',
        'http://x/a;b=c,d/@:!$()*+~',
        'http://x/%2F%20?q=%C3%BC#a/b?c',
        'http://x//a//',
      ],
      ...['http://x/?u=https://y/', 'https://x/#!/a', "http://x/o'b"],
    ]) {
      check(`<a href="${url}">`, `<a href="T1(${url})">`);
    }
  });

  test('of other elements stay', () => {
    stays(
      '<area href="http://x"><link href="http://x"><form action="http://x"><base href="http://x"><img src="http://x">',
    );
    stays('<ab href="http://x"><a:b href="http://x"><abbr href="http://x"><v:a href="http://x"></a href="http://x">');
    stays('<a xhref="http://x" data-href="http://x" xlink:href="http://x">');
  });

  test('in what is no markup stay', () => {
    stays('<!-- <a href="http://x"> -->');
    stays('<!--[if mso]><a href="http://x">y</a><![endif]-->');
    stays('<script>"<a href=\'http://x\'>"</script><style><a href="http://x"></style>');
    stays('<title><a href="http://x"></title><textarea><a href="http://x"></textarea><xmp><a href="http://x"></xmp>');
    stays('&lt;a href="http://x">http://y');
    stays('< a href="http://x">');
    check('<![if !mso]><a href="http://x"><![endif]>', '<![if !mso]><a href="T1(http://x)"><![endif]>');
    check(
      '<!--[if !mso]><!--><a href="http://x"><!--<![endif]-->',
      '<!--[if !mso]><!--><a href="T1(http://x)"><!--<![endif]-->',
    );
    check('<script></script ><a href="http://x">', '<script></script ><a href="T1(http://x)">');
  });

  test('of broken HTML', () => {
    stays('<a href="http://x');
    stays('<a href="http://x"');
    stays('<a href=http://x');
    stays('<a href');
    stays('<a');
    stays('<a href= >');
    stays('<!-- <a href="http://x">');
    stays('<a <a href="http://x');
    stays('<a href="http://x" ses:no-track {{ses:openTracker}} /');
    check('<a <a href="http://x">', '<a <a href="T1(http://x)">');
    check('<p <b><a href="http://x">y</i></a', '<p <b><a href="T1(http://x)">y</i></a');
    check('<a "" href="http://x">', '<a "" href="T1(http://x)">');
    check('\0<a\0 href="http://x"><a href="http://y">', '\0<a\0 href="http://x"><a href="T1(http://y)">');
  });
});

describe('attributes of ours', () => {
  test('ses:no-track leaves a link alone and goes', () => {
    check('<a ses:no-track href="http://x">', '<a href="http://x">');
    check('<a href="http://x" ses:no-track>', '<a href="http://x">');
    check('<a href="http://x" ses:no-track class=b>', '<a href="http://x" class=b>');
    check('<a href="http://x" SES:No-Track="">', '<a href="http://x">');
    check("<a ses:no-track='true'\n href=http://x>", '<a\n href=http://x>');
    check('<a ses:no-track ses:tags="a:b" href="http://x">', '<a href="http://x">');
    check('<a href=http://x ses:no-track/>', '<a href=http://x />');
    check('<a href=http://x ses:no-track/class=b>', '<a href=http://x /class=b>');
    check('<a href="http://x"ses:no-track class=b>', '<a href="http://x" class=b>');
    check('<a ses:no-track=""href="http://x">', '<a href="http://x">');
    check('<a ses:no-track href="/x">', '<a href="/x">');
    check('<a ses:no-track name=b>', '<a name=b>');
    check('<a href="http://x" ses:no-track ><a href="http://y">', '<a href="http://x" ><a href="T1(http://y)">');
    stays('<p ses:no-track>');
    stays('<a title="ses:no-track">');
    stays('<a href=b ses:no-track=""="c">');
  });

  test('ses:tags goes along with its link', () => {
    check('<a href="http://x" ses:tags="a:b;">', '<a href="T1(http://x)">');
    check('<a ses:tags="a:b" href="mailto:a@b">', '<a href="mailto:a@b">');
    assert.equal(trackHtml('<a ses:tags="a:b" href="http://x">', {}).html, '<a href="http://x">');
    assert.deepEqual(linksOf(`<a ses:tags='product:book;genre:fiction;' href=http://x><a href=http://y>`), [
      { url: 'http://x', n: 1, tags: { product: ['book'], genre: ['fiction'] } },
      { url: 'http://y', n: 2, tags: {} },
    ]);
  });

  test('tags', () => {
    const checkTags = (text: string, expected: LinkTags) => assert.deepEqual(parseLinkTags(text), expected);
    checkTags('', {});
    checkTags('a:b', { a: ['b'] });
    checkTags(' a : b ; c:d ', { a: ['b'], c: ['d'] });
    checkTags('a:b;a:c;', { a: ['b', 'c'] });
    checkTags('A-1_:Z-9_', { 'A-1_': ['Z-9_'] });
    checkTags('a:b c;d;:e;f:;g:h:i;ü:j;k:l', { k: ['l'] });
    checkTags('__proto__:a;constructor:b', { ['__proto__']: ['a'], constructor: ['b'] });
    assert.equal(formatLinkTags({ a: ['b', 'c'], d: ['e'] }), 'a:b;a:c;d:e');
    assert.deepEqual(
      parseLinkTags(formatLinkTags(parseLinkTags('__proto__:a;x:y;x:z'))),
      parseLinkTags('__proto__:a;x:y;x:z'),
    );
  });
});

describe('the pixel', () => {
  test('is before the end of the body, else at the end', () => {
    checkPixel('<html><body>a</body></html>', '<html><body>aPIXEL</body></html>');
    checkPixel('a</BODY >b</body\n>c', 'a</BODY >bPIXEL</body\n>c');
    checkPixel(
      'a</body><!-- </body> --><script></body></script>',
      'aPIXEL</body><!-- </body> --><script></body></script>',
    );
    checkPixel('a</bodyx>', 'a</bodyx>PIXEL');
    checkPixel('', 'PIXEL');
    checkPixel('<p>a\r\n', '<p>aPIXEL\r\n');
    checkPixel('a<b title="', 'aPIXEL<b title="');
  });

  test('is where its place is', () => {
    checkPixel('<p>a{{ses:openTracker}}b</body>', '<p>aPIXELb</body>');
    checkPixel('{{ses:openTracker}}', 'PIXEL');
    checkPixel('a{{ses:openTracker}}b{{ses:openTracker}}{{ses:openTracker}}<p>{{ses:openTracker}}', 'aPIXELb<p>');
    checkPixel('<p title="{{ses:openTracker}}">a', '<p title="{{ses:openTracker}}">aPIXEL');
    checkPixel('<!-- {{ses:openTracker}} -->a', '<!-- {{ses:openTracker}} -->aPIXEL');
    checkPixel('<title>{{ses:openTracker}}</title>a', '<title>{{ses:openTracker}}</title>aPIXEL');
    checkPixel('<title>b</title>{{ses:openTracker}}a', '<title>b</title>PIXELa');
    checkPixel(
      '<style>{{ses:openTracker}}</style><p>{{ses:openTracker}}',
      '<style>{{ses:openTracker}}</style><p>PIXEL',
    );
    checkPixel('{{ses:opentracker}}', '{{ses:opentracker}}PIXEL');
    checkPixel('<a href="{{ses:openTracker}}">a</body>', '<a href="{{ses:openTracker}}">aPIXEL</body>');
  });

  test('leaves no place behind where opens are not tracked', () => {
    check('a{{ses:openTracker}}b', 'ab');
  });

  test('and links are put into one text', () => {
    const { html } = trackHtml('<body><a href="http://x">a</a></body><a href="http://y">', {
      link,
      pixel: 'http://p/?a&b"',
    });
    assert.equal(
      html,
      `<body><a href="T1(http://x)">a</a>${IMG.replace('http://p/', 'http://p/?a&amp;b&quot;')}</body><a href="T2(http://y)">`,
    );
  });
});

test('nothing to do is no change', () => {
  const html = '<p>a</p><a name=b></a><a href="/c">';
  assert.equal(trackHtml(html, { link }).html, html);
  assert.equal(trackHtml('<a href="http://x">', {}).html, '<a href="http://x">');
});

describe('hostile HTML', () => {
  const MB = 1_000_000;
  /** Milliseconds: quadratic work on a megabyte would take minutes. */
  const timeout = 20_000;

  test('a long attribute', { timeout }, () => {
    stays(`<a href="http://x/${'a'.repeat(MB)}">`);
    stays(`<a href="http://x/${'&'.repeat(MB)}">`);
    check(
      `<a title="${'<a href='.repeat(MB / 8)}" href="http://x">`,
      `<a title="${'<a href='.repeat(MB / 8)}" href="T1(http://x)">`,
    );
    check(`<a ses:tags="${'a:b;'.repeat(MB / 4)}" href="/x">`, '<a href="/x">');
    check(`<a ses:no-track${' '.repeat(MB)} href=x>`, `<a${' '.repeat(MB)} href=x>`);
    stays(`<a href="http://x/${'%'.repeat(7_000)}">`);
    stays(`<a href="http://${'a'.repeat(7_900)}:">`.replace(':"', ':x"'));
    stays(`<a href="http://${'a@'.repeat(3_900)}">`);
    stays(`<a href="http://x/${'&a'.repeat(3_900)}&lt;">`);
  });

  test('many links', { timeout }, () => {
    const { html, tracked } = trackHtml('<a href="http://x/">'.repeat(10_000), { link });
    assert.equal(tracked, MAX_LINKS);
    const rewritten = Array.from({ length: MAX_LINKS }, (_, i) => `<a href="T${i + 1}(http://x/)">`).join('');
    assert.equal(html, rewritten + '<a href="http://x/">'.repeat(10_000 - MAX_LINKS));
  });

  test('much of everything', { timeout }, () => {
    check(`<a${' ses:no-track'.repeat(MB / 10)}>`, '<a>');
    check('{{ses:openTracker}}'.repeat(MB / 20), '');
    check(`${'<b>c'.repeat(MB / 4)}{{ses:openTracker}}`, '<b>c'.repeat(MB / 4));
    stays(`${'<b>c'.repeat(MB / 4)}<!-- {{ses:openTracker}}`);
    checkPixel('</body>'.repeat(100_000), `${'</body>'.repeat(99_999)}PIXEL</body>`);
    for (const piece of ['<', '<a ', '<a href="', '<!--', '"\'', '</', '<a href=', '<![CDATA[', '&', '<title>', '{{']) {
      stays(piece.repeat(MB / piece.length));
    }
  });
});

/** Pieces that make links, near-links and their surroundings, in any order. */
const piece = fc.constantFrom(
  ...[
    '<a ',
    '<A\n',
    'href=',
    'HREF =',
    '"http://x/?a=1&amp;b"',
    "'https://y/'",
    'http://z',
    '"mailto:a@b"',
    '>',
    '/>',
    ' ',
    '\n',
  ],
  ...[
    'ses:no-track',
    'ses:tags="a:b;"',
    '<p>',
    '</a>',
    '</body>',
    '<!--',
    '-->',
    '<script>',
    '</script>',
    '<title>',
    '</title>',
  ],
  ...[
    '<a href="http://x/?a=1&amp;b">',
    "<A class=c HREF='https://y/#z' id>",
    '<a href=http://z>',
    '<a href="http://x/ y">',
  ],
  ...['"', "'", '=', '&', 'text', 'é', '\0', '{{ses:openTracker}}', '<![CDATA[', ']]>', '<!', '<?', '</', '/'],
);
const anyHtml = fc
  .array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 40 })
  .map((pieces) => pieces.join(''));

const OPEN = '\ue000';
const CLOSE = '\ue001';

test('outside of links nothing changes', () => {
  fc.assert(
    fc.property(anyHtml, (any) => {
      const html = any.replaceAll('ses:', '');
      const marked = trackHtml(html, { link: (url) => OPEN + url + CLOSE }).html;
      // What stood there was the same URL, in quotes or not, in references or not.
      const pieces = marked.split(/"\ue000[^\ue001]*\ue001"/);
      let at = 0;
      for (const [i, text] of pieces.entries()) {
        const found = html.indexOf(text, at);
        assert.ok(found >= 0 && (i > 0 || found === 0), text);
        at = found + text.length;
      }
      assert.equal(html.endsWith(pieces.at(-1)!), true);
      assert.ok(pieces.length > 1 || marked === html);
    }),
  );
});

test('every link that is put in is read as it was written, and the next reading finds it again', () => {
  fc.assert(
    fc.property(anyHtml, (any) => {
      const html = any.replaceAll('{{', '');
      const put: string[] = [];
      const first = trackHtml(html, {
        link: (url, n) => {
          put.push(`https://t/${n}?a&b=${encodeURIComponent(url)}`);
          return put.at(-1);
        },
      });
      assert.deepEqual(
        linksOf(first.html).map(({ url }) => url),
        put,
      );
    }),
  );
});

test('without a link to track, once is enough', () => {
  fc.assert(
    fc.property(anyHtml, (html) => {
      const noTrack = html.replace(/<a\b/gi, '<a ses:no-track ');
      const once = trackHtml(noTrack, { link });
      assert.equal(once.tracked, 0);
      const again = trackHtml(once.html, {});
      assert.equal(again.html, once.html);
    }),
  );
});
