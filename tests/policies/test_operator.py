"""The operator may do what the doctor and the stress test do, and nothing on foreign machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import generator
from tests.cloud.calls import rights, written

from .decide import is_allowed
from .ours import BY_HAND, PLACE, ROOT, TAGGED

FOLDER = Path(generator.__file__).parent
DOCTOR = [*FOLDER.glob("application/doctor/*.py"), FOLDER / "cloud/witness.py"]
SMOKE = [*FOLDER.glob("application/smoke/*.py")]
STRESS = [*FOLDER.glob("application/stress/*.py")]
ALWAYS = {"cloudformation:DescribeStacks", "cloudformation:ListStackResources"}
"""What generator.cloud.stacks calls to find the group."""
INSTANCE = f"arn:aws:ec2:{PLACE}:instance/i-1"
SHELL = "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript"
LOG = f"arn:aws:logs:{PLACE}:log-group:clinic-dev-BackendStack-1A2B-BackendLogGroupResource-x"
THINGS = {
    "cloudformation": (ROOT,),
    "ec2": (INSTANCE,),
    "logs": (f"{LOG}:log-stream:i-1/boot",),
    "ssm:SendCommand": (INSTANCE, SHELL),
}

Documents = dict[str, dict[str, Any]]


def calls(paths: list[Path]) -> set[str]:
    """The rights that all calls of the modules need."""
    found = {right for call in written(paths) for right in rights(call)}
    # This one is asked for on the way to a deployment's diagnosis only.
    return (found | ALWAYS) - {"logs:DescribeLogStreams"}


def test_the_calls_are_found_in_the_code() -> None:
    assert {"elasticloadbalancing:DescribeTargetHealth", "logs:GetLogEvents"} < calls(DOCTOR)
    assert "elasticloadbalancing:DescribeTargetHealth" in calls(SMOKE)
    assert {"ssm:SendCommand", "ssm:CancelCommand"} < calls(STRESS)


@pytest.mark.parametrize("call", sorted(calls(DOCTOR) | calls(STRESS) | calls(SMOKE)))
def test_the_operator_may_make_every_call(documents: Documents, call: str) -> None:
    for thing in THINGS.get(call) or THINGS.get(call.partition(":")[0]) or ("*",):
        assert is_allowed([documents["operator"]], call, thing, TAGGED), f"{call} on {thing}"


@pytest.mark.parametrize("call", sorted(calls(DOCTOR)))
def test_whoever_deploys_may_call_the_doctor(documents: Documents, call: str) -> None:
    deployer = [text for stem, text in documents.items() if stem.startswith("deployer-")]
    for thing in THINGS.get(call.partition(":")[0], ("*",)):
        assert is_allowed(deployer, call, thing, TAGGED), f"{call} on {thing}"


def test_no_script_runs_on_a_foreign_instance_and_no_other_document(documents: Documents) -> None:
    operator = [documents["operator"]]
    assert not is_allowed(operator, "ssm:SendCommand", INSTANCE, BY_HAND)
    other = "arn:aws:ssm:eu-west-1::document/AWS-RunRemoteScript"
    assert not is_allowed(operator, "ssm:SendCommand", other, TAGGED)


def test_the_operator_reads_no_secret_and_changes_no_stack(documents: Documents) -> None:
    for action in ("secretsmanager:GetSecretValue", "s3:GetObject", "cloudformation:UpdateStack"):
        assert not is_allowed([documents["operator"]], action, "*", TAGGED)
