"""Mail by boto3, with both versions of the API. The endpoint is the one argument; the message ids are printed as JSON."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint = sys.argv[1]
config = Config(retries={"max_attempts": 0})
v1 = boto3.client("ses", endpoint_url=endpoint, config=config)
v2 = boto3.client("sesv2", endpoint_url=endpoint, config=config)


def refusal(kind, call, **parameters):
    """The error that the call must raise."""
    try:
        call(**parameters)
    except kind as error:
        return error.response
    raise SystemExit(f"{kind} was not raised")


# Identities, a waiter and a paginator.
v1.verify_email_identity(EmailAddress="ann@boto.example")
v1.get_waiter("identity_exists").wait(
    Identities=["ann@boto.example"], WaiterConfig={"Delay": 1, "MaxAttempts": 2}
)
assert v2.create_email_identity(EmailIdentity="boto.example")["VerifiedForSendingStatus"]
for number in range(5):
    v1.verify_email_identity(EmailAddress=f"page{number}@boto.example")
pages = list(v1.get_paginator("list_identities").paginate(PaginationConfig={"PageSize": 3}))
names = [name for page in pages for name in page["Identities"]]
assert len(pages) == 3, pages
assert len(names) == len(set(names)) == 7, names

# Sends.
simple = {"Subject": {"Data": "Grüße", "Charset": "UTF-8"}, "Body": {"Text": {"Data": "Text."}}}
sent = {
    "v1": v1.send_email(
        Source="ann@boto.example",
        Destination={"ToAddresses": ["bob@example.org"]},
        Message=simple,
        Tags=[{"Name": "by", "Value": "boto3"}],
    )["MessageId"],
    "v1_raw": v1.send_raw_email(
        Source="ann@boto.example",
        Destinations=["cat@example.org"],
        RawMessage={"Data": "From: ann@boto.example\nSubject: Raw ü\n\nRaw ü.\n".encode()},
    )["MessageId"],
    "v2": v2.send_email(
        FromEmailAddress="ann@boto.example",
        Destination={"ToAddresses": ["bob@example.org"]},
        Content={"Simple": simple},
    )["MessageId"],
    "v2_raw": v2.send_email(
        Content={"Raw": {"Data": b"From: ann@boto.example\r\nTo: dan@example.org\r\nSubject: v2 raw\r\n\r\nx\r\n"}},
    )["MessageId"],
}
assert v1.get_send_quota()["SentLast24Hours"] == 4

# Errors, each as the class that boto3 has for it.
error = refusal(
    v1.exceptions.MessageRejected,
    v1.send_email,
    Source="x@nowhere.example",
    Destination={"ToAddresses": ["bob@example.org"]},
    Message=simple,
)
assert error["Error"]["Code"] == "MessageRejected" and error["Error"]["Type"] == "Sender", error
assert error["ResponseMetadata"]["HTTPStatusCode"] == 400, error
error = refusal(
    v1.exceptions.ConfigurationSetDoesNotExistException,
    v1.send_email,
    Source="ann@boto.example",
    Destination={"ToAddresses": ["bob@example.org"]},
    Message=simple,
    ConfigurationSetName="none",
)
assert error["Error"]["Message"] == "Configuration set <none> does not exist.", error
refusal(v2.exceptions.AlreadyExistsException, v2.create_email_identity, EmailIdentity="boto.example")
refusal(v2.exceptions.NotFoundException, v2.get_email_identity, EmailIdentity="nobody@nowhere.example")
refusal(
    v2.exceptions.MessageRejected,
    v2.send_email,
    FromEmailAddress="x@nowhere.example",
    Destination={"ToAddresses": ["bob@example.org"]},
    Content={"Simple": simple},
)
error = refusal(ClientError, v1.get_send_statistics)
assert error["Error"]["Code"] == "InvalidAction", error
assert error["Error"]["Message"] == "GetSendStatistics is not built yet", error
error = refusal(v2.exceptions.BadRequestException, v2.list_dedicated_ip_pools)
assert error["Error"]["Message"] == "ListDedicatedIpPools is not built yet", error

# Deleting.
v1.delete_identity(Identity="page0@boto.example")
v2.delete_email_identity(EmailIdentity="page1@boto.example")
left = v2.list_email_identities(PageSize=100)["EmailIdentities"]
assert {one["IdentityName"] for one in left} == set(names) - {"page0@boto.example", "page1@boto.example"}, left

print(json.dumps(sent))
