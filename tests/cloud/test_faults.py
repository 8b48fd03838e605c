"""A deployment that is cut off at any call ends well in its second run, with nothing lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from generator.errors import ClinicError
from generator.local import Endpoint

from . import small
from .faults import FAULTS, Fault, Wire, impatient
from .matrix import Scene, pairs
from .outcomes import quietly, show

CUTS = tuple(fault for fault in FAULTS if not fault.code)
OTHERS = tuple(fault for fault in FAULTS if fault.code)
PASSING = {"throttled", "server error"}
PAIRS = pairs()


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with impatient(monkeypatch):
        yield


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_a_creation_cut_off_at_any_call_is_completed_by_the_next_run(
    endpoint: Endpoint, cut: Fault
) -> None:
    outcomes = list(Scene(endpoint, PAIRS["create"]).walk(lambda number: [cut]))
    assert len(outcomes) > 20
    assert show("creation", outcomes) == 0


def test_an_update_cut_off_at_any_call_is_completed_by_the_next_run(endpoint: Endpoint) -> None:
    """By turns before and after the call; matrix.py does both at each, and the rest."""
    outcomes = list(Scene(endpoint, PAIRS["update"]).walk(lambda number: [CUTS[number % 2]]))
    assert len(outcomes) > 20
    assert show("update", outcomes) == 0


def test_refusals_and_disturbances_at_every_call_by_turns(endpoint: Endpoint) -> None:
    scene = Scene(endpoint, PAIRS["update"])
    outcomes = list(scene.walk(lambda number: [OTHERS[number * 3 % len(OTHERS)]]))
    assert show("refusals", outcomes) == 0
    for outcome in outcomes:
        # Whoever executed a change set and did not hear so must look before going on.
        unheard = outcome.fault.after and outcome.call.endswith("ExecuteChangeSet")
        assert outcome.alone == (outcome.fault.name in PASSING and not unheard), outcome


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("ExpiredToken", "credentials have expired: sign in again"),
        ("RequestTimeTooSkewed", "set its clock"),
        ("InvalidClientTokenId", "does not accept these credentials"),
    ],
)
@pytest.mark.parametrize("operation", ["GetCallerIdentity", "PutObject", "DescribeStackEvents"])
def test_credentials_and_clock_are_named_wherever_they_fail(
    endpoint: Endpoint, code: str, says: str, operation: str
) -> None:
    scene = Scene(endpoint, PAIRS["create"])
    account = str(next(scene.accounts))
    fault = Fault("refused", code, 403, lasting=True)
    broken = Wire(fault, operation=operation).watch(scene.connect(account))
    with pytest.raises(ClinicError, match=says) as refused:
        scene.run(broken)
    assert refused.value.exit_code == 2
    scene.run(scene.connect(account))
    assert scene.check(scene.connect(account)) == ""


def test_the_check_notices_what_a_broken_run_could_leave(endpoint: Endpoint) -> None:
    scene = Scene(endpoint, PAIRS["update"])
    aws = scene.connect(str(next(scene.accounts)))
    scene.prepare(aws)
    assert "the parameters are" in scene.check(aws)
    scene.run(aws)
    assert scene.check(aws) == ""
    aws.client("s3").create_bucket(Bucket="clinic-small-storagestack-documentsbucket-1")
    assert "buckets are orphaned" in scene.check(aws)
    aws.client("s3").delete_bucket(Bucket="clinic-small-storagestack-documentsbucket-1")
    stack = small.status(aws, "clinic-small")
    assert stack == "UPDATE_COMPLETE"
    aws.client("cloudformation").create_change_set(
        StackName="clinic-small",
        ChangeSetName="clinic-left",
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}',
    )
    assert "change sets are left" in scene.check(aws)
    scene.kept = {"SecretsStack/DatabaseSecret": "another"}
    assert "data was lost" in scene.check(aws)
    quietly(lambda: aws.client("cloudformation").delete_stack(StackName="clinic-small"))


@pytest.mark.parametrize("after", [False, True])
def test_a_fault_strikes_before_or_after_the_call_takes_effect(
    endpoint: Endpoint, after: bool
) -> None:
    scene = Scene(endpoint, PAIRS["create"])
    account = str(next(scene.accounts))
    wire = Wire(Fault("denied", "AccessDenied", 403, after=after), at=0)
    aws = wire.watch(scene.connect(account))
    with pytest.raises(aws.client("s3").exceptions.ClientError):
        aws.client("s3").create_bucket(Bucket="a-bucket")
    assert wire.struck == "s3.CreateBucket"
    made = scene.connect(account).client("s3").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in made] == (["a-bucket"] if after else [])
