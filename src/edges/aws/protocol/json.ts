/** awsJson 1.0 and 1.1: a header says which operation, JSON both ways. SQS, EventBridge, KMS. */
import type { Response } from '../../http.ts';
import type { Constraints } from './constraints.ts';
import { Invalid, Reading } from './invalid.ts';
import { jsonValues } from './json-values.ts';
import { type Call, type Failure, type FailureWriter, type Protocol, REQUEST_ID } from './protocol.ts';
import { bodyOf } from './rest-json.ts';
import type { Model } from './schema.ts';

export interface JsonOptions {
  readonly model: Model;
  /** `X-Amz-Target: <target>.<operation>`. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly constraints: Constraints;
}

export function jsonProtocol({ model, target, version, constraints }: JsonOptions): Protocol {
  const json = jsonValues(constraints);
  return {
    route({ headers, body }): Call {
      const [service, name = ''] = (headers['x-amz-target'] ?? '').split('.');
      const operation = service === target ? model.operations.get(name) : undefined;
      if (!operation) throw new Invalid('unknown-operation', `Operation ${name} is not known`);
      return {
        operation: name,
        input() {
          const reading = new Reading();
          const input = json.reader(operation.input)(bodyOf(body), reading);
          reading.finish();
          return input;
        },
        reply: (output, requestId) => jsonReply(200, version, requestId, json.writer(operation.output)(output ?? {})),
      };
    },
  };
}

/** The code stands in the body. */
export function jsonFailures(version: '1.0' | '1.1'): FailureWriter {
  return ({ code, status, message, members }: Failure, requestId) =>
    jsonReply(status, version, requestId, { __type: code, message, ...members });
}

/** The same of a service that spoke awsQuery before: a header tells who knew its codes which one it would have been. */
export function queryCompatibleFailures(version: '1.0' | '1.1'): FailureWriter {
  const write = jsonFailures(version);
  return (failure, requestId) => {
    const response = write(failure, requestId);
    const whose = failure.status < 500 ? 'Sender' : 'Receiver';
    return { ...response, headers: { ...response.headers, 'x-amzn-query-error': `${failure.queryCode};${whose}` } };
  };
}

function jsonReply(status: number, version: string, requestId: string, value: unknown): Response {
  const headers = { 'content-type': `application/x-amz-json-${version}`, [REQUEST_ID]: requestId };
  return { status, headers, body: JSON.stringify(value) };
}
