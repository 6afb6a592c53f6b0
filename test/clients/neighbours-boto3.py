"""The neighbours of SES through boto3, as somebody writes it who has never heard of Sesame."""
import os

import boto3

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
    print("done")
