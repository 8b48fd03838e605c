"""Stack sets: several accounts and regions, from one request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.local.conftest import Stacks
from tests.local.templates import Template

ACCOUNTS = ["222233334444", "333344445555"]
REGIONS = ["us-east-1", "eu-west-1"]
PLACES = [(account, region) for region in REGIONS for account in ACCOUNTS]


def template(kept_days: int = 7) -> Template:
    """More than a request may hold (51,200 bytes), so that it has to come from the bucket."""
    name = {"Type": "String", "AllowedPattern": "^[a-z]+$"}
    group = {"LogGroupName": {"Ref": "Name"}, "RetentionInDays": kept_days}
    database = {"Engine": "postgres", "DBSnapshotIdentifier": "not-there"}
    return {
        "Metadata": {"Filling": "x" * 60_000},
        "Parameters": {"Name": name, "FailsIn": {"Type": "String", "Default": "nowhere"}},
        "Conditions": {"Fails": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, {"Ref": "FailsIn"}]}},
        "Resources": {
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": group},
            "Database": {
                "Type": "AWS::RDS::DBInstance",
                "Condition": "Fails",
                "Properties": database,
            },
        },
    }


class StackSet:
    """The stack set of one test."""

    def __init__(self, api: Any, name: str) -> None:
        self.api, self.named = api, {"StackSetName": name}

    def do(self, call: str, **arguments: Any) -> tuple[str, list[dict[str, Any]]]:
        """Start an operation; its status and results once it has ended."""
        started = getattr(self.api, call)(**self.named, **arguments)
        operation = {**self.named, "OperationId": started["OperationId"]}
        while True:
            result = self.api.describe_stack_set_operation(**operation)["StackSetOperation"]
            if result["Status"] != "RUNNING":
                break
            time.sleep(0.02)
        results = self.api.list_stack_set_operation_results(**operation)["Summaries"]
        return result["Status"], results

    def instances(self) -> list[dict[str, Any]]:
        result: list[dict[str, Any]] = self.api.list_stack_instances(**self.named)["Summaries"]
        return result


@pytest.fixture
def stack_set(stacks: Stacks) -> Iterator[Callable[..., StackSet]]:
    made: list[StackSet] = []

    def create(name: str, **parameters: str) -> StackSet:
        given = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
        url = stacks.put(template())
        stacks.api.create_stack_set(StackSetName=name, TemplateURL=url, Parameters=given)
        made.append(StackSet(stacks.api, name))
        return made[-1]

    yield create
    for one in made:
        places = [(i["Account"], i["Region"]) for i in one.instances()]
        for account, region in places:
            one.do(
                "delete_stack_instances", Accounts=[account], Regions=[region], RetainStacks=False
            )
        one.api.delete_stack_set(**one.named)


def retention(aws: Callable[..., Any], name: str) -> list[int | None]:
    """The days that each account and region keeps the log group of that name; None: no group."""
    result = [aws("logs", *place).describe_log_groups()["logGroups"] for place in PLACES]
    return [
        next((group["retentionInDays"] for group in groups if group["logGroupName"] == name), None)
        for groups in result
    ]


def test_a_stack_set_comes_to_two_accounts_in_two_regions_changes_there_and_goes(
    stacks: Stacks, stack_set: Callable[..., StackSet], aws: Callable[..., Any]
) -> None:
    clinics = stack_set("clinics", Name="records")
    where = {"Accounts": ACCOUNTS, "Regions": REGIONS}
    status, results = clinics.do("create_stack_instances", **where)
    assert status == "SUCCEEDED"
    assert [(r["Account"], r["Region"]) for r in results] == PLACES
    assert retention(aws, "records") == [7, 7, 7, 7]
    assert {i["Status"] for i in clinics.instances()} == {"CURRENT"}
    stack = clinics.instances()[-1]["StackId"]
    assert stack.startswith("arn:aws:cloudformation:eu-west-1:333344445555:stack/StackSet-clinics-")
    changed = stacks.put(template(kept_days=30))
    assert clinics.do("update_stack_set", TemplateURL=changed)[0] == "SUCCEEDED"
    assert retention(aws, "records") == [30, 30, 30, 30]
    with pytest.raises(stacks.api.exceptions.StackSetNotEmptyException):
        stacks.api.delete_stack_set(StackSetName="clinics")
    assert clinics.do("delete_stack_instances", RetainStacks=False, **where)[0] == "SUCCEEDED"
    assert clinics.instances() == []
    assert retention(aws, "records") == [None, None, None, None]


def test_a_failure_stops_the_rest_unless_it_is_tolerated(
    stack_set: Callable[..., StackSet],
) -> None:
    clinics = stack_set("stopped", Name="records", FailsIn=ACCOUNTS[0])
    where = {"Accounts": ACCOUNTS, "Regions": REGIONS[:1]}
    status, results = clinics.do("create_stack_instances", **where)
    assert (status, [r["Status"] for r in results]) == ("FAILED", ["FAILED", "CANCELLED"])
    assert results[0]["StatusReason"].startswith(
        "ResourceLogicalId:Database, ResourceType:AWS::RDS::DBInstance, "
        "ResourceStatusReason:DBSnapshot not found: not-there"
    )
    tolerant = {"OperationPreferences": {"FailureToleranceCount": 1}}
    status, results = clinics.do("create_stack_instances", **where, **tolerant)
    assert (status, [r["Status"] for r in results]) == ("SUCCEEDED", ["FAILED", "SUCCEEDED"])
    assert {i["Status"] for i in clinics.instances()} == {"OUTDATED", "CURRENT"}


def test_stacks_can_be_retained(
    stack_set: Callable[..., StackSet], aws: Callable[..., Any]
) -> None:
    clinics = stack_set("retained", Name="kept")
    where = {"DeploymentTargets": {"Accounts": ACCOUNTS[:1]}, "Regions": REGIONS[:1]}
    clinics.do("create_stack_instances", **where)
    stack = clinics.instances()[0]["StackId"]
    clinics.do("delete_stack_instances", RetainStacks=True, **where)
    assert clinics.instances() == []
    api = aws("cloudformation", *PLACES[0])
    assert api.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    api.delete_stack(StackName=stack)


def test_a_parameter_that_is_refused_is_the_reason_of_every_instance(
    stack_set: Callable[..., StackSet],
) -> None:
    clinics = stack_set("refused", Name="NOT LOWER")
    results = clinics.do("create_stack_instances", Accounts=ACCOUNTS[:1], Regions=REGIONS[:1])[1]
    assert results[0]["StatusReason"].startswith("Parameter 'Name' must match pattern")


def test_a_stack_set_that_is_not_there_or_there_already_is_said_so(
    stacks: Stacks, stack_set: Callable[..., StackSet]
) -> None:
    with pytest.raises(stacks.api.exceptions.StackSetNotFoundException):
        stacks.api.describe_stack_set(StackSetName="nowhere")
    stack_set("twice", Name="x")
    with pytest.raises(stacks.api.exceptions.NameAlreadyExistsException):
        stacks.api.create_stack_set(StackSetName="twice", TemplateBody="{}")


def test_a_stack_set_is_seen_by_its_own_account_and_region_only(
    stacks: Stacks, stack_set: Callable[..., StackSet], aws: Callable[..., Any]
) -> None:
    own = stack_set("clinics-of-one", Name="x")
    own.do("create_stack_instances", Accounts=ACCOUNTS[:1], Regions=REGIONS[:1])
    me = aws("sts").get_caller_identity()["Account"]
    for other in (aws("cloudformation", ACCOUNTS[1]), aws("cloudformation", me, "eu-west-1")):
        with pytest.raises(other.exceptions.StackSetNotFoundException):
            other.describe_stack_set(StackSetName="clinics-of-one")
        with pytest.raises(other.exceptions.StackSetNotFoundException):
            other.list_stack_instances(StackSetName="clinics-of-one")
        other.create_stack_set(StackSetName="clinics-of-one", TemplateBody="{}")
        assert other.list_stack_instances(StackSetName="clinics-of-one")["Summaries"] == []
        other.delete_stack_set(StackSetName="clinics-of-one")
    assert len(own.instances()) == 1


def test_a_template_is_read_for_a_stack_set_but_not_for_other_accounts(
    stacks: Stacks, aws: Callable[..., Any]
) -> None:
    url = stacks.put(template())
    stranger = aws("cloudformation", "555566667777")
    with pytest.raises(stranger.exceptions.ClientError):
        stranger.create_stack(StackName="stolen", TemplateURL=url)
    assert stranger.list_stacks()["StackSummaries"] == []
