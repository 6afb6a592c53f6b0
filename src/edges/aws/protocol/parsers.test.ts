/** What comes from outside, broken in every way: an answer or a clean `Invalid`, nothing else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as s3sdk from '@aws-sdk/client-s3';
import * as sdk1 from '@aws-sdk/client-ses';
import * as sdk2 from '@aws-sdk/client-sesv2';
import fc from 'fast-check';
import type { Request } from '../../http.ts';
import { decodeAwsChunked, isAwsChunked } from './aws-chunked.ts';
import { type Constraint, checkOf, noConstraints } from './constraints.ts';
import { parseForm } from './form.ts';
import { Invalid, Reading } from './invalid.ts';
import type { Protocol } from './protocol.ts';
import { queryProtocol } from './query.ts';
import { restJsonProtocol } from './rest-json.ts';
import { restXmlProtocol } from './rest-xml.ts';
import { blobFromText, blobToText, booleanFromText, numberFromText } from './scalars.ts';
import { modelOf } from './schema.ts';
import { constraintsOf } from './service-constraints.ts';
import { escapeXml, parseXml, type XmlElement } from './xml-text.ts';

function orInvalid<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof Invalid, `${error}`);
    return undefined;
  }
}

const refused = (parse: () => unknown) => assert.throws(parse, Invalid);
const anyText = fc.string({ unit: 'binary' });

describe('XML', () => {
  it('reads what it should', () => {
    const source =
      '<?xml version="1.0"?><!-- c --><n:a xmlns:n="u" x:t=\'1&amp;2\'><b/>t&lt;&#65;&#x42;<![CDATA[<&>]]><c>d</c></n:a>\n';
    const { name, text, attributes, children } = parseXml(source);
    assert.deepEqual([name, text, attributes.get('x:t')], ['a', 't<AB<&>', '1&2']);
    assert.deepEqual(
      children.map((child) => [child.name, child.text]),
      [
        ['b', ''],
        ['c', 'd'],
      ],
    );
  });

  it('refuses what is broken or dangerous', () => {
    const check = (source: string) => refused(() => parseXml(source));
    for (const source of ['', 'text', '<a>', '</a>', '<a></b>', '<a/><b/>', '<a b></a>', '<a>&</a>', '<a>&x;</a>'])
      check(source);
    check('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>');
    check('<a>&#x110000;</a>');
    check('<a>'.repeat(65) + '</a>'.repeat(65));
    check(`<a>${'<b/>'.repeat(50_001)}</a>`);
    check(`<a ${'x="1" '.repeat(10_000)}`);
  });

  it('any text survives, less what XML cannot hold', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { text: read } = parseXml(`<a>${escapeXml(text)}</a>`);
        assert.equal(
          read,
          text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd'),
        );
      }),
    );
  });

  it('no text makes it throw otherwise', () => {
    const piece = fc.oneof(
      anyText,
      fc.constantFrom('<a>', '</a>', '<a/>', '<![CDATA[', ']]>', '&lt;', '<!--', '-->', ' b="c"'),
    );
    fc.assert(fc.property(fc.array(piece), (pieces) => void orInvalid<XmlElement>(() => parseXml(pieces.join('')))));
  });
});

describe('forms', () => {
  it('become trees', () => {
    const form = parseForm('a.b.10=x&a.b.9=y%20+z&&c&=d&__proto__.x=1&a.b.n=no');
    assert.deepEqual(
      form
        .child('a')
        ?.child('b')
        ?.numbered()
        .map(({ value }) => value),
      ['y  z', 'x'],
    );
    assert.equal(form.child('c')?.value, '');
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });

  it('have bounds', () => {
    refused(() => parseForm('a&'.repeat(20_001)));
    refused(() => parseForm('.'.repeat(64)));
  });

  it('no text makes it throw otherwise', () => {
    fc.assert(fc.property(anyText, (text) => void orInvalid(() => parseForm(text))));
  });
});

describe('aws-chunked', () => {
  const encode = (chunks: string[], trailer = '') =>
    Buffer.from(`${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n${trailer}\r\n`);

  it('comes apart', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), (chunks) => {
        const ascii = chunks.map((chunk) => chunk.replace(/[^\x20-\x7e]/g, '?'));
        const { body, trailers } = decodeAwsChunked(encode(ascii, 'X-Amz-Checksum-CRC32: sOO8/Q==\r\n'));
        assert.equal(String(body), ascii.join(''));
        assert.deepEqual(trailers, { 'x-amz-checksum-crc32': 'sOO8/Q==' });
      }),
    );
    const signed = Buffer.from('3;chunk-signature=ab\r\nabc\r\n0;chunk-signature=cd\r\n\r\n');
    assert.equal(String(decodeAwsChunked(signed).body), 'abc');
  });

  it('is recognised', () => {
    assert.equal(isAwsChunked({ 'content-encoding': 'gzip, aws-chunked' }), true);
    assert.equal(isAwsChunked({ 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }), true);
    assert.equal(isAwsChunked({ 'content-encoding': 'gzip' }), false);
  });

  it('refuses what is cut or longer than it says', () => {
    for (const text of [
      '',
      '3',
      '3\r\nab',
      '3\r\nabcd\r\n0\r\n\r\n',
      'x\r\n',
      '-1\r\n',
      'fffffffff\r\n',
      '0\r\nbroken\r\n\r\n',
    ]) {
      refused(() => decodeAwsChunked(Buffer.from(text)));
    }
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void orInvalid(() => decodeAwsChunked(Buffer.from(bytes)))));
  });
});

describe('single values', () => {
  it('blobs', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.ok(blobFromText(blobToText(bytes)).equals(bytes))));
    assert.equal(String(blobFromText('YW\r\n Jj')), 'abc');
    for (const text of ['a', 'YQ==YQ==', 'Y?==', 'ü', '====']) refused(() => blobFromText(text));
  });

  it('numbers', () => {
    assert.equal(numberFromText('1e3', 'long'), 1000);
    assert.equal(numberFromText('-0.5', 'double'), -0.5);
    for (const text of ['', ' ', '1 ', '0x10', 'NaN', 'Infinity', '1e999', '१']) refused(() => numberFromText(text));
    refused(() => numberFromText('2147483648', 'integer'));
    refused(() => numberFromText('9007199254740993', 'long'));
  });

  it('booleans', () => {
    for (const text of ['true', 'YES', 'y', 'T', '1']) assert.equal(booleanFromText(text), true);
    for (const text of ['false', 'No', 'n', 'f', '0']) assert.equal(booleanFromText(text), false);
    refused(() => booleanFromText('maybe'));
  });
});

describe('constraints', () => {
  const check = (constraint: Constraint, value: unknown, expected?: string) => {
    const reading = new Reading();
    reading.enter('m');
    checkOf(constraint)?.(value, reading);
    const text = `1 validation error detected: Value at 'm' failed to satisfy constraint: ${expected}`;
    if (expected === undefined) reading.finish();
    else assert.throws(() => reading.finish(), { message: text });
  };

  it('are worded as SES words them', () => {
    check({ max: 3 }, 'abc');
    check({ max: 3 }, 'abcd', 'Member must have length less than or equal to 3');
    check({ min: 1 }, [], 'Member must have length greater than or equal to 1');
    check({ min: 300 }, 299, 'Member must have value greater than or equal to 300');
    check({ pattern: '[a-z]+' }, 'ab');
    check({ pattern: '[a-z]+' }, 'ab1', 'Member must satisfy regular expression pattern: [a-z]+');
    check({ enum: ['A', 'B'] }, 'C', 'Member must satisfy enum value set: [A, B]');
    check(
      { item: { enum: ['A'] } },
      ['A', 'x', 'y'],
      'Member must satisfy constraint: [Member must satisfy enum value set: [A]]',
    );
    check({ number: 'integer' }, 5);
  });

  // A reader whose steps grow as the square would need 10^10 of them: the run would not end.
  it('do not search megabytes for a pattern', () => {
    const { pattern } = constraintsOf('v2')['ImportDataSource.S3Url']!;
    check(
      { pattern: pattern! },
      `s3://b/${'a/'.repeat(500_000)}\n`,
      `Member must satisfy regular expression pattern: ${pattern}`,
    );
  });

  it('of the checked-in table name members that exist, with patterns that compile', () => {
    for (const [version, sdk] of [
      ['v1', sdk1],
      ['v2', sdk2],
    ] as const) {
      const shapes = new Map(
        Object.values(sdk).flatMap((shape) => (Array.isArray(shape) ? [[shape[2], shape[4]]] : [])),
      );
      for (const [key, constraint] of Object.entries(constraintsOf(version))) {
        const [shape = '', member = ''] = key.split('.');
        const members = shapes.get(shape);
        if (members !== undefined) assert.ok(members.includes(member), `${version} ${key}`);
        checkOf(constraint);
      }
    }
  });
});

describe('whole requests', () => {
  const request = (parts: Partial<Request>): Request => ({
    method: 'POST',
    path: '/',
    query: '',
    headers: {},
    body: Buffer.alloc(0),
    remoteAddress: '127.0.0.1',
    secure: false,
    aborted: new AbortController().signal,
    ...parts,
  });

  const protocols: Record<string, Protocol> = {
    v1: queryProtocol({ model: modelOf(sdk1), version: 'v', namespace: 'n', constraints: constraintsOf('v1') }),
    v2: restJsonProtocol({ model: modelOf(sdk2), constraints: constraintsOf('v2') }),
    s3: restXmlProtocol({ model: modelOf(s3sdk), namespace: 'n', constraints: noConstraints }),
  };
  const input = (name: string, parts: Partial<Request>) =>
    orInvalid(() => protocols[name]!.route(request(parts)).input());

  it('v1: any field of any operation may hold anything', () => {
    const step = fc.constantFrom(
      'Message',
      'Subject',
      'Data',
      'Destination',
      'ToAddresses',
      'member',
      '1',
      '2',
      'Rule',
      'Actions',
      'SNSAction',
      'RawMessage',
      'Tags',
      '__proto__',
      'entry',
    );
    const field = fc.tuple(fc.array(step, { minLength: 1, maxLength: 6 }), anyText);
    const action = fc.constantFrom(
      'SendEmail',
      'SendRawEmail',
      'CreateReceiptRule',
      'GetIdentityVerificationAttributes',
    );
    fc.assert(
      fc.property(action, fc.array(field), (name, fields) => {
        const pairs = fields.map(([path, value]) => `${path.join('.')}=${encodeURIComponent(value.toWellFormed())}`);
        input('v1', { body: Buffer.from([`Action=${name}`, ...pairs].join('&')) });
      }),
    );
  });

  it('v2: any JSON, any bytes, any path', () => {
    const paths = fc.constantFrom(
      '/v2/email/outbound-emails',
      '/v2/email/identities',
      '/v2/email/contact-lists',
      '/v2/email/account/details',
    );
    const known = fc.constantFrom(
      'Content',
      'Simple',
      'Raw',
      'Data',
      'Subject',
      'Topics',
      'Tags',
      'EmailIdentity',
      'Destination',
      '__proto__',
      'ToAddresses',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.jsonValue({ maxDepth: 1 }),
        fc.dictionary(known, tie('tree')),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }));
    fc.assert(
      fc.property(
        paths,
        tree,
        (path, value) => void input('v2', { path, body: Buffer.from(JSON.stringify(value) ?? '') }),
      ),
    );
    fc.assert(
      fc.property(paths, fc.uint8Array(), (path, bytes) => void input('v2', { path, body: Buffer.from(bytes) })),
    );
    fc.assert(
      fc.property(
        anyText,
        anyText,
        (path, query) => void input('v2', { method: 'GET', path: `/v2/email/identities/${path}`, query }),
      ),
    );
  });

  it('s3: any path, query, host and body', () => {
    const method = fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD');
    const query = fc.oneof(
      anyText,
      fc.constantFrom('delete', 'tagging', 'acl', 'uploads', 'list-type=2', 'uploadId=1&partNumber=x'),
    );
    const body = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('<Delete>', '<Tagging><TagSet/></Tagging>').map((text) => Buffer.from(text)),
    );
    const headers = fc.record({ host: anyText, 'content-encoding': fc.constantFrom('aws-chunked', 'gzip', undefined) });
    fc.assert(
      fc.property(method, anyText, query, fc.tuple(body, headers), (verb, path, search, [bytes, head]) => {
        input('s3', { method: verb, path: `/${path}`, query: search, body: bytes, headers: head });
      }),
    );
  });
});
