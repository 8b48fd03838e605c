"""What the emulator's handlers get wrong: refusals they do not make, and properties they lose.

Handlers are create(logical id, properties, stack name), update(physical id, old, new, stack name,
...) and delete(physical id, properties).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from generator.local.engine import Record, client, cloudwatch_logs, provisioners
from generator.model.walk import is_true

Hook = Callable[[str, Record], None]


def install() -> None:
    """Wrap the handlers in their hooks, and make a secret's physical id its ARN."""
    handlers = provisioners._RESOURCE_HANDLERS
    for (resource_type, verb), (before, after) in HOOKS.items():
        handlers[resource_type][verb] = _with(before, handlers[resource_type][verb], after)
    named = "AWS::SecretsManager::Secret"
    handlers[named] = _known_by_arn(handlers[named])
    cloudwatch_logs.handle_request = _with_keys(cloudwatch_logs.handle_request)


def _with_keys(answer: Callable[..., Any]) -> Callable[..., Any]:
    """CloudWatch Logs with the two calls for a log group's key, which the emulator lacks."""

    async def handle(method: str, path: str, headers: Record, body: bytes, query: Record) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action not in ("AssociateKmsKey", "DisassociateKmsKey"):
            return await answer(method, path, headers, body, query)
        asked = json.loads(body)
        group = cloudwatch_logs._log_groups.get(asked["logGroupName"])
        if group is None:
            sentence = "The specified log group does not exist."
            kind = "ResourceNotFoundException"
            return cloudwatch_logs.error_response_json(kind, sentence, 400)
        group["kmsKeyId"] = asked.get("kmsKeyId")
        return cloudwatch_logs.json_response({})

    return handle


def _known_by_arn(secret: Record) -> Record:
    """Handlers whose secret's physical id, and so its Ref, is the ARN as on AWS; not its name."""

    def name(arn: str) -> Any:
        return client("secretsmanager").describe_secret(SecretId=arn)["Name"]

    def known(created: tuple[str, Record]) -> tuple[str, Record]:
        return created[1]["Arn"], created[1]

    return {
        **secret,
        "create": lambda *arguments: known(secret["create"](*arguments)),
        "update": lambda arn, *rest: known(secret["update"](name(arn), *rest)),
        "delete": lambda arn, props: secret["delete"](name(arn), props),
    }


def _with(
    before: Hook | None, handler: Callable[..., Any], after: Hook | None
) -> Callable[..., Any]:
    """The handler with a hook before it, which may raise ValueError, and one after it."""

    def run(resource: str, *rest: Any) -> Any:
        is_update = len(rest) > 2
        props = rest[1] if is_update else rest[0]
        if before:
            before(resource, props)
        answer = handler(resource, *rest)
        if after:
            after(answer[0], props)
        return answer

    return run


def _refuse(sentence: str, service: str, status: int = 400) -> None:
    """Raise a service's refusal in the words in which CloudFormation reports it."""
    request = f"(Service: {service}, Status Code: {status}, Request ID: {uuid.uuid4()})"
    raise ValueError(f"{sentence} {request} (SDK Attempt Count: 1)")


def _require_snapshot(logical_id: str, props: Record) -> None:
    snapshot = props.get("DBSnapshotIdentifier")
    kept = client("rds").describe_db_snapshots()["DBSnapshots"] if snapshot else []
    if snapshot and not any(snapshot in values.values() for values in kept):
        _refuse(f"DBSnapshot not found: {snapshot}", "Rds", 404)


def _refuse_major_upgrade(database: str, props: Record) -> None:
    """RDS goes to another major version only upwards, and only when the flag allows it."""
    _require_snapshot(database, props)
    instance = client("rds").describe_db_instances(DBInstanceIdentifier=database)["DBInstances"][0]
    old, new = (v["EngineVersion"].split(".")[0] for v in (instance, {**instance, **props}))
    if int(new) < int(old):
        _refuse(f"Cannot upgrade {instance['Engine']} from {old} to {new}", "Rds")
    if new != old and not props.get("AllowMajorVersionUpgrade"):
        flag = "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major"
        _refuse(f"{flag} version.", "Rds")


def _refuse_protected(database: str, props: Record) -> None:
    if is_true(props.get("DeletionProtection")):
        advice = "please disable deletion protection and try again."
        _refuse(f"Cannot delete protected DB Instance, {advice}", "Rds")


def _refuse_full_bucket(bucket: str, props: Record) -> None:
    kept = client("s3").list_object_versions(Bucket=bucket, MaxKeys=1)
    if kept.get("Versions") or kept.get("DeleteMarkers"):
        _refuse("The bucket you tried to delete is not empty", "S3", 409)


def _configure(bucket: str, props: Record) -> None:
    """What the emulator's handler leaves out of a bucket."""
    s3 = client("s3")
    if setting := props.get("BucketEncryption"):
        name = "ServerSideEncryptionByDefault"
        rules = [{f"Apply{name}": r[name]} for r in setting["ServerSideEncryptionConfiguration"]]
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    if setting := props.get("OwnershipControls"):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=setting)
    if setting := props.get("LifecycleConfiguration"):
        life_cycle = {"Rules": [_life(rule) for rule in setting["Rules"]]}
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=life_cycle)
    if setting := props.get("LoggingConfiguration"):
        to = {
            "TargetBucket": setting["DestinationBucketName"],
            "TargetPrefix": setting["LogFilePrefix"],
        }
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": to})
    if setting := props.get("Tags"):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": setting})


def _life(rule: Record) -> Record:
    same = ("Status", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
    life = {k: v for k, v in rule.items() if k in same}
    if days := rule.get("ExpirationInDays"):
        life["Expiration"] = {"Days": days}
    return life | {"ID": rule.get("Id", ""), "Filter": {"Prefix": rule.get("Prefix", "")}}


def _launch(group: str, props: Record) -> None:
    """Put a group's instances in service, and register them with its target groups."""
    scaling = client("autoscaling")
    desired = props.get("DesiredCapacity", props["MinSize"])
    scaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=desired)
    instances = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
    ids = [{"Id": i["InstanceId"]} for i in instances if i["AutoScalingGroupName"] == group]
    for target_group in props.get("TargetGroupARNs", []):
        client("elbv2").register_targets(TargetGroupArn=target_group, Targets=ids)


HOOKS: dict[tuple[str, str], tuple[Hook | None, Hook | None]] = {
    ("AWS::RDS::DBInstance", "create"): (_require_snapshot, None),
    ("AWS::RDS::DBInstance", "update"): (_refuse_major_upgrade, None),
    ("AWS::RDS::DBInstance", "delete"): (_refuse_protected, None),
    ("AWS::S3::Bucket", "create"): (None, _configure),
    ("AWS::S3::Bucket", "update"): (None, _configure),
    ("AWS::S3::Bucket", "delete"): (_refuse_full_bucket, None),
    ("AWS::AutoScaling::AutoScalingGroup", "create"): (None, _launch),
    ("AWS::AutoScaling::AutoScalingGroup", "update"): (None, _launch),
}
