import type { RefusalCode } from '../../base/refusal.ts';
import type { Request, Response } from '../http.ts';

export function json(status: number, value: unknown): Response {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** What is wrong with the request itself. */
export class BadRequest extends Error {}

/** The body as an object; an empty body is an empty one. */
export function readJson({ body }: Request): Record<string, unknown> {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new BadRequest('The body is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadRequest('The body must be a JSON object.');
  }
  return value as Record<string, unknown>;
}

export function textMember(object: Record<string, unknown>, name: string): string | undefined {
  const value = object[name];
  if (value !== undefined && typeof value !== 'string') throw new BadRequest(`${name} must be a string.`);
  return value;
}

/** What a parser of the settings says, as the sender's mistake. */
export function checked<T>(parse: (text: string) => T, text: string): T {
  try {
    return parse(text);
  } catch (cause) {
    throw new BadRequest(`'${text}' ${(cause as Error).message}.`);
  }
}

export function numberMember(object: Record<string, unknown>, name: string): number | undefined {
  const value = object[name];
  if (value !== undefined && typeof value !== 'number') throw new BadRequest(`${name} must be a number.`);
  return value;
}

/** A page's length from a query: from 1 to `most`. */
export function limitOf(query: URLSearchParams, { fallback, most }: { fallback: number; most: number }): number {
  const value = Number(query.get('limit') ?? fallback);
  if (!Number.isSafeInteger(value) || value < 1) throw new BadRequest(`limit must be a number from 1 to ${most}.`);
  return Math.min(value, most);
}

const statuses: Partial<Record<RefusalCode, number>> = {
  'not-found': 404,
  'rule-set-not-found': 404,
  'rule-not-found': 404,
  'already-exists': 409,
  conflict: 409,
  busy: 503,
  'access-denied': 403,
};

export const statusOf = (code: RefusalCode): number => statuses[code] ?? 400;
