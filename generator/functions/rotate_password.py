"""Rotate the master password of an RDS instance through the RDS API: no driver, no network path.

Secrets Manager calls this once for each step. The backend notices the new version by itself.
"""

import json
import os
import time

import boto3

EXCLUDED = "/\"@ '\\$`#%&+=:;?!{}[]()<>|*^~,"


def handler(event, context):
    secrets, rds = boto3.client("secretsmanager"), boto3.client("rds")
    arn, token = event["SecretId"], event["ClientRequestToken"]
    stages = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"].get(token, [])
    if "AWSCURRENT" in stages:
        return
    if "AWSPENDING" not in stages:
        raise ValueError(f"Version {token} is not pending.")
    step = event["Step"]
    if step == "createSecret":
        create(secrets, arn, token)
    elif step == "setSecret":
        rds.modify_db_instance(
            DBInstanceIdentifier=os.environ["DATABASE"],
            MasterUserPassword=read(secrets, arn, VersionId=token)["password"],
            ApplyImmediately=True,
        )
    elif step == "testSecret":
        wait_until_applied(rds, os.environ["DATABASE"], context)
    elif step == "finishSecret":
        finish(secrets, arn, token)


def read(secrets, arn, **version):
    return json.loads(secrets.get_secret_value(SecretId=arn, **version)["SecretString"])


def create(secrets, arn, token):
    try:
        read(secrets, arn, VersionId=token, VersionStage="AWSPENDING")
    except secrets.exceptions.ResourceNotFoundException:
        value = read(secrets, arn, VersionStage="AWSCURRENT")
        value["password"] = secrets.get_random_password(
            PasswordLength=32, ExcludeCharacters=EXCLUDED
        )["RandomPassword"]
        secrets.put_secret_value(
            SecretId=arn,
            ClientRequestToken=token,
            SecretString=json.dumps(value),
            VersionStages=["AWSPENDING"],
        )


def wait_until_applied(rds, database, context, pause=5):
    """The change is asynchronous: done when it is no longer pending. The status may say something
    else for a day (storage-optimization)."""
    while context.get_remaining_time_in_millis() > 2000 * pause:
        time.sleep(pause)
        instance = rds.describe_db_instances(DBInstanceIdentifier=database)["DBInstances"][0]
        if "MasterUserPassword" not in instance.get("PendingModifiedValues", {}):
            return
    raise TimeoutError(f"The new password of {database} is not in force yet.")


def finish(secrets, arn, token):
    versions = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next((v for v, stages in versions.items() if "AWSCURRENT" in stages), None)
    secrets.update_secret_version_stage(
        SecretId=arn,
        VersionStage="AWSCURRENT",
        MoveToVersionId=token,
        RemoveFromVersionId=current,
    )
