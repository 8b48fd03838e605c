"""The observer may do what doctor and logs do, the operator beside it what stress and shell do, and
nothing on foreign machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import generator
from tests.cloud.calls import rights, written

from .decide import is_allowed
from .ours import ALARM, BY_HAND, PLACE, ROOT, TAGGED

FOLDER = Path(generator.__file__).parent
DOCTOR = [*FOLDER.glob("application/doctor/*.py"), FOLDER / "cloud/backend.py"]
SMOKE = [*FOLDER.glob("application/smoke/*.py")]
LOGS = [*FOLDER.glob("application/logs/*.py")]
OPENS = [*FOLDER.glob("application/shell/*.py"), FOLDER / "cloud/backend.py"]
STRESS = [*FOLDER.glob("application/stress/*.py")]
ALWAYS = {"cloudformation:DescribeStacks", "cloudformation:ListStackResources"}
"""What generator.cloud.stacks calls to find the group."""
INSTANCE = f"arn:aws:ec2:{PLACE}:instance/i-1"
SCRIPT = "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript"
SHELL = f"arn:aws:ssm:{PLACE}:document/SSM-SessionManagerRunShell"
SESSION = TAGGED | {"ssm:SessionDocumentAccessCheck": "true", "aws:userid": "AROAX:eve"}
LOG = f"arn:aws:logs:{PLACE}:log-group:clinic-dev-BackendStack-1A2B-BackendLogGroupResource-x"
THINGS = {
    "cloudformation": (ROOT,),
    "cloudwatch:DescribeAlarms": (ALARM,),
    "ec2": (INSTANCE,),
    "logs": (f"{LOG}:log-stream:i-1/boot",),
    "logs:DescribeLogStreams": (LOG, f"{LOG}:log-stream:"),
    "logs:FilterLogEvents": (LOG, f"{LOG}:log-stream:"),
    "ssm:GetDocument": (SHELL,),
    "ssm:SendCommand": (INSTANCE, SCRIPT),
}

Documents = dict[str, dict[str, Any]]


def calls(paths: list[Path]) -> set[str]:
    """The rights that all calls of the modules need."""
    found = {right for call in written(paths) for right in rights(call)}
    return found | ALWAYS


def test_the_calls_are_found_in_the_code() -> None:
    assert {"elasticloadbalancing:DescribeTargetHealth", "logs:GetLogEvents"} < calls(DOCTOR)
    assert "elasticloadbalancing:DescribeTargetHealth" in calls(SMOKE)
    assert {"ssm:SendCommand", "ssm:CancelCommand"} < calls(STRESS)
    assert {"logs:FilterLogEvents", "logs:DescribeLogStreams"} < calls(LOGS)
    assert "ssm:GetDocument" in calls(OPENS)


@pytest.mark.parametrize("call", sorted(calls(DOCTOR) | calls(SMOKE) | calls(LOGS)))
def test_the_observer_may_make_every_call_of_doctor_smoke_and_logs(
    documents: Documents, call: str
) -> None:
    for thing in THINGS.get(call) or THINGS.get(call.partition(":")[0]) or ("*",):
        assert is_allowed([documents["observer"]], call, thing, TAGGED), f"{call} on {thing}"


@pytest.mark.parametrize("call", sorted(calls(STRESS) | calls(OPENS)))
def test_the_operator_beside_the_observer_may_make_every_call(
    documents: Documents, call: str
) -> None:
    both = [documents["observer"], documents["operator"]]
    for thing in THINGS.get(call) or THINGS.get(call.partition(":")[0]) or ("*",):
        assert is_allowed(both, call, thing, SESSION), f"{call} on {thing}"


def test_the_observer_changes_nothing_and_the_operator_reads_no_log(documents: Documents) -> None:
    allowed = [a for s in documents["observer"]["Statement"] for a in s["Action"]]
    reading = ("Describe", "Filter", "Get", "List")
    assert all(a.partition(":")[2].startswith(reading) for a in allowed)
    log = f"{LOG}:log-stream:i-1/boot"
    assert not is_allowed([documents["operator"]], "logs:GetLogEvents", log, SESSION)


def test_the_operator_opens_a_shell_on_our_instances_and_ends_no_session_of_others(
    documents: Documents,
) -> None:
    operator = [documents["operator"]]
    for thing in (INSTANCE, SHELL):
        assert is_allowed(operator, "ssm:StartSession", thing, SESSION)
    assert not is_allowed(operator, "ssm:StartSession", INSTANCE, BY_HAND | {"aws:userid": "x"})
    ports = SHELL.replace("SSM-SessionManagerRunShell", "AWS-StartPortForwardingSession")
    assert not is_allowed(operator, "ssm:StartSession", ports, SESSION)
    unchecked = SESSION | {"ssm:SessionDocumentAccessCheck": "false"}
    assert not is_allowed(operator, "ssm:StartSession", INSTANCE, unchecked)
    sessions = f"arn:aws:ssm:{PLACE}:session/"
    assert is_allowed(operator, "ssm:TerminateSession", f"{sessions}AROAX:eve-0a1b", SESSION)
    assert not is_allowed(operator, "ssm:TerminateSession", f"{sessions}AROAX:bob-0a1b", SESSION)


@pytest.mark.parametrize("call", sorted(calls(DOCTOR)))
def test_whoever_deploys_may_call_the_doctor(documents: Documents, call: str) -> None:
    deployer = [text for stem, text in documents.items() if stem.startswith("deployer-")]
    for thing in THINGS.get(call.partition(":")[0], ("*",)):
        assert is_allowed(deployer, call, thing, TAGGED), f"{call} on {thing}"


def test_no_script_runs_on_a_foreign_instance_and_no_other_document(documents: Documents) -> None:
    operator = [documents["operator"]]
    assert not is_allowed(operator, "ssm:SendCommand", INSTANCE, BY_HAND | {"aws:userid": "x"})
    other = "arn:aws:ssm:eu-west-1::document/AWS-RunRemoteScript"
    assert not is_allowed(operator, "ssm:SendCommand", other, SESSION)


def test_neither_reads_a_secret_by_an_api_or_changes_a_stack(documents: Documents) -> None:
    for action in ("secretsmanager:GetSecretValue", "s3:GetObject", "cloudformation:UpdateStack"):
        for stem in ("observer", "operator"):
            assert not is_allowed([documents[stem]], action, "*", SESSION)
