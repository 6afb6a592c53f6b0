import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import Handlebars from 'handlebars';
import { type DataSets, type Rendering, renderBatch } from './batch.ts';
import { readPlain } from './plain.ts';
import { limits } from './renderers.ts';
import { keeping, rendering } from './rendering.ts';

// What the threads do, without a thread.
const work = rendering({ limits, keptCharacters: 10_000 }, createRequire(import.meta.url));
const entry = (data: unknown) => ({ entries: [typeof data === 'string' ? data : JSON.stringify(data)] });

function render(subject: string, data: unknown): Rendering {
  const [parsed] = work.answer({ template: { subject }, data: entry(data) });
  const plain = readPlain(subject);
  // Simple substitutions have a way of their own, and it leads to the same end.
  if (plain) assert.deepEqual(renderBatch({ subject: plain.piece }, entry(data), limits)[0], parsed);
  return parsed!;
}

function check(template: string, data: unknown, expected: string): void {
  const done = render(template, data);
  assert.equal(done.ok ? done.rendered.subject : done.reason, expected, template);
}

function checkMissing(template: string, data: unknown, attribute: string): void {
  const reason = `Attribute '${attribute}' is not present in the rendering data.`;
  assert.deepEqual(render(template, data), { ok: false, failure: 'attribute', reason, attribute }, template);
}

function checkFault(template: string, data: unknown, reason: RegExp): void {
  const done = render(template, data);
  assert.ok(!done.ok && done.failure === 'template', template);
  assert.match(done.reason, reason, template);
}

const anaya = { meta: { id: 7 }, contact: { firstName: 'Anaya', city: null }, list: ['a', 'b'], no: false, zero: 0 };

test('variables', () => {
  check('Hello', {}, 'Hello');
  check('Hello {{contact.firstName}}!', anaya, 'Hello Anaya!');
  check('{{ meta.id }}{{{meta.id}}}{{&meta.id}}', anaya, '777');
  check('{{no}} {{zero}} {{list}} {{contact}}', anaya, 'false 0 a,b [object Object]');
  check('{{list.[0]}}{{list.[1]}}{{list.length}}', anaya, 'ab2');
  check('{{a-b}}{{_c}}{{ü}}{{[d e]}}{{12}}', { 'a-b': 1, _c: 2, ü: 3, 'd e': 4, 12: 5 }, '12345');
  check('{{this.zero}} {{./zero}} {{@root.zero}}', anaya, '0 0 0');
  check('a{{~ zero ~}} b {{! not seen }}{{!-- nor {{this}} --}}c', anaya, 'a0b c');
  check('\\{{zero}} \\\\{{zero}}', anaya, '{{zero}} \\0');
  check('{{x}}', { x: '{{y}} <b>&amp;"\'' }, '{{y}} <b>&amp;"\'');
  check('{{x}}', { x: 'a\r\n\t b\nc' }, 'a b c');
});

test('an attribute that is missing, or null, is told by its name', () => {
  checkMissing('{{x}}', {}, 'x');
  checkMissing('{{contact.city}}', anaya, 'contact.city');
  checkMissing('{{contact.lastName.first}}', anaya, 'contact.lastName.first');
  checkMissing('{{#each list}}{{name}}{{/each}}', anaya, 'name');
  checkMissing('{{#each lists}}{{/each}}', anaya, 'lists');
  checkMissing('{{#each contact.city}}{{else}}none{{/each}}', anaya, 'contact.city');
  checkMissing('{{@index}}', anaya, '@index');
  checkMissing('{{lookup list 2}}', anaya, '2');
  checkMissing('{{../x}}', anaya, 'x');
  // What SES has no helper for.
  checkMissing('{{#IF no}}{{/IF}}', anaya, 'IF');
  checkMissing('{{log "x"}}', anaya, 'log');
  checkMissing('{{#if (eq zero 0)}}{{/if}}', anaya, 'eq');
});

test('what SES fills in later stands for itself', () => {
  check('{{amazonSESUnsubscribeUrl}} {{{ses:openTracker}}}', {}, '{{amazonSESUnsubscribeUrl}} {{ses:openTracker}}');
});

test('if and unless: missing is false', () => {
  check('{{#if x}}yes{{else}}no{{/if}}', {}, 'no');
  check('{{#if contact.x.y}}yes{{else}}no{{/if}}', anaya, 'no');
  check('{{#if list}}yes{{/if}}{{#if meta}}!{{/if}}', anaya, 'yes!');
  check('{{#if x}}yes{{/if}}', { x: [] }, '');
  check('{{#if zero}}1{{else}}2{{/if}}{{#if zero includeZero=true}}3{{/if}}', anaya, '23');
  check('{{#unless x}}no{{else}}yes{{/unless}}', {}, 'no');
  check('{{#if x}}1{{else if meta}}2{{else}}3{{/if}}', anaya, '2');
  check('{{#each list}}{{#if @first}}({{/if}}{{this}}{{#unless @last}},{{else}}){{/unless}}{{/each}}', anaya, '(a,b)');
});

test('each', () => {
  check('{{#each list}}{{@index}}{{this}}{{.}} {{/each}}', anaya, '0aa 1bb ');
  check('{{#each list}}{{else}}none{{/each}}', { list: [] }, 'none');
  check('{{#each list}}x{{else}}none{{/each}}', { list: 'text' }, 'none');
  check('{{#each meta}}{{@key}}={{this}}{{/each}}', anaya, 'id=7');
  check('{{#each list}}{{../meta.id}}{{@root.zero}}{{/each}}', anaya, '7070');
  check('{{#each list as |item i|}}{{i}}{{item}}{{#with ../meta}}{{item}}{{/with}}{{/each}}', anaya, '0aa1bb');
  check(
    '{{#each a}}{{#each b}}{{@../index}}{{@index}}{{../c}} {{/each}}{{/each}}',
    { a: [{ b: [1, 2], c: 3 }] },
    '003 013 ',
  );
  check(
    '{{#each items}}{{name}} is {{#if best}}the best{{else}}a {{type}}{{/if}}, {{/each}}',
    {
      items: [
        { name: 'bobby', best: true },
        { name: 'pedro', best: false, type: 'cat' },
      ],
    },
    'bobby is the best, pedro is a cat, ',
  );
});

test('with, lookup and sections', () => {
  check('{{#with contact}}{{firstName}}{{/with}}', anaya, 'Anaya');
  check('{{#with contact as |c|}}{{c.firstName}}{{../zero}}{{/with}}', anaya, 'Anaya0');
  check('{{#with x}}1{{else}}2{{/with}}', anaya, '2');
  check('{{lookup list 1}}{{lookup (lookup this "meta") "id"}}', anaya, 'b7');
  check('{{#list}}{{this}}{{/list}}{{^list}}none{{/list}}', anaya, 'ab');
  check('{{#meta}}{{id}}{{/meta}}{{#no}}x{{/no}}{{^no}}y{{/no}}{{^x}}z{{/x}}', anaya, '7yz');
});

test('inline partials', () => {
  check('{{#*inline "p"}}<{{this}}>{{/inline}}{{#each list}}{{> p}}{{/each}}', anaya, '<a><b>');
  check('{{> p}}{{#*inline "p"}}late{{/inline}}', {}, 'late');
  check('{{#*inline "p"}}{{id}}{{x}}{{/inline}}{{> p meta x=1}}', anaya, '71');
  check('{{#*inline "l"}}[{{> @partial-block}}]{{/inline}}{{#> l}}{{zero}}{{/l}}', anaya, '[0]');
  check('{{#> none}}fallback{{/none}}', {}, 'fallback');
  check('{{#*inline "l"}}[{{> nav}}]{{/inline}}{{#> l}}{{#*inline "nav"}}n{{/inline}}{{/l}}', {}, '[n]');
  check('{{#*inline "a"}}1{{/inline}}{{> (lookup . "p")}}', { p: 'a' }, '1');
  checkMissing('{{#*inline "p"}}{{/inline}}{{> p x}}', anaya, 'x');
  checkFault('{{> p}}', {}, /^The partial 'p' is not defined in this part of the template\.$/);
  checkFault('{{#if zero includeZero=true}}{{#*inline "p"}}{{/inline}}{{/if}}{{> p}}', anaya, /'p' is not defined/);
});

test('data is a JSON object in a string', () => {
  const invalid = { ok: false, failure: 'data', reason: 'Template rendering data is invalid' };
  for (const data of ['', '[]', '1', 'null', '"x"', '{', '{"a":1}}'])
    assert.deepEqual(render('x', data), invalid, data);
  assert.deepEqual(render('x', { a: 'x'.repeat(limits.dataCharacters) }), invalid);
  const many = (data: DataSets) => work.answer({ template: { subject: '{{a}}{{b.c}}' }, data });
  const entries = ['{"a":2}', undefined, '{"b":{}}', '{"b":{"c":4}}', 'x'];
  const subjects = many({ defaults: '{"a":1,"b":{"c":3}}', entries }).map((one) =>
    one.ok ? one.rendered.subject : one.failure,
  );
  assert.deepEqual(subjects, ['23', '13', 'attribute', '14', 'data']);
  assert.deepEqual(many({ defaults: '[]', entries: ['{}'] }), [invalid]);
});

test('what is not Handlebars is refused when it is read', () => {
  const faultOf = (html: string) => {
    const [fault] = work.answer({ template: { subject: 'x', html } });
    return fault && !fault.ok ? fault.reason : undefined;
  };
  assert.equal(faultOf('{{#each x}}{{y}}{{/each}}'), undefined);
  assert.match(
    faultOf('{{#if x}}')!,
    /^The HTML part is not a valid template: Parse error on line 1: Expecting .* got 'EOF'$/,
  );
  assert.match(faultOf('{{x')!, /Parse error/);
  assert.match(faultOf('{{#if x}}{{/each}}')!, /if doesn't match each/);
  assert.match(faultOf('{{#if}}{{/if}}')!, /#if needs one argument$/);
  assert.match(faultOf('{{* x}}')!, /There are no decorators but inline$/);
  assert.match(faultOf('{{#*x "y"}}{{/x}}')!, /There are no decorators but inline$/);
});

test('deep nesting is refused before the parser takes long', () => {
  const nested = (before: string, after: string, times: number) => {
    const [fault] = work.answer({ template: { subject: `${before.repeat(times)}${after.repeat(times)}` } });
    return fault && !fault.ok ? fault.reason : undefined;
  };
  for (const [before, after] of [
    ['{{#if a}}', '{{/if}}'],
    ['{{#if a}}', ''],
    ['{{^a}}', '{{/a}}'],
    ['{{#> p}}', '{{/p}}'],
    ['{{#*inline "p"}}', '{{/inline}}'],
    ['{{#if a}}{{else}}', '{{/if}}'],
    ['{{#if a}}{{else if a}}', '{{/if}}'],
  ] as const) {
    assert.match(nested(before, after, 20_000)!, /: It is nested too deeply$/, before);
    if (after) assert.equal(nested(before, after, 100), undefined, before);
  }
  assert.equal(nested('{{#> p}}{{#*inline "p"}}', '{{/inline}}{{/p}}', 100), undefined);
  const inParentheses = `{{#if ${'(lookup '.repeat(20_000)}a b${' b)'.repeat(20_000)}}}{{/if}}`;
  assert.match(nested(inParentheses, '', 1)!, /: It is nested too deeply$/);
  assert.match(nested(`{{#if a}}${'{{else if a}}'.repeat(20_000)}{{/if}}`, '', 1)!, /: It is nested too deeply$/);
  assert.equal(nested(`{{#if a}}${'{{else if a}}'.repeat(250)}{{/if}}`, '', 1), undefined);
});

test('nothing but data is reached', () => {
  for (const name of [
    'constructor',
    '__proto__',
    'toString',
    'hasOwnProperty',
    '__defineGetter__',
    'process',
    'require',
  ]) {
    checkMissing(`{{${name}}}`, {}, name);
    checkMissing(`{{x.${name}}}`, { x: {} }, `x.${name}`);
    checkMissing(`{{lookup x "${name}"}}`, { x: [] }, name);
    checkMissing(`{{#with x}}{{#with ../x}}{{${name}.${name}}}{{/with}}{{/with}}`, { x: 'y' }, `${name}.${name}`);
    check(`{{#if x.${name}}}yes{{else}}no{{/if}}`, { x: {} }, 'no');
    check(`{{#${name}}}yes{{/${name}}}`, {}, '');
  }
  checkMissing('{{x.constructor.constructor "return process" }}', { x: {} }, 'x.constructor.constructor');
  checkMissing('{{#with (lookup this "constructor")}}{{/with}}{{@root.constructor}}', {}, '@root.constructor');
  checkFault('{{> __proto__}}', {}, /'__proto__' is not defined/);
  // A name is only a name.
  check('{{__proto__.x}}{{constructor}}', '{"__proto__":{"x":1},"constructor":2}', '12');
  check('{{#each x}}{{@key}}{{y}}{{/each}}', '{"x":{"__proto__":{"y":1}}}', '__proto__1');
  check('{{x}}', { x: { toString: 'no' } }, '[object Object]');
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  render('{{#*inline "p"}}{{/inline}}{{> p __proto__=x}}', '{"x":{"polluted":1},"__proto__":{"polluted":1}}');
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test('what would not come to an end fails', () => {
  const many = { list: Array(50_000).fill(1), a: 'x'.repeat(100_000) };
  checkFault('{{#each list}}{{#each ../list}}{{#each @root.list}}x{{/each}}{{/each}}{{/each}}', many, /come to an end/);
  checkFault('{{#each list}}{{#each ../list}}{{/each}}{{/each}}', many, /come to an end/);
  checkFault('{{#each list}}{{@root.list}}{{/each}}', many, /come to an end/);
  checkFault('{{#*inline "p"}}{{> p}}{{/inline}}{{> p}}', {}, /nested too deeply/);
  checkFault('{{#*inline "p"}}{{> p}}{{> p}}{{/inline}}{{> p}}', {}, /nested too deeply/);
  checkFault('{{#each list}}{{@root.a}}{{/each}}', many, /too long/);
  checkFault('{{a}}'.repeat(200), many, /too long/);
  checkFault('{{#if x}}{{/if}}{{a}}', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /nested too deeply/);
});

test('many long messages: the batch has its bounds too', () => {
  const data = JSON.stringify({ a: 'x'.repeat(200_000) });
  const done = work.answer({ template: { subject: '{{a}}'.repeat(50) }, data: { entries: Array(5).fill(data) } });
  assert.deepEqual(
    done.map(({ ok }) => ok),
    [true, true, true, true, false],
  );
});

test('templates are kept, the latest used', () => {
  const made: string[] = [];
  const kept = keeping<string>(4);
  for (const text of ['ab', 'cd', 'ab', 'ef', 'cd', 'ef', 'longer', 'ef']) {
    assert.equal(
      kept(text, () => {
        made.push(text);
        return text;
      }),
      text,
    );
  }
  assert.deepEqual(made, ['ab', 'cd', 'ef', 'cd', 'longer', 'ef']);
});

// Where nothing is missing or escaped, Handlebars itself says the same. (Its `noEscape` adds numbers up: 1 and 2 are 3.)
test('as Handlebars', () => {
  const names = fc.constantFrom('a', 'b.c', 'list', '@root.a', 'this.b', '../a', 'list.length');
  const { template } = fc.letrec<{ template: string; piece: string }>((tie) => ({
    template: fc.array(tie('piece'), { maxLength: 4 }).map((pieces) => pieces.join('')),
    piece: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('text', ' ', '\n', '  \n', '{{! c }}', '{{~! c ~}}', '{{@index}}', '{{@key}}', '{{this}}'),
      names.map((name) => `{{${name}}}`),
      fc
        .tuple(fc.constantFrom('if', 'unless', 'with', 'each'), names, tie('template'), tie('template'))
        .map(([helper, name, body, otherwise]) => `{{#${helper} ${name}}}${body}{{else}}${otherwise}{{/${helper}}}`),
      fc
        .tuple(names, tie('template'))
        .map(([name, body]) => `{{#each list as |x y|}}${body}{{x}}{{y}}{{lookup ${name} y}}{{/each}}`),
      fc
        .tuple(tie('template'), names)
        .map(([body, name]) => `{{#*inline "p"}}${body}{{/inline}}{{#with ${name}}}{{>p}}{{/with}}`),
    ),
  }));
  const words = fc.string({ unit: fc.constantFrom('a', 'ü', '{', '}', ' ', '\n') });
  const values = fc.oneof(
    words,
    fc.integer(),
    fc.boolean(),
    fc.array(fc.record({ a: words, list: fc.constant([1, 2]) })),
  );
  const data = fc.record({ a: values, b: fc.record({ c: values }), list: fc.array(values, { maxLength: 3 }) });
  const plainly = (sample: unknown): unknown => JSON.parse(JSON.stringify(sample));
  let same = 0;
  fc.assert(
    fc.property(template, data.map(plainly), (html, sample) => {
      const [ours] = work.answer({ template: { subject: 'x', html }, data: entry(sample) });
      // In an inline partial Handlebars loses its way up.
      if (!ours!.ok || /inline.*\.\.\//s.test(html)) return;
      // In Handlebars an inline partial does not see the place where it is defined through `../`; here it does.
      if (html.includes('inline') && html.includes('../')) return;
      const theirs = Handlebars.compile(html, { preventIndent: true })(sample);
      assert.equal(ours!.rendered.html, theirs, html);
      same += 1;
    }),
    { numRuns: 1_000 },
  );
  assert.ok(same > 100, `only ${same} were compared`);
});
