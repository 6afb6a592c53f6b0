import { readScope } from '../../../wire/sigv4.ts';
import type { Request } from '../../http.ts';
import { placeOf } from '../protocol/rest-xml.ts';

/** What the query of an upload may name; anything else is a document about a bucket or an object, which is read whole. */
const ofUpload = /^(?:x-id|partNumber|uploadId|X-Amz-[\w-]+)$/;

/** Whether a request brings an object's content, or a part of it. */
export function isObjectUpload(request: Pick<Request, 'method' | 'path' | 'query' | 'headers'>): boolean {
  if (request.method !== 'PUT' || readScope(request)?.service !== 's3') return false;
  const { segments } = placeOf(request);
  const names = request.query.split('&').filter(Boolean);
  return segments.length > 0 && names.every((pair) => ofUpload.test(pair.split('=')[0]!));
}
