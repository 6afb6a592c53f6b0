/** awsQuery: a form in, XML out. SES v1, SNS, IAM, STS. */
import type { Request, Response } from '../../http.ts';
import type { Constraints } from './constraints.ts';
import { type FormNode, formReaders, parseForm } from './form.ts';
import { Invalid, Reading } from './invalid.ts';
import { type Call, type Failure, type FailureWriter, type Protocol, REQUEST_ID } from './protocol.ts';
import type { Model, Operation } from './schema.ts';
import { utf8 } from './text.ts';
import { escapeXml } from './xml-text.ts';
import { xmlWriters } from './xml-values.ts';

export interface QueryOptions {
  readonly model: Model;
  readonly version: string;
  readonly namespace: string;
  readonly constraints: Constraints;
}

export function queryProtocol({ model, version, namespace, constraints }: QueryOptions): Protocol {
  const reader = formReaders(constraints);
  const writer = xmlWriters(constraints);

  function reply({ name, output }: Operation, value: unknown, requestId: string): Response {
    const result = output.isUnitSchema() ? '' : element(`${name}Result`, writer(output)(value ?? {}));
    const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
    const body = `<${name}Response xmlns="${namespace}">${result}${metadata}</${name}Response>`;
    return { status: 200, headers: xmlHeaders(requestId), body };
  }

  return {
    route(request): Call {
      const form = formOf(request);
      const action = form.child('Action')?.value;
      if (!action) throw new Invalid('missing-action', 'The request must contain the parameter Action');
      const operation = model.operations.get(action);
      if (!operation) {
        throw new Invalid('unknown-operation', `Could not find operation ${action} for version ${version}`);
      }
      return {
        operation: action,
        input() {
          if (operation.input.isUnitSchema()) return {};
          const reading = new Reading();
          const input = reader(operation.input)(form, reading);
          reading.finish();
          return input;
        },
        reply: (output, requestId) => reply(operation, output, requestId),
      };
    },
  };
}

/** GET with the parameters in the query works as well. */
export function formOf({ method, query, body }: Request): FormNode {
  return parseForm(method === 'POST' ? utf8(body) : query);
}

export function queryFailures(namespace: string): FailureWriter {
  return ({ queryCode, status, message, members }: Failure, requestId) => {
    const type = status < 500 ? 'Sender' : 'Receiver';
    const extra = Object.entries(members).map(([name, value]) => element(name, escapeXml(value)));
    const error = `<Type>${type}</Type><Code>${escapeXml(queryCode)}</Code><Message>${escapeXml(message)}</Message>`;
    const body = `<ErrorResponse xmlns="${namespace}"><Error>${error}${extra.join('')}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return { status, headers: xmlHeaders(requestId), body };
  };
}

function xmlHeaders(requestId: string): Record<string, string> {
  return { 'content-type': 'text/xml', [REQUEST_ID]: requestId };
}

function element(name: string, content: string): string {
  return content ? `<${name}>${content}</${name}>` : `<${name}/>`;
}
