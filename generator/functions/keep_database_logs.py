"""Give the log groups of a database an end and a key, which no property can: RDS makes them."""

import contextlib
import time

import boto3
import cfnresponse
from botocore.exceptions import ClientError

PAUSE = 10


def handler(event, context):
    wanted, before = event["ResourceProperties"], event.get("OldResourceProperties", {})
    database = wanted["Database"]
    try:
        if event["RequestType"] != "Delete":
            for log in wanted["Logs"]:
                group = f"/aws/rds/instance/{database}/{log}"
                until_allowed(context, lambda name=group: keep(boto3.client("logs"), name, wanted))
                if "Key" in before and "Key" not in wanted:
                    boto3.client("logs").disassociate_kms_key(logGroupName=group)
        cfnresponse.send(event, context, cfnresponse.SUCCESS, {}, database)
    except Exception as error:
        print(error)
        cfnresponse.send(event, context, cfnresponse.FAILED, {}, database, reason=str(error))


def until_allowed(context, work):
    """The role was made shortly before the function starts: IAM may not have it everywhere yet."""
    while True:
        try:
            return work()
        except ClientError as error:
            late = context.get_remaining_time_in_millis() < 3000 * PAUSE
            if late or error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            print(error)
        time.sleep(PAUSE)


def keep(logs, group, wanted):
    """Whoever is first makes the group, RDS or this."""
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    logs.put_retention_policy(logGroupName=group, retentionInDays=int(wanted["Days"]))
    if "Key" in wanted:
        logs.associate_kms_key(logGroupName=group, kmsKeyId=wanted["Key"])
