/**
 * What a batch costs: 50 data sets and a template of medium size with lists and conditions, beside bare Handlebars that
 * has compiled it once, in one process.
 */
import Handlebars from 'handlebars';
import { Renderers } from '../src/core/templates/renderers.ts';
import { Templates } from '../src/core/templates/templates.ts';
import type { Bench } from './peers.ts';
import { type Figure, figure } from './rounds.ts';

const ENTRIES = 50;
/** Turns are short and many, so that what else the machine does falls on both alike; the first of them warm up. */
const TURN = 30;
const TURNS_A_ROUND = 20;
const WARM_UP = 20;

const content = {
  subject: '{{customer.firstName}}, your order {{order}}',
  html: `<html><body><h1>Hello {{customer.firstName}} {{customer.lastName}},</h1>
<p>Thank you for your order {{order}}. {{#if express}}It arrives tomorrow.{{else}}It arrives within a week.{{/if}}</p>
<table>
{{#each items}}
<tr><td style="padding:4px">{{@index}}</td><td><a href="https://shop.example.com/p/{{sku}}">{{name}}</a></td>
<td>{{#if reduced}}<s>{{before}}</s> {{price}}{{else}}{{price}}{{/if}}{{#unless @last}},{{/unless}}</td></tr>
{{/each}}
</table>
${'<p style="font-family:sans-serif">Lorem ipsum dolor sit amet, consectetur adipiscing elit.</p>\n'.repeat(20)}
<p>{{#with address}}{{street}}, {{zip}} {{city}}{{/with}}</p></body></html>`,
};
const entries = Array.from({ length: ENTRIES }, (_, n) =>
  JSON.stringify({
    customer: { firstName: `First${n}`, lastName: `Last${n}` },
    order: 1_000 + n,
    express: n % 2 === 0,
    address: { street: `Street ${n}`, zip: String(10_000 + n), city: 'Berlin' },
    items: Array.from({ length: 10 }, (_, i) => ({
      sku: `sku-${n}-${i}`,
      name: `Item ${i}`,
      reduced: i % 3 === 0,
      before: '12.00',
      price: '9.99',
    })),
  }),
);

/** In this process, one turn after another. */
export async function rendering({ effort }: Bench): Promise<Figure[]> {
  const renderers = new Renderers();
  // Only its rendering is used, and that needs nothing.
  const templates = new Templates({} as ConstructorParameters<typeof Templates>[0], renderers);
  const parts = [content.subject, content.html].map((part) => Handlebars.compile(part, { noEscape: true }));
  const bare = (one: object) => parts.map((part) => part(one));
  const data = entries.map((entry) => JSON.parse(entry) as object);
  const ours = () => templates.renderMany({ account: '', region: '' }, content, { entries });
  for (const [n, one] of (await ours()).entries()) {
    if (!one.ok || one.rendered.html !== bare(data[n]!)[1]) throw new Error(`They differ: ${JSON.stringify(one)}`);
  }
  const contenders = [
    { peer: 'Handlebars, compiled, data at hand', work: () => data.map(bare) },
    { peer: 'Handlebars, compiled, data as JSON', work: () => entries.map((entry) => bare(JSON.parse(entry))) },
    { peer: 'sesame, data as JSON', work: ours },
  ].map((contender) => ({ ...contender, runs: [] as number[] }));
  for (let turn = -WARM_UP; turn < effort.rounds * TURNS_A_ROUND; turn++) {
    for (const { work, runs } of contenders) {
      const rate = await often(work);
      if (turn >= 0) runs.push(rate);
    }
  }
  await renderers.stop();
  return contenders.map(({ peer, runs }) =>
    figure({ scenario: 'Rendering, 50 data sets', unit: 'messages/s', peer, runs, others: [] }),
  );
}

async function often(work: () => unknown): Promise<number> {
  const from = performance.now();
  let count = 0;
  for (; performance.now() - from < TURN; count++) await work();
  return (count * ENTRIES * 1_000) / (performance.now() - from);
}
