"""The rehearsal lives a whole life, and does not claim more than it shows."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from generator.cloud.aws import Aws
from generator.cloud.deploy import DeployOptions
from generator.cloud.environment import load
from generator.cloud.stacks import find, tree, walk
from generator.errors import ClinicError
from generator.local import rehearse as rehearsing
from generator.local.readback import READERS, PropertyCount, read_back
from generator.local.rehearse import PACE, Rehearsal, rehearse
from generator.model.walk import STACK
from generator.report import Report

from . import small
from .test_environment import PARAMS

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef

WISHES = DeployOptions(yes=True, report=Report(brief=True), pace=PACE)


@pytest.mark.parametrize(("env", "flat"), [("dev", False), ("prod", False), ("dev", True)])
def test_a_rehearsal_creates_reads_updates_fails_and_destroys(
    aws: Aws, capsys: pytest.CaptureFixture[str], env: str, flat: bool
) -> None:
    rehearse(Rehearsal(aws, load(env, PARAMS, flat), WISHES))
    out = capsys.readouterr().out
    for number in range(1, 10):
        assert f"\n== {number}. " in out
    assert "added:    JWT_SECRET, GEMINI_API_KEY, JWT_EXPIRATION_TIME" in out
    assert "nothing was sent" in out
    assert "made-up-for-the-rehearsal" not in out
    assert "sent 10 files" in out
    assert "nothing to send, 10 unchanged" in out
    assert "All 10 files are in clinic-" in out
    assert "The data-loss gate: this would cost data" in out
    assert "DBSnapshot not found: clinic-no-such-snapshot" in out
    assert "was rolled back (UPDATE_ROLLBACK_COMPLETE)" in out
    assert f"clinic-{env} runs docker.io/clinic/backend:rehearsed." in out
    assert re.search(r"env-file +ok", out) or not shutil.which("node")
    assert f"clinic-{env} is gone" in out
    assert "Rehearsed against an emulator." in out
    assert "validated" not in out.lower()
    assert find(aws, f"clinic-{env}") is None


def test_nearly_every_property_is_read_back_equal(aws: Aws) -> None:
    env = load("prod", PARAMS)
    small.deploy(aws, env)
    counts, lost = read_back(aws, env)
    equal = sum(count.equal for count in counts.values())
    assert len(lost) == sum(count.lost for count in counts.values()) < 60
    assert equal > 800
    stack = find(aws, env.stack)
    assert stack
    single = [r for r in walk(tree(aws, stack.id)) if r.type != STACK]
    assert sum(count.resources for count in counts.values()) == len(single)
    unread = {r.path for r in single if r.type not in READERS}
    assert sum(count.unread for count in counts.values()) == len(unread)


Change = Callable[[Aws], None]


def close_a_port(aws: Aws) -> None:
    [group] = aws.client("ec2").describe_security_groups(
        Filters=[{"Name": "tag:Name", "Values": ["small-sg-backend-ec2"]}]
    )["SecurityGroups"]
    ids: list[FilterTypeDef] = [{"Name": "group-id", "Values": [group["GroupId"]]}]
    rules = aws.client("ec2").describe_security_group_rules(Filters=ids)["SecurityGroupRules"]
    ingress = [r["SecurityGroupRuleId"] for r in rules if not r["IsEgress"]]
    aws.client("ec2").revoke_security_group_ingress(
        GroupId=group["GroupId"], SecurityGroupRuleIds=ingress
    )


def open_buckets(aws: Aws) -> None:
    for bucket in aws.client("s3").list_buckets()["Buckets"]:
        aws.client("s3").delete_public_access_block(Bucket=bucket["Name"])


@pytest.mark.parametrize(
    ("change", "lost"),
    [(close_a_port, "FromPort = 3000"), (open_buckets, "BlockPublicAcls = true")],
)
def test_what_a_service_does_not_have_is_counted_as_lost(
    aws: Aws, change: Change, lost: str
) -> None:
    env = small.nested()
    small.deploy(aws, env)
    before = read_back(aws, env)[1]
    change(aws)
    after = read_back(aws, env)[1]
    assert any(lost in line for line in set(after) - set(before)), after


def test_a_mistake_that_goes_through_fails_the_rehearsal(aws: Aws) -> None:
    with pytest.raises(ClinicError, match="LogRetentionDays=180 went through") as told:
        rehearse(Rehearsal(aws, load("dev", PARAMS), WISHES, {"LogRetentionDays": "180"}))
    assert told.value.exit_code == 1


def test_lost_properties_are_listed_up_to_a_point(capsys: pytest.CaptureFixture[str]) -> None:
    rehearsing._show(
        {"Edge": PropertyCount(3, 1, 10, 20)}, [f"Edge/X.P = {n}" for n in range(20)], Report()
    )
    out = capsys.readouterr().out
    assert "Edge           3             1          30     10                 20" in out
    assert "Edge/X.P = 11" in out
    assert "and 8 more" in out
