"""The neighbours of SES through boto3, as somebody writes it who has never heard of Sesame."""
import io
import os
import urllib.request

import boto3
from botocore.config import Config

endpoint = {"endpoint_url": os.environ["SESAME_UNDER_TEST"], "region_name": "us-east-1"}


def queues():
    sqs = boto3.resource("sqs", **endpoint)
    queue = sqs.create_queue(QueueName="boto", Attributes={"DelaySeconds": "0"})
    queue.send_message(MessageBody="one", MessageAttributes={"n": {"DataType": "Number", "StringValue": "1"}})
    answer = queue.send_messages(Entries=[{"Id": "a", "MessageBody": "two"}, {"Id": "b", "MessageBody": "thr\u00e9\u00e9"}])
    assert [one["Id"] for one in answer["Successful"]] == ["a", "b"], answer
    received = queue.receive_messages(MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"])
    assert [one.body for one in received] == ["one", "two", "thr\u00e9\u00e9"], received
    assert received[0].message_attributes["n"]["StringValue"] == "1"
    assert received[0].attributes["ApproximateReceiveCount"] == "1"
    received[0].change_visibility(VisibilityTimeout=0)
    assert [one.body for one in queue.receive_messages()] == ["one"]
    for message in received[1:]:
        message.delete()
    queue.reload()
    assert queue.attributes["ApproximateNumberOfMessagesNotVisible"] == "1", queue.attributes
    queue.purge()
    assert [one.url for one in sqs.queues.filter(QueueNamePrefix="bo")] == [queue.url]
    client = sqs.meta.client
    try:
        client.send_message(QueueUrl=queue.url + "x", MessageBody="x")
        raise AssertionError("it was answered")
    except client.exceptions.QueueDoesNotExist as error:
        assert error.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    queue.delete()


def buckets():
    s3 = boto3.client("s3", **endpoint)
    s3.create_bucket(Bucket="boto", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    # Asked in the wrong region, boto3 follows to where the bucket is.
    s3.put_object(Bucket="boto", Key="a b/\u00fc", Body=b"small", Metadata={"one": "two"})
    found = s3.get_object(Bucket="boto", Key="a b/\u00fc", Range="bytes=1-3")
    assert (found["Body"].read(), found["Metadata"]) == (b"mal", {"one": "two"})
    large = os.urandom(9 * 2**20)
    s3.upload_fileobj(io.BytesIO(large), "boto", "large")
    back = io.BytesIO()
    s3.download_fileobj("boto", "large", back)
    assert back.getvalue() == large
    s3.copy({"Bucket": "boto", "Key": "large"}, "boto", "copy")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="boto", PaginationConfig={"PageSize": 2})
    keys = [one["Key"] for page in pages for one in page["Contents"]]
    assert keys == ["a b/\u00fc", "copy", "large"], keys
    signing = boto3.client("s3", **{**endpoint, "region_name": "eu-west-1"}, config=Config(signature_version="s3v4"))
    url = signing.generate_presigned_url("get_object", Params={"Bucket": "boto", "Key": "a b/\u00fc"})
    assert urllib.request.urlopen(url).read() == b"small"
    assert s3.delete_objects(Bucket="boto", Delete={"Objects": [{"Key": key} for key in keys]})["Deleted"]
    s3.delete_bucket(Bucket="boto")
    try:
        s3.head_object(Bucket="boto", Key="large")
        raise AssertionError("it was answered")
    except s3.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "404", error.response


def topics():
    sns = boto3.resource("sns", **endpoint)
    queue = boto3.resource("sqs", **endpoint).create_queue(QueueName="boto-topic")
    topic = sns.create_topic(Name="boto", Attributes={"DisplayName": "Boto"})
    subscription = topic.subscribe(
        Protocol="sqs", Endpoint=queue.attributes["QueueArn"], Attributes={"RawMessageDelivery": "true"}
    )
    assert subscription.attributes["PendingConfirmation"] == "false", subscription.attributes
    topic.publish(Message="hello", MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}})
    (message,) = queue.receive_messages(WaitTimeSeconds=20, MessageAttributeNames=["k"])
    assert (message.body, message.message_attributes["k"]["StringValue"]) == ("hello", "v")
    assert [one.arn for one in topic.subscriptions.all()] == [subscription.arn]
    subscription.delete()
    topic.delete()
    assert list(sns.topics.all()) == []


if __name__ == "__main__":
    queues()
    topics()
    buckets()
    print("done")
