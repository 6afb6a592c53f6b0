/** awsJson over the shapes of SES v2, which are as good as any. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as sdk from '@aws-sdk/client-sesv2';
import type { Request } from '../../http.ts';
import { Invalid } from './invalid.ts';
import { jsonFailures, jsonProtocol } from './json.ts';
import { modelOf } from './schema.ts';
import { constraintsOf } from './service-constraints.ts';

const protocol = jsonProtocol({
  model: modelOf(sdk),
  target: 'Email',
  version: '1.0',
  constraints: constraintsOf('v2'),
});

function request(target: string, body: string): Request {
  return {
    method: 'POST',
    path: '/',
    query: '',
    headers: { 'x-amz-target': target },
    body: Buffer.from(body),
    remoteAddress: '127.0.0.1',
    secure: false,
    aborted: new AbortController().signal,
  };
}

it('reads the operation from the header and the input from the body', () => {
  const call = protocol.route(request('Email.ListSuppressedDestinations', '{"PageSize":5,"StartDate":1.5}'));
  assert.equal(call.operation, 'ListSuppressedDestinations');
  assert.deepEqual(call.input(), { PageSize: 5, StartDate: new Date(1_500) });
  assert.throws(() => protocol.route(request('Email.Nothing', '')), Invalid);
  assert.throws(() => protocol.route(request('Other.SendEmail', '')), Invalid);
  assert.throws(() => protocol.route(request('Email.SendEmail', '{}')).input(), { kind: 'validation' });
});

it('writes the output, and the error with its code in the body', () => {
  const call = protocol.route(request('Email.GetSuppressedDestination', ''));
  const { status, headers, body } = call.reply({ SuppressedDestination: { LastUpdateTime: new Date(2_000) } }, 'id');
  assert.deepEqual([status, headers['x-amzn-requestid']], [200, 'id']);
  assert.equal(headers['content-type'], 'application/x-amz-json-1.0');
  assert.equal(body, '{"SuppressedDestination":{"LastUpdateTime":2}}');
  const failure = {
    code: 'NotFoundException',
    queryCode: 'NotFound',
    status: 404,
    message: 'm',
    members: { Name: 'n' },
  };
  assert.equal(jsonFailures('1.1')(failure, 'id').body, '{"__type":"NotFoundException","message":"m","Name":"n"}');
});
