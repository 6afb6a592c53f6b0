import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from '../caller.ts';
import type { Asked, Permission } from './permissions.ts';
import { s3Permission } from './s3.ts';
import { serviceQuotasPermission } from './service-quotas.ts';
import { snsPermission } from './sns.ts';
import { sqsPermission } from './sqs.ts';

const caller = { account: '123456789012', region: 'eu-west-1' } as Caller;

const checkOf =
  (permissionOf: (asked: Asked) => Permission | readonly Permission[]) =>
  (operation: string, input: Record<string, unknown>, action: string, ...resources: string[]) =>
    assert.deepEqual([permissionOf({ operation, input, caller })].flat(), [{ action, resources }], operation);

test('S3', () => {
  const check = checkOf(s3Permission);
  check('ListBuckets', {}, 's3:ListAllMyBuckets', '*');
  check('CreateBucket', { Bucket: 'b' }, 's3:CreateBucket', 'arn:aws:s3:::b');
  check('ListObjectsV2', { Bucket: 'b', Prefix: 'x' }, 's3:ListBucket', 'arn:aws:s3:::b');
  check('GetObject', { Bucket: 'b', Key: 'a/k' }, 's3:GetObject', 'arn:aws:s3:::b/a/k');
  check('HeadObject', { Bucket: 'b', Key: 'k' }, 's3:GetObject', 'arn:aws:s3:::b/k');
  check('UploadPart', { Bucket: 'b', Key: 'k' }, 's3:PutObject', 'arn:aws:s3:::b/k');
  const several = { Bucket: 'b', Delete: { Objects: [{ Key: 'k' }, { Key: 'l' }] } };
  check('DeleteObjects', several, 's3:DeleteObject', 'arn:aws:s3:::b/k', 'arn:aws:s3:::b/l');
});

test('S3: who copies reads', () => {
  const input = { Bucket: 'b', Key: 'k', CopySource: '/from/a%20b?versionId=x' };
  assert.deepEqual(s3Permission({ operation: 'CopyObject', input, caller }), [
    { action: 's3:GetObject', resources: ['arn:aws:s3:::from/a b'] },
    { action: 's3:PutObject', resources: ['arn:aws:s3:::b/k'] },
  ]);
});

test('SNS', () => {
  const check = checkOf(snsPermission);
  const topic = 'arn:aws:sns:eu-west-1:123456789012:t';
  check('ListTopics', {}, 'sns:ListTopics', '*');
  check('CreateTopic', { Name: 't' }, 'sns:CreateTopic', topic);
  check('Publish', { TopicArn: topic }, 'sns:Publish', topic);
  check('PublishBatch', { TopicArn: topic }, 'sns:Publish', topic);
  check('Unsubscribe', { SubscriptionArn: `${topic}:some-id` }, 'sns:Unsubscribe', topic);
});

test('SQS', () => {
  const check = checkOf(sqsPermission);
  const queue = 'arn:aws:sqs:eu-west-1:123456789012:q';
  check('ListQueues', {}, 'sqs:ListQueues', '*');
  check('CreateQueue', { QueueName: 'q' }, 'sqs:CreateQueue', queue);
  check('SendMessage', { QueueUrl: 'http://host:4566/123456789012/q' }, 'sqs:SendMessage', queue);
  check('SendMessageBatch', { QueueUrl: 'http://host/123456789012/q' }, 'sqs:SendMessage', queue);
  const others = queue.replace('123456789012', '210987654321');
  check('ReceiveMessage', { QueueUrl: 'http://host/210987654321/q' }, 'sqs:ReceiveMessage', others);
});

test('Service Quotas', () => {
  const check = checkOf(serviceQuotasPermission);
  const quota = 'arn:aws:servicequotas:eu-west-1:123456789012:ses/L-1';
  check('ListServiceQuotas', { ServiceCode: 'ses' }, 'servicequotas:ListServiceQuotas', '*');
  check('GetServiceQuota', { ServiceCode: 'ses', QuotaCode: 'L-1' }, 'servicequotas:GetServiceQuota', quota);
});
