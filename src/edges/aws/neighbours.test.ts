/** S3 and SNS through their SDKs: the protocols that SES's own two versions do not use. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'node:test';
import * as s3sdk from '@aws-sdk/client-s3';
import * as snssdk from '@aws-sdk/client-sns';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { SignatureV4 } from '@smithy/signature-v4';
import { Refusal } from '../../base/refusal.ts';
import { S3_NAMESPACE, SNS_NAMESPACE } from './destination.ts';
import { noConstraints } from './protocol/constraints.ts';
import { queryProtocol } from './protocol/query.ts';
import { restXmlProtocol } from './protocol/rest-xml.ts';
import { modelOf } from './protocol/schema.ts';
import type { Service } from './service.ts';
import { openTestDoor, type TestDoor, testCredentials, testService } from './test-door.ts';

type Input = Record<string, unknown>;
const seen: { operation: string; input: Input }[] = [];
const last = () => seen.at(-1)!;

/** Remembers what it was given and answers what it was told to. */
const remember =
  (operation: string, output: unknown = {}) =>
  (input: unknown) => {
    seen.push({ operation, input: input as Input });
    return output;
  };

const key = 'a/ü b+c//d%2F.eml';
const modified = new Date('2026-11-24T05:00:00Z');

function s3(): Service {
  const model = modelOf(s3sdk);
  const protocol = restXmlProtocol({ model, namespace: S3_NAMESPACE, constraints: noConstraints });
  return testService(
    { model, protocol },
    {
      ListBuckets: remember('ListBuckets', { Buckets: [{ Name: 'b', CreationDate: modified }], Owner: { ID: 'o' } }),
      CreateBucket: remember('CreateBucket', { Location: '/b' }),
      HeadBucket: remember('HeadBucket'),
      DeleteBucket: remember('DeleteBucket'),
      GetBucketLocation: remember('GetBucketLocation', { LocationConstraint: 'eu-west-1' }),
      PutBucketTagging: remember('PutBucketTagging'),
      PutBucketAcl: remember('PutBucketAcl'),
      GetBucketAcl: remember('GetBucketAcl', {
        Grants: [{ Grantee: { Type: 'CanonicalUser', ID: 'x' }, Permission: 'READ' }],
      }),
      ListObjectsV2: remember('ListObjectsV2', {
        Name: 'b',
        Contents: [
          { Key: '<a&b>', Size: 3, LastModified: modified },
          { Key: 'c', Size: 0 },
        ],
        CommonPrefixes: [{ Prefix: 'p/' }],
        IsTruncated: false,
      }),
      ListObjects: remember('ListObjects'),
      PutObject: remember('PutObject', { ETag: '"e"' }),
      CopyObject: remember('CopyObject', { CopyObjectResult: { ETag: '"c"', LastModified: modified } }),
      GetObject(input: s3sdk.GetObjectRequest) {
        seen.push({ operation: 'GetObject', input: { ...input } });
        if (input.Key === 'absent') throw new Refusal('no-such-key', 'The specified key does not exist.');
        const part = input.Range
          ? { ContentRange: 'bytes 0-1/4', Body: Buffer.from('by') }
          : { Body: Buffer.from('byte') };
        return { ...part, ContentType: 'message/rfc822', LastModified: modified, Metadata: { one: 'two' } };
      },
      HeadObject(input: s3sdk.HeadObjectRequest) {
        if (input.Key === 'absent') throw new Refusal('no-such-key', 'The specified key does not exist.');
        return { ContentLength: 4, ETag: '"e"', LastModified: modified };
      },
      DeleteObject: remember('DeleteObject'),
      DeleteObjects: remember('DeleteObjects', { Deleted: [{ Key: 'x' }] }),
      CreateMultipartUpload: remember('CreateMultipartUpload', { Bucket: 'b', Key: key, UploadId: 'u' }),
      UploadPart: remember('UploadPart', { ETag: '"p"' }),
      CompleteMultipartUpload: remember('CompleteMultipartUpload', { ETag: '"m"' }),
      AbortMultipartUpload: remember('AbortMultipartUpload'),
      ListParts: remember('ListParts', { Parts: [{ PartNumber: 1, Size: 5 }] }),
    },
  );
}

function sns(): Service {
  const model = modelOf(snssdk);
  const protocol = queryProtocol({
    model,
    version: '2010-03-31',
    namespace: SNS_NAMESPACE,
    constraints: noConstraints,
  });
  return testService(
    { model, protocol },
    {
      Publish: remember('Publish', { MessageId: 'm' }),
      CreateTopic: remember('CreateTopic', { TopicArn: 'arn' }),
      GetTopicAttributes: remember('GetTopicAttributes', { Attributes: { Owner: '1', Policy: '{"a":"<&>"}' } }),
      DeleteTopic: remember('DeleteTopic'),
      Subscribe() {
        throw new Refusal('no-such-topic', 'Topic does not exist');
      },
    },
  );
}

let door: TestDoor;
let bucket: s3sdk.S3Client;
let topic: snssdk.SNSClient;

before(async () => {
  door = await openTestDoor({ s3, sns }, { mode: 'sigv4' });
  const common = { region: 'eu-west-1', credentials: testCredentials, maxAttempts: 1, endpoint: door.endpoint };
  bucket = new s3sdk.S3Client({ ...common, forcePathStyle: true });
  topic = new snssdk.SNSClient(common);
});
after(async () => {
  bucket.destroy();
  topic.destroy();
  await door[Symbol.asyncDispose]();
});

describe('S3', () => {
  const b = { Bucket: 'b' };
  const object = { Bucket: 'b', Key: key };

  it('buckets', async () => {
    const { Buckets, Owner } = await bucket.send(new s3sdk.ListBucketsCommand({}));
    assert.deepEqual([Buckets, Owner], [[{ Name: 'b', CreationDate: modified }], { ID: 'o' }]);
    const configuration = { LocationConstraint: 'eu-west-1' as const };
    await bucket.send(new s3sdk.CreateBucketCommand({ ...b, CreateBucketConfiguration: configuration }));
    assert.deepEqual(last(), { operation: 'CreateBucket', input: { ...b, CreateBucketConfiguration: configuration } });
    await bucket.send(new s3sdk.CreateBucketCommand({ ...b })); // the SDK writes into its input
    assert.equal((await bucket.send(new s3sdk.GetBucketLocationCommand(b))).LocationConstraint, 'eu-west-1');
    await bucket.send(new s3sdk.HeadBucketCommand(b));
    await bucket.send(new s3sdk.DeleteBucketCommand(b));
    assert.deepEqual(last(), { operation: 'DeleteBucket', input: b });
  });

  it('structures in XML, with attributes and namespaces', async () => {
    const Tagging = { TagSet: [{ Key: 'k', Value: '<v>' }] };
    await bucket.send(new s3sdk.PutBucketTaggingCommand({ ...b, Tagging }));
    assert.deepEqual(last().input['Tagging'], Tagging);
    const Grants: s3sdk.Grant[] = [{ Grantee: { Type: 'CanonicalUser', ID: 'x' }, Permission: 'READ' }];
    await bucket.send(new s3sdk.PutBucketAclCommand({ ...b, AccessControlPolicy: { Grants, Owner: { ID: 'o' } } }));
    assert.deepEqual(last().input['AccessControlPolicy'], { Grants, Owner: { ID: 'o' } });
    assert.deepEqual((await bucket.send(new s3sdk.GetBucketAclCommand(b))).Grants, Grants);
  });

  it('flattened lists', async () => {
    const { Contents, CommonPrefixes } = await bucket.send(
      new s3sdk.ListObjectsV2Command({ ...b, Prefix: 'p', MaxKeys: 5 }),
    );
    assert.deepEqual(last(), { operation: 'ListObjectsV2', input: { ...b, Prefix: 'p', MaxKeys: 5 } });
    assert.deepEqual(
      Contents?.map(({ Key }) => Key),
      ['<a&b>', 'c'],
    );
    assert.deepEqual(CommonPrefixes, [{ Prefix: 'p/' }]);
    await bucket.send(
      new s3sdk.DeleteObjectsCommand({ ...b, Delete: { Objects: [{ Key: '1' }, { Key: '2' }], Quiet: true } }),
    );
    assert.deepEqual(last().input['Delete'], { Objects: [{ Key: '1' }, { Key: '2' }], Quiet: true });
  });

  it('objects: bytes, metadata, any key', async () => {
    const Body = Buffer.from([0, 255, 13, 10]);
    const put = new s3sdk.PutObjectCommand({
      ...object,
      Body,
      ContentType: 'message/rfc822',
      Metadata: { one: 'two' },
    });
    assert.equal((await bucket.send(put)).ETag, '"e"');
    const { Key, Metadata, ContentType } = last().input;
    assert.deepEqual(
      [last().operation, Key, last().input['Body'], Metadata, ContentType],
      ['PutObject', key, Body, { one: 'two' }, 'message/rfc822'],
    );

    const got = await bucket.send(new s3sdk.GetObjectCommand(object));
    assert.equal(await got.Body?.transformToString(), 'byte');
    assert.deepEqual([got.LastModified, got.Metadata, got.ContentType], [modified, { one: 'two' }, 'message/rfc822']);
    const part = await bucket.send(new s3sdk.GetObjectCommand({ ...object, Range: 'bytes=0-1' }));
    assert.deepEqual([part.$metadata.httpStatusCode, part.ContentLength], [206, 2]);
    assert.equal((await bucket.send(new s3sdk.HeadObjectCommand(object))).ContentLength, 4);
  });

  it('streams come in chunks with their checksum behind', async () => {
    const bytes = Buffer.alloc(100_000, 'x');
    const { Readable } = await import('node:stream');
    const Body = Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]);
    await bucket.send(new s3sdk.PutObjectCommand({ ...object, Body, ContentLength: bytes.length }));
    const { input } = last();
    assert.ok(bytes.equals(input['Body'] as Buffer));
    assert.match(String(input['ChecksumCRC32']), /^[\w+/]{6}==$/);
    assert.equal(input['ContentEncoding'], undefined);
  });

  it('tells operations on one path apart', async () => {
    const check = async (command: object, operation: string) => {
      await bucket.send(command as s3sdk.PutObjectCommand);
      assert.equal(last().operation, operation);
    };
    await check(new s3sdk.CopyObjectCommand({ ...object, CopySource: 'b/x' }), 'CopyObject');
    await check(new s3sdk.CreateMultipartUploadCommand(object), 'CreateMultipartUpload');
    const upload = { ...object, UploadId: 'u' };
    await check(new s3sdk.UploadPartCommand({ ...upload, PartNumber: 1, Body: 'part' }), 'UploadPart');
    await check(new s3sdk.ListPartsCommand(upload), 'ListParts');
    const MultipartUpload = { Parts: [{ ETag: '"p"', PartNumber: 1 }] };
    await check(new s3sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload }), 'CompleteMultipartUpload');
    assert.deepEqual(last().input['MultipartUpload'], MultipartUpload);
    await check(new s3sdk.AbortMultipartUploadCommand(upload), 'AbortMultipartUpload');
    await check(new s3sdk.DeleteObjectCommand(object), 'DeleteObject');
    await check(new s3sdk.ListObjectsCommand(b), 'ListObjects');
  });

  it('errors', async () => {
    const absent = { ...b, Key: 'absent' };
    await assert.rejects(bucket.send(new s3sdk.GetObjectCommand(absent)), s3sdk.NoSuchKey);
    await assert.rejects(bucket.send(new s3sdk.HeadObjectCommand(absent)), s3sdk.NotFound);
    await assert.rejects(bucket.send(new s3sdk.GetBucketCorsCommand(b)), { name: 'NotImplemented' });
  });

  it('presigned URLs, also of a bucket in the host name', async () => {
    const url = await getSignedUrl(bucket, new s3sdk.GetObjectCommand(object), { expiresIn: 60 });
    assert.equal(await (await fetch(url)).text(), 'byte');
    assert.equal((await fetch(url, { method: 'DELETE' })).status, 403);
    const put = await getSignedUrl(bucket, new s3sdk.PutObjectCommand(object), { expiresIn: 60 });
    assert.equal((await fetch(put, { method: 'PUT', body: 'new' })).status, 200);
    assert.equal(String(last().input['Body']), 'new');
    const hosted = await presignedForHost('b.s3.localhost', `/${key.split('/').map(encodeURIComponent).join('/')}`);
    const { status, text } = await get(hosted);
    assert.deepEqual([status, text, last().input['Bucket'], last().input['Key']], [200, 'byte', 'b', key]);
    assert.equal((await get(await presignedForHost('s3.localhost', '/b/x'))).status, 200);
    assert.deepEqual([last().input['Bucket'], last().input['Key']], ['b', 'x']);
  });
});

/** As boto3 signs with virtual-host addressing; the JavaScript SDK puts the bucket of a local endpoint in the path. */
async function presignedForHost(hostname: string, path: string) {
  const { region, credentials, sha256 } = bucket.config;
  const signer = new SignatureV4({ region, credentials, sha256, service: 's3', uriEscapePath: false });
  const payload = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const request = {
    method: 'GET',
    protocol: 'http:',
    hostname,
    path,
    query: {},
    headers: { host: hostname, ...payload },
  };
  return signer.presign(request, { expiresIn: 60 });
}

/** fetch takes no Host, and not every machine resolves `*.localhost`. */
async function get({ hostname, path, query }: Awaited<ReturnType<typeof presignedForHost>>) {
  const search = new URLSearchParams(query as Record<string, string>);
  const request = httpGet({
    host: '127.0.0.1',
    port: door.port,
    path: `${path}?${search}`,
    headers: { host: hostname },
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks = await response.toArray();
  return { status: response.statusCode, text: Buffer.concat(chunks).toString() };
}

describe('SNS', () => {
  it('maps both ways', async () => {
    const MessageAttributes = {
      a: { DataType: 'String', StringValue: 'x' },
      b: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2]) },
    };
    const message = { TopicArn: 'arn', Message: 'hello', MessageAttributes };
    assert.equal((await topic.send(new snssdk.PublishCommand(message))).MessageId, 'm');
    assert.deepEqual(last().input, message);
    const { Attributes } = await topic.send(new snssdk.GetTopicAttributesCommand({ TopicArn: 'arn' }));
    assert.deepEqual(Attributes, { Owner: '1', Policy: '{"a":"<&>"}' });
    await topic.send(
      new snssdk.CreateTopicCommand({ Name: 't', Attributes: { DisplayName: 'd' }, Tags: [{ Key: 'k', Value: 'v' }] }),
    );
    assert.deepEqual(last().input, { Name: 't', Attributes: { DisplayName: 'd' }, Tags: [{ Key: 'k', Value: 'v' }] });
    await topic.send(new snssdk.DeleteTopicCommand({ TopicArn: 'arn' }));
  });

  it('errors', async () => {
    const subscribe = new snssdk.SubscribeCommand({ TopicArn: 'arn', Protocol: 'https' });
    await assert.rejects(topic.send(subscribe), snssdk.NotFoundException);
    await assert.rejects(topic.send(new snssdk.ListTopicsCommand({})), { message: 'ListTopics is not built yet' });
  });
});
