"""A user with SMTP credentials, by boto3. The endpoint is the one argument; secret and password are printed as JSON."""

import base64
import hashlib
import hmac
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint = sys.argv[1]
config = Config(retries={"max_attempts": 0})
iam = boto3.client("iam", endpoint_url=endpoint, config=config)

NAME = "ses-smtp-user.20261124-120000"
user = iam.create_user(UserName=NAME, Path="/smtp/")["User"]
assert user["Arn"].endswith(f":user/smtp/{NAME}"), user
iam.get_waiter("user_exists").wait(UserName=NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 2})

policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ses:SendRawEmail", "Resource": "*"}]}
managed = iam.create_policy(PolicyName="SendByPassword", PolicyDocument=json.dumps(policy))["Policy"]
iam.attach_user_policy(UserName=NAME, PolicyArn=managed["Arn"])
version = iam.get_policy_version(PolicyArn=managed["Arn"], VersionId=managed["DefaultVersionId"])["PolicyVersion"]
assert version["Document"] == policy, version
pages = iam.get_paginator("list_attached_user_policies").paginate(UserName=NAME)
assert [one["PolicyName"] for page in pages for one in page["AttachedPolicies"]] == ["SendByPassword"]

key = iam.create_access_key(UserName=NAME)["AccessKey"]


def smtp_password(secret, region):
    """The program of the SES developer guide."""
    signature = ("AWS4" + secret).encode()
    for part in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        signature = hmac.new(signature, part.encode(), hashlib.sha256).digest()
    return base64.b64encode(bytes([0x04]) + signature).decode()


try:
    iam.create_user(UserName=NAME)
    raise SystemExit("a second user of that name was made")
except iam.exceptions.EntityAlreadyExistsException as error:
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 409
try:
    iam.put_user_policy(UserName=NAME, PolicyName="bad", PolicyDocument="{}")
    raise SystemExit("a bad policy was taken")
except ClientError as error:
    assert error.response["Error"]["Code"] == "MalformedPolicyDocument", error

print(json.dumps({"secret": key["SecretAccessKey"], "password": smtp_password(key["SecretAccessKey"], "eu-central-1")}))
