"""Take every rule from a VPC's default security group (control EC2.2), which no property can."""

import time

import boto3
import cfnresponse
from botocore.exceptions import ClientError

PAUSE = 10
DENIED = ("UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AuthFailure")


def handler(event, context):
    group_id = event["ResourceProperties"]["GroupId"]
    try:
        if event["RequestType"] != "Delete":
            until_allowed(context, lambda: close(boto3.client("ec2"), group_id))
        cfnresponse.send(event, context, cfnresponse.SUCCESS, {}, group_id)
    except Exception as error:
        print(error)
        cfnresponse.send(event, context, cfnresponse.FAILED, {}, group_id, reason=str(error))


def until_allowed(context, work):
    """The role was made seconds before the function starts: IAM may not have it everywhere yet."""
    while True:
        try:
            return work()
        except ClientError as error:
            late = context.get_remaining_time_in_millis() < 3000 * PAUSE
            if late or error.response["Error"]["Code"] not in DENIED:
                raise
            print(error)
        time.sleep(PAUSE)


def close(ec2, group_id):
    group = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    if group["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=group["IpPermissions"])
    if group["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(
            GroupId=group_id, IpPermissions=group["IpPermissionsEgress"]
        )
