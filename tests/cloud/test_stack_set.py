"""The flat form in many accounts and regions, made, repeated, and removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from generator.cloud import stack_instances, stack_set
from generator.cloud.aws import Aws, connect
from generator.cloud.stack_instances import Targets
from generator.errors import ClinicError
from generator.local import Endpoint

from . import small

ACCOUNTS = ("300000000001", "300000000002")
REGIONS = ("us-east-1", "eu-west-1")
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Word"}}}
WORD = {"Type": "String", "Default": "one"}
TARGETS = Targets(regions=REGIONS, accounts=ACCOUNTS, max_concurrent=2)
ALL = Targets()
BAD = {"Type": "AWS::RDS::DBInstance", "Properties": {"DBSnapshotIdentifier": "missing"}}
CREATE = {"OperationId": "o1"}
PREFERENCES = {
    "MaxConcurrentCount": 1,
    "FailureToleranceCount": 0,
    "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE",
}


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_instances, "PAUSE", 0.02)


class Run:
    """Calls with what they said and showed."""

    def __init__(self, aws: Aws, name: str) -> None:
        self.aws, self.heard = aws, small.Heard()
        # The emulator keeps its stack sets for all accounts together.
        self.env = replace(small.one({"Topic": TOPIC}, Word=WORD), name=name)

    @property
    def lines(self) -> list[str]:
        return self.heard.lines

    @property
    def rows(self) -> list[Any]:
        return self.heard.rows

    def deploy(
        self, targets: Targets = TARGETS, agree: Callable[[str], bool] = bool, **values: str
    ) -> None:
        env = self.env.with_values(**values)
        stack_set.deploy(self.aws, env, targets, agree=agree, report=self.heard)

    def remove(self, targets: Targets = ALL, **options: Any) -> None:
        wants: dict[str, Any] = {"yes": True, "ask": str} | options
        stack_set.remove(self.aws, self.env, targets, report=self.heard, **wants)


def topics(endpoint: Endpoint, account: str, region: str) -> list[str]:
    """The words of the topics in a place."""
    there = connect(
        variables={**endpoint.environment, "AWS_ACCESS_KEY_ID": account}, region=region
    ).client("sns")
    arns = [topic["TopicArn"] for topic in there.list_topics()["Topics"]]
    return [there.get_topic_attributes(TopicArn=a)["Attributes"]["DisplayName"] for a in arns]


def test_a_set_reaches_every_account_in_every_region_and_can_be_repeated(
    aws: Aws, endpoint: Endpoint
) -> None:
    run = Run(aws, "many")
    run.deploy()
    places = [(account, region) for account in ACCOUNTS for region in sorted(REGIONS)]
    assert [row[:3] for row in run.rows] == [(*place, "CURRENT") for place in sorted(places)]
    assert all(topics(endpoint, *place) == ["one"] for place in places)
    run.lines.clear()
    run.deploy(Word="two")
    assert all(topics(endpoint, *place) == ["two"] for place in places)
    assert not [line for line in run.lines if line.startswith("Creating")]
    more = replace(TARGETS, accounts=(*ACCOUNTS, "300000000003"))
    run.deploy(more, Word="two")
    assert len(run.rows) == 6
    run.remove(Targets(regions=("eu-west-1",)))
    assert {row[1] for row in run.rows} == {"us-east-1"}
    assert topics(endpoint, ACCOUNTS[0], "eu-west-1") == []
    run.remove()
    assert run.lines[-1] == "clinic-many is gone."
    assert all(topics(endpoint, *place) == [] for place in places)
    run.remove()
    assert "There is no stack set clinic-many" in run.lines[-1]


def test_a_set_is_made_and_changed_only_after_a_yes(aws: Aws, endpoint: Endpoint) -> None:
    run, one = Run(aws, "asked"), Targets(regions=REGIONS[:1], accounts=ACCOUNTS[:1])
    run.deploy(one, agree=lambda question: False)
    assert run.rows == [("Create", ACCOUNTS[0], REGIONS[0])]
    assert run.lines == ["Nothing was changed."]
    assert aws.client("s3").list_buckets()["Buckets"] == []
    run.deploy(one)
    run.deploy(TARGETS, agree=lambda question: "clinic-asked" not in question, Word="two")
    assert run.rows[0] == ("Update", ACCOUNTS[0], REGIONS[0])
    assert len(run.rows) == 4
    assert topics(endpoint, ACCOUNTS[0], REGIONS[0]) == ["one"]
    run.remove()


def test_where_it_fails_the_reason_and_the_advice_are_told(aws: Aws) -> None:
    run = Run(aws, "broken")
    run.env = replace(small.one({"Database": BAD}), name="broken")
    with pytest.raises(ClinicError, match="DBSnapshot not found: missing") as failed:
        run.deploy()
    assert failed.value.exit_code == 1
    assert "describe-db-snapshots" in str(failed.value)
    assert not [line for line in run.lines if "eu-west-1" in line], "the next region is spared"
    run.remove()


def test_the_name_of_the_set_must_be_typed(aws: Aws) -> None:
    run = Run(aws, "kept")
    run.deploy()
    with pytest.raises(ClinicError, match="nothing was deleted"):
        run.remove(yes=False, ask=lambda question: "yes")
    run.remove(yes=False, ask=lambda question: "clinic-kept")


def test_protected_stacks_are_not_removed(aws: Aws) -> None:
    run = Run(aws, "guarded")
    protection = {"Type": "String", "Default": "true"}
    run.env = replace(
        small.one({"Topic": TOPIC}, Word=WORD, DeletionProtection=protection), name="guarded"
    )
    run.deploy()
    with pytest.raises(ClinicError, match="set DeletionProtection to false") as refused:
        run.remove()
    assert refused.value.exit_code == 2
    run.deploy(DeletionProtection="false")
    run.remove()


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        (Targets(regions=REGIONS, accounts=("123",)), "123 is not an account"),
        (Targets(regions=("Paris",), accounts=ACCOUNTS), "Paris is not a region"),
        (Targets(regions=REGIONS, ous=("clinics",)), "clinics is not an organizational unit"),
        (Targets(accounts=ACCOUNTS), "give --regions"),
        (Targets(regions=REGIONS), "give --regions, and --accounts or --ous"),
        (Targets(regions=REGIONS, accounts=ACCOUNTS, max_concurrent=0), "--max-concurrent"),
    ],
)
def test_wrong_targets_are_refused_before_anything_is_sent(
    aws: Aws, targets: Targets, says: str
) -> None:
    with pytest.raises(ClinicError, match=says) as refused:
        Run(aws, "wrong").deploy(targets)
    assert refused.value.exit_code == 2
    assert aws.client("s3").list_buckets()["Buckets"] == []


def test_a_set_holds_no_nested_stacks(aws: Aws) -> None:
    run = Run(aws, "nested")
    run.env = small.nested()
    with pytest.raises(ClinicError, match="flat form"):
        run.deploy()


def test_another_operation_in_progress_is_waited_for_by_the_person(aws: Aws) -> None:
    run = Run(aws, "busy")
    with Stubber(aws.client("cloudformation")) as stub:
        stub.add_response("describe_stack_set", {"StackSet": {"Status": "ACTIVE"}})
        stub.add_response("list_stack_instances", {"Summaries": []})
        stub.add_client_error("create_stack_instances", "OperationInProgressException")
        with pytest.raises(ClinicError, match="another operation") as refused:
            run.deploy()
    assert refused.value.exit_code == 3


def test_every_region_gets_its_own_prefix_list(aws: Aws) -> None:
    lists = {r: stack_set._overrides(aws, r)["ParameterOverrides"] for r in REGIONS}
    for region, override in lists.items():
        (own,) = override
        assert own["ParameterKey"] == "CloudFrontPrefixListId"
        assert own["ParameterValue"].startswith("pl-"), region


def test_a_service_managed_set_goes_to_units_of_the_organization(aws: Aws) -> None:
    units = Targets(regions=("us-east-1",), ous=("ou-ab12-cd34",))
    run = Run(aws, "units")
    run.env = replace(run.env, values={"AlbExposure": "cloudfront"})
    missing = "StackSetNotFoundException"
    with Stubber(aws.client("cloudformation")) as stub:
        stub.add_client_error("describe_stack_set", missing)
        stub.add_response(
            "create_stack_set",
            {},
            {
                "StackSetName": "clinic-units",
                "PermissionModel": "SERVICE_MANAGED",
                "AutoDeployment": {"Enabled": False},
                "TemplateURL": ANY,
                "Parameters": ANY,
                "Capabilities": ["CAPABILITY_IAM"],
                "Tags": ANY,
            },
        )
        stub.add_response(
            "create_stack_instances",
            CREATE,
            {
                "StackSetName": "clinic-units",
                "DeploymentTargets": {"OrganizationalUnitIds": ["ou-ab12-cd34"]},
                "Regions": ["us-east-1"],
                "ParameterOverrides": ANY,
                "OperationPreferences": PREFERENCES,
            },
        )
        for status in ("QUEUED", "RUNNING", "SUCCEEDED"):
            stub.add_response(
                "describe_stack_set_operation", {"StackSetOperation": {"Status": status}}
            )
        stub.add_response("list_stack_set_operation_results", {"Summaries": []})
        stub.add_response("list_stack_instances", {"Summaries": []})
        run.deploy(units)
        stub.assert_no_pending_responses()


def test_removal_from_units_names_the_units_and_only_these_accounts(aws: Aws) -> None:
    run = Run(aws, "leaving")
    place = {"Account": ACCOUNTS[0], "Region": "us-east-1", "OrganizationalUnitId": "ou-ab12-cd34"}
    with Stubber(aws.client("cloudformation")) as stub:
        stub.add_response("describe_stack_set", {"StackSet": {"Status": "ACTIVE"}})
        stub.add_response("list_stack_instances", {"Summaries": [place]})
        stub.add_response(
            "delete_stack_instances",
            CREATE,
            {
                "StackSetName": "clinic-leaving",
                "DeploymentTargets": {
                    "OrganizationalUnitIds": ["ou-ab12-cd34"],
                    "Accounts": [ACCOUNTS[0]],
                    "AccountFilterType": "INTERSECTION",
                },
                "Regions": ["us-east-1"],
                "RetainStacks": False,
                "OperationPreferences": PREFERENCES,
            },
        )
        stub.add_response(
            "describe_stack_set_operation", {"StackSetOperation": {"Status": "SUCCEEDED"}}
        )
        stub.add_response("list_stack_set_operation_results", {"Summaries": []})
        stub.add_response("list_stack_instances", {"Summaries": []})
        stub.add_response("delete_stack_set", {})
        run.remove()
        stub.assert_no_pending_responses()
