/** A body on its way into a bucket, and what its sender says of it: checked when its last octet has come, before it counts. */
import { createHash } from 'node:crypto';
import { Refusal } from '../../../base/refusal.ts';
import { type ChecksumAlgorithm, checksum, checksumAlgorithms } from '../../../core/targets/targets.ts';
import type { StreamedBody } from '../protocol/streamed-body.ts';

type Claims = { readonly [Name in `Checksum${ChecksumAlgorithm}`]?: string | undefined } & {
  readonly Body?: Buffer | StreamedBody | undefined;
  readonly ContentMD5?: string | undefined;
  readonly ChecksumAlgorithm?: string | undefined;
};

export interface CheckedBody {
  readonly content: AsyncIterable<Buffer>;
  /** In base64, by algorithm; once the content is read. */
  checksums(): Record<string, string>;
}

export function checkedBody(claims: Claims): CheckedBody {
  const { Body = Buffer.alloc(0), ContentMD5, ChecksumAlgorithm: announced } = claims;
  if (ContentMD5 !== undefined && Buffer.from(ContentMD5, 'base64').length !== 16) {
    throw new Refusal('invalid-digest', 'The Content-MD5 you specified was invalid.');
  }
  const algorithms = checksumAlgorithms.filter((one) => claims[`Checksum${one}`] !== undefined || one === announced);
  const running = new Map(algorithms.map((algorithm) => [algorithm, checksum(algorithm)]));
  const md5 = ContentMD5 === undefined ? undefined : createHash('md5');
  const found: Record<string, string> = {};

  async function* content(): AsyncGenerator<Buffer> {
    for await (const octets of Buffer.isBuffer(Body) ? [Body] : Body) {
      md5?.update(octets);
      for (const one of running.values()) one.update(octets);
      yield octets;
    }
    if (md5 && md5.digest('base64') !== ContentMD5) throw badDigest('Content-MD5', 'what we received');
    const trailers = Buffer.isBuffer(Body) ? {} : Body.trailers;
    checkTrailers(trailers, algorithms);
    for (const [algorithm, one] of running) {
      const wanted = claims[`Checksum${algorithm}`] ?? trailers[`x-amz-checksum-${algorithm.toLowerCase()}`];
      found[algorithm] = one.digest().toString('base64');
      if (wanted !== undefined && wanted !== found[algorithm]) throw badDigest(algorithm, 'the calculated checksum');
    }
  }
  return { content: content(), checksums: () => found };
}

function badDigest(name: string, other: string): Refusal {
  return new Refusal('bad-digest', `The ${name} you specified did not match ${other}.`);
}

/** Who sends a checksum behind the body announces it before. */
function checkTrailers(trailers: Readonly<Record<string, string>>, algorithms: readonly string[]): void {
  for (const name of Object.keys(trailers)) {
    const [, algorithm] = /^x-amz-checksum-(\w+)$/.exec(name) ?? [];
    if (algorithm !== undefined && !algorithms.includes(algorithm.toUpperCase())) {
      throw new Refusal('invalid-parameter', `The trailer ${name} was not announced by x-amz-sdk-checksum-algorithm.`);
    }
  }
}

/** As members of a reply. */
export function shownChecksums(checksums: Readonly<Record<string, string>>) {
  const shown: { [Name in `Checksum${ChecksumAlgorithm}`]?: string } = {};
  for (const algorithm of checksumAlgorithms) {
    const value = checksums[algorithm];
    if (value !== undefined) shown[`Checksum${algorithm}`] = value;
  }
  return shown;
}
