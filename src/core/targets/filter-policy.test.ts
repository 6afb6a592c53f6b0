import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFilterPolicy, wants } from './filter-policy.ts';

const attributes = {
  kind: { type: 'String', value: 'order_placed' },
  price: { type: 'Number', value: '12.5' },
  shops: { type: 'String.Array', value: '["north","east",null]' },
  source: { type: 'String', value: '10.1.2.3' },
};

test('a policy over attributes', () => {
  const check = (policy: object, expected: boolean) =>
    assert.equal(
      wants(readFilterPolicy(JSON.stringify(policy)), 'attributes', '', attributes),
      expected,
      JSON.stringify(policy),
    );
  check({}, true);
  check({ kind: ['order_placed'] }, true);
  check({ kind: ['order_cancelled', 'order_placed'] }, true);
  check({ kind: ['order'] }, false);
  check({ kind: ['order_placed'], price: [3] }, false);
  check({ kind: [{ prefix: 'order_' }] }, true);
  check({ kind: [{ suffix: 'placed' }] }, true);
  check({ kind: [{ wildcard: 'o*_pl*d' }] }, true);
  check({ kind: [{ wildcard: 'o*x' }] }, false);
  check({ kind: [{ 'equals-ignore-case': 'ORDER_PLACED' }] }, true);
  check({ kind: [{ 'anything-but': 'order_placed' }] }, false);
  check({ kind: [{ 'anything-but': ['x', 'y'] }] }, true);
  check({ kind: [{ 'anything-but': { prefix: 'order' } }] }, false);
  check({ price: [{ numeric: ['>', 10, '<=', 12.5] }] }, true);
  check({ price: [{ numeric: ['=', 12] }] }, false);
  check({ price: ['12.5'] }, false);
  check({ shops: ['east'] }, true);
  check({ shops: [null] }, true);
  check({ shops: [{ prefix: 'w' }] }, false);
  check({ none: [{ exists: false }] }, true);
  check({ kind: [{ exists: true }] }, true);
  check({ source: [{ cidr: '10.0.0.0/8' }] }, true);
  check({ source: [{ cidr: '11.0.0.0/8' }] }, false);
  check({ $or: [{ kind: ['x'] }, { price: [12.5] }] }, true);
});

test('a policy over the body', () => {
  const body = JSON.stringify({ a: { b: ['x', 'y'], c: true }, n: 1 });
  const check = (policy: object, expected: boolean, text = body) =>
    assert.equal(wants(readFilterPolicy(JSON.stringify(policy)), 'body', text, {}), expected);
  check({ a: { b: ['y'] } }, true);
  check({ a: { b: ['z'] } }, false);
  check({ a: { c: [true] }, n: [1] }, true);
  check({ n: [1] }, false, 'no JSON');
  check({ n: { m: [1] } }, false);
});

test('what is no policy', () => {
  const check = (text: string) => assert.throws(() => readFilterPolicy(text), /FilterPolicy/, text);
  check('{');
  check('[]');
  check('{"a":"b"}');
  check('{"a":[{"starts":"b"}]}');
  check('{"a":[{"numeric":["~",1]}]}');
  check('{"a":[{"cidr":"10.0.0.0/99"}]}');
  check('{"$or":{}}');
  check('{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}');
});
