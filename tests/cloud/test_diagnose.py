"""The first cause comes first, with what was seen before the rollback took it away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from generator.cloud.aws import Aws, connect
from generator.cloud.diagnose import GROUP, LOG_GROUP, collect, first_cause
from generator.cloud.stacks import Event, find
from generator.errors import ClinicError
from generator.layers.database import DATABASE
from generator.layers.monitoring import MONITORING
from generator.model.walk import STACK

from . import small

START = datetime(2026, 1, 1, tzinfo=UTC)
ROOT, CHILD = "arn:aws:cloudformation:x:1:stack/root/1", "arn:aws:cloudformation:x:1:stack/child/1"
DENIED = {"service_error_code": "AccessDenied", "service_message": "no", "http_status_code": 403}


def event(second: int, path: str, reason: str, **more: Any) -> Event:
    told = {"type": "AWS::EC2::VPC", "physical": "p", "status": "CREATE_FAILED", "stack": ROOT}
    time = START + timedelta(seconds=second)
    return Event(id=str(second), path=path, reason=reason, time=time, **(told | more))


def failed_group(reason: str = "Received 0 SUCCESS signal(s) out of 1.") -> Event:
    return event(9, "BackendStack/BackendGroup", reason, type=GROUP, physical="group", stack=CHILD)


class Stubbed:
    """A connection whose services say what a test tells them to."""

    def __init__(self) -> None:
        given = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "eu-west-1"}
        keys = {"AWS_ACCESS_KEY_ID": "1", "AWS_SECRET_ACCESS_KEY": "x"}
        self.aws: Aws = connect(variables=given | keys)
        self.stubs: dict[str, Stubber] = {}

    def of(self, service: str) -> Stubber:
        if service not in self.stubs:
            self.stubs[service] = Stubber(self.aws.client(service))
            self.stubs[service].activate()
        return self.stubs[service]

    def say(self, service: str, call: str, **answer: Any) -> None:
        self.of(service).add_response(call, answer)

    def validation(self, *errors: dict[str, Any]) -> Aws:
        """describe_events tells these."""
        told = [{"EventType": "VALIDATION_ERROR", "Timestamp": START, **error} for error in errors]
        self.say("cloudformation", "describe_events", OperationEvents=told)
        return self.aws

    def group(self, *instances: str) -> None:
        """The group exists, with a target group."""
        named = {"AutoScalingGroupName": "group", "TargetGroupARNs": ["arn"]}
        sizes = {"MinSize": 1, "MaxSize": 2, "DesiredCapacity": 1, "DefaultCooldown": 1}
        rest = {"AvailabilityZones": ["a"], "HealthCheckType": "ELB", "CreatedTime": START}
        members = [
            {
                "InstanceId": name,
                "AvailabilityZone": "a",
                "LifecycleState": "InService",
                "HealthStatus": "Healthy",
                "ProtectedFromScaleIn": False,
            }
            for name in instances
        ]
        told = {**named, **sizes, **rest, "Instances": members}
        self.say("autoscaling", "describe_auto_scaling_groups", AutoScalingGroups=[told])


def log_group(service: Stubbed) -> None:
    detail = {"LogicalResourceId": LOG_GROUP, "PhysicalResourceId": "clinic-log"}
    more = {"ResourceType": "AWS::Logs::LogGroup", "ResourceStatus": "CREATE_COMPLETE"}
    service.say(
        "cloudformation",
        "describe_stack_resource",
        StackResourceDetail={**detail, **more, "LastUpdatedTimestamp": START},
    )


def test_the_earliest_failure_counts_and_not_what_follows_from_it() -> None:
    told = [
        event(0, "NetworkStack/Vpc", "Resource creation cancelled"),
        event(1, "StorageStack/LogBucket", "The maximum number of VPCs has been reached."),
        event(2, "NetworkStack/Other", "Something later"),
        event(3, "StorageStack", f"Embedded stack {CHILD} was not successfully created: x"),
        event(4, "", "The following resource(s) failed to create: [StorageStack]. "),
    ]
    for order in (told, told[::-1]):
        found = first_cause(Stubbed().validation(), "clinic-small", order)
        assert found.resource == "StorageStack/LogBucket"
        assert found.sentence == "The maximum number of VPCs has been reached."
        assert "as many VPCs" in found.meaning
        assert "Service Quotas" in found.advice


def test_a_nested_stack_that_never_began_is_a_cause_itself() -> None:
    told = [event(1, "EdgeStack", "S3 error: Access Denied", type=STACK, physical="")]
    found = first_cause(Stubbed().validation(), "clinic-small", told)
    assert found.resource == "EdgeStack"
    assert "cannot read a template" in found.meaning


def test_a_validation_error_names_the_property_before_anything_was_made() -> None:
    aws = Stubbed().validation(
        {"ValidationPath": "/Resources/Vpc/Properties/CidrBlock", "ValidationStatusReason": "bad"},
        {"ValidationPath": "/Resources/B", "ValidationStatusReason": "bucket already exists"},
        {"ValidationPath": "/W", "ValidationStatusReason": "w", "ValidationFailureMode": "WARN"},
        {"EventType": "STACK_EVENT", "LogicalResourceId": "Vpc"},
    )
    found = first_cause(aws, "clinic-small", [event(0, "", "Validation failed")])
    assert (found.resource, found.sentence) == ("/Resources/Vpc/Properties/CidrBlock", "bad")
    assert found.evidence == ["/Resources/B: bucket already exists"]


def test_validation_errors_of_an_earlier_operation_are_not_meant() -> None:
    old = {"ValidationPath": "/old", "ValidationStatusReason": "x"}
    found = first_cause(Stubbed().validation(old), "s", [event(5, "A", "Rate exceeded")])
    assert found.resource == "A"


def test_without_any_cause_that_is_said() -> None:
    found = first_cause(Stubbed().validation(), "clinic-small", [])
    assert (found.resource, found.sentence) == ("clinic-small", "CloudFormation names no cause.")


def test_an_unknown_sentence_is_shown_and_not_explained_away() -> None:
    found = first_cause(Stubbed().validation(), "s", [event(1, "A", "The moon is wrong")])
    assert found.sentence == "The moon is wrong"
    assert "not a trap that is known" in found.meaning


def test_what_a_service_says_has_no_power_over_the_terminal() -> None:
    told = [event(1, "A\x1b", "bad\x1b[2J")]
    found = first_cause(Stubbed().validation(), "s", told, ["seen\x07"])
    assert "\x1b" not in "".join(found.lines())
    assert found.evidence == ["seen\\x07"]


def test_evidence_from_while_it_ran_explains_the_missing_signal() -> None:
    evidence = ["i-1/boot: --- DEPLOYMENT FAILED: DOWNLOADING THE CONFIGURATION (status 65) ---"]
    found = first_cause(Stubbed().validation(), "s", [failed_group()], evidence)
    assert found.resource == "BackendStack/BackendGroup"
    assert ".env" in found.meaning
    assert any("DOWNLOADING" in line for line in found.lines())


def test_a_failed_group_tells_of_activities_targets_and_the_ends_of_boot_logs() -> None:
    service = Stubbed()
    activity = {"ActivityId": "1", "AutoScalingGroupName": "group", "Cause": "c"}
    launches = {"Description": "Launching", "StartTime": START}
    service.say(
        "autoscaling",
        "describe_scaling_activities",
        Activities=[
            {**activity, **launches, "StatusCode": "Failed", "StatusMessage": "no t3.micro left"},
            {**activity, **launches, "StatusCode": "Successful"},
        ],
    )
    service.group("i-1")
    health = [
        {"Target": {"Id": "i-1"}, "TargetHealth": {"State": "unhealthy", "Description": "[404]"}},
        {"Target": {"Id": "i-2"}, "TargetHealth": {"State": "healthy"}},
    ]
    service.say("elbv2", "describe_target_health", TargetHealthDescriptions=health)
    log_group(service)
    streams = [{"logStreamName": "i-1/backend"}, {"logStreamName": "i-1/boot"}]
    service.say("logs", "describe_log_streams", logStreams=streams)
    service.say("logs", "get_log_events", events=[{"message": "--- PULLING x ---\x1b"}])
    assert collect(service.aws, failed_group()) == [
        "scaling: no t3.micro left",
        "target i-1 is unhealthy: [404]",
        "i-1/boot: --- PULLING x ---\\x1b",
    ]


def test_without_a_log_the_console_is_asked() -> None:
    service = Stubbed()
    service.say("autoscaling", "describe_scaling_activities", Activities=[])
    service.group("i-1")
    service.say("elbv2", "describe_target_health", TargetHealthDescriptions=[])
    log_group(service)
    service.say("logs", "describe_log_streams", logStreams=[])
    service.group("i-1")
    screen = "Zmlyc3QKY2xvdWQtaW5pdDogbm8gbmV0d29yaw=="
    service.say("ec2", "get_console_output", InstanceId="i-1", Output=screen)
    assert collect(service.aws, failed_group()) == [
        "i-1/console: first",
        "i-1/console: cloud-init: no network",
    ]


def test_what_may_not_be_read_is_said_in_its_place() -> None:
    service = Stubbed()
    for call in ("describe_scaling_activities", "describe_auto_scaling_groups"):
        service.of("autoscaling").add_client_error(call, **DENIED)
    service.of("cloudformation").add_client_error("describe_stack_resource", **DENIED)
    found = collect(service.aws, failed_group())
    assert [line.partition(" cannot be read")[0] for line in found] == [
        "scaling activities",
        "target health",
        "the boot log",
    ]
    assert all("may not" in line for line in found)


def test_only_a_group_has_instances_to_ask() -> None:
    assert collect(Stubbed().aws, event(1, "A", "x")) == []


def test_the_endpoint_tells_the_same_of_a_nested_set(aws: Aws) -> None:
    broken = small.nested(*small.LAYERS, MONITORING, DATABASE, DatabaseSnapshot="missing")
    with pytest.raises(ClinicError):
        small.deploy(aws, broken)
    found = first_cause(aws, "clinic-small", small.all_events(aws, "clinic-small"))
    assert found.resource == "DatabaseStack/Database"
    assert found.sentence.startswith("DBSnapshot not found: missing")
    assert "describe-db-snapshots" in found.advice


def test_the_endpoint_gives_the_boot_log_of_a_group(aws: Aws) -> None:
    small.deploy(aws, small.one({LOG_GROUP: {"Type": "AWS::Logs::LogGroup"}}))
    stack = find(aws, "clinic-small")
    assert stack
    (made,) = (
        e.physical
        for e in small.all_events(aws, "clinic-small")
        if e.path == LOG_GROUP and e.status == "CREATE_COMPLETE"
    )
    logs = aws.client("logs")
    logs.create_log_stream(logGroupName=made, logStreamName="i-1/boot")
    lines = [{"timestamp": 1_800_000_000_000 + i, "message": f"line {i}"} for i in range(40)]
    logs.put_log_events(logGroupName=made, logStreamName="i-1/boot", logEvents=lines)
    failed = event(1, "BackendGroup", "x", type=GROUP, physical="group", stack=stack.id)
    seen = collect(aws, failed)
    assert seen == [f"i-1/boot: line {i}" for i in range(10, 40)]
