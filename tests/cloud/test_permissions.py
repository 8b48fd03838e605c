"""The deployer's policies allow every call of the helper, and a missing right is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import generator.cloud
from generator import policies
from generator.cloud import diagnose, stack_set, status
from generator.cloud.aws import Aws, explained
from generator.cloud.backend import GROUP, LOG_GROUP
from generator.cloud.destroy import destroy
from generator.cloud.recover import recover
from generator.cloud.stack_instances import Targets
from generator.cloud.stacks import find
from generator.errors import ClinicError
from generator.layers.database import DATABASE
from generator.layers.monitoring import MONITORING
from generator.local import Endpoint
from generator.report import Report

from ..policies.decide import is_allowed
from ..policies.ours import ACCOUNT, ARTIFACTS, BOUNDARY, PLACE, ROOT, TAGGED, bucket
from . import small
from .calls import rights, unknown, written
from .faults import Fault, Wire, impatient
from .matrix import Scene
from .outcomes import quietly
from .test_diagnose import event

DEPLOYER = [text for stem, text in policies.documents().items() if stem.startswith("deployer-")]
NESTED = f"arn:aws:cloudformation:{PLACE}:stack/clinic-dev-EdgeStack-1A2B3C4D5E6F7/0a1b"
FRONTEND = bucket("FrontendBucket")
SET = f"arn:aws:cloudformation:{PLACE}:stackset/clinic-dev:0a1b"
LOG = f"arn:aws:logs:{PLACE}:log-group:clinic-dev-BackendStack-1A2B-BackendLogGroupResource-x"
THINGS: Mapping[str, tuple[str, ...]] = {
    "cloudformation": (ROOT, NESTED),
    "iam": (BOUNDARY,),
    "logs": (LOG, f"{LOG}:log-stream:i-1/boot"),
    "ec2": (f"arn:aws:ec2:{PLACE}:instance/i-1",),
    "rds": (f"arn:aws:rds:{PLACE}:db:clinic-dev-databasestack-1a2b-database-3c4d",),
    "autoscaling": ("*",),
    "elasticloadbalancing": ("*",),
    "sts": ("*",),
    "s3": (ARTIFACTS,),
}
"""What the calls are about, by service."""
EXCEPT: Mapping[str, tuple[str, ...]] = {
    "cloudformation:CreateStackSet": ("*",),
    "cloudformation:DescribeStackDriftDetectionStatus": ("*",),
    "ec2:DescribeManagedPrefixLists": ("*",),
    "logs:DescribeLogGroups": ("*",),
    "s3:DeleteObject": (f"{ARTIFACTS}/clinic-dev/x/root.json", f"{FRONTEND}/index.html"),
    "s3:DeleteObjectVersion": (f"{ARTIFACTS}/clinic-dev/x/root.json", f"{FRONTEND}/index.html"),
    "s3:GetObject": (f"{ARTIFACTS}/clinic-dev/x/root.json",),
    "s3:ListAllMyBuckets": ("*",),
    "s3:ListBucketVersions": (FRONTEND,),
    "s3:PutObject": (f"{ARTIFACTS}/clinic-dev/x/root.json",),
}
"""And by action, where that is something else."""
MAKES_SET = f"https://s3.eu-west-1.amazonaws.com/{ARTIFACTS.rpartition(':')[2]}/x/flat.json"
CONTEXT = TAGGED | {"cloudformation:TemplateUrl": MAKES_SET, "aws:PrincipalAccount": ACCOUNT}

PRICES = "pricing.py"
"""`clinic cost --live`: no stack's right, and its refusal names the one that it needs."""
CALLS = written(
    path for path in Path(generator.cloud.__file__).parent.glob("*.py") if path.name != PRICES
)
"""All that the helper's code calls."""


def group_of(aws: Aws) -> Any:
    """A failed group of the deployed stack, as diagnosis sees it."""
    stack = find(aws, "clinic-small")
    assert stack
    return event(1, "BackendGroup", "x", type=GROUP, physical="group", stack=stack.id)


def everything(
    scene: Scene, account: str, watch: Callable[[Aws], Aws]
) -> Iterator[Callable[[], object]]:
    """Every command of the helper in an order that works, each to be called."""

    def fresh() -> Aws:
        return watch(scene.connect(account))

    log = small.one({LOG_GROUP: {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain"}})
    site = {"FrontendBucket": {"Type": "AWS::S3::Bucket"}, "Topic": {"Type": "AWS::SNS::Topic"}}
    more = small.one({**log.documents["flat.json"]["Resources"], **site})
    ends: dict[str, Any] = {"follow": small.quietly, "report": small.Heard()}
    yield lambda: small.deploy(fresh(), log)
    yield lambda: small.deploy(fresh(), more)
    yield lambda: status.status(fresh(), "clinic-small", Report(), drift=True, pause=0.01)
    yield lambda: fill(scene.connect(account))
    yield lambda: collected(fresh())
    yield lambda: destroy(fresh(), "clinic-small", ask=str, yes=True, **ends)
    broken = small.nested(*small.LAYERS, MONITORING, DATABASE, DatabaseSnapshot="missing")
    yield lambda: failing(lambda: small.deploy(fresh(), broken))
    yield lambda: recover(fresh(), "clinic-small", **ends)
    targets = Targets(regions=("us-east-1",), accounts=(account,))
    yield lambda: stack_set.deploy(fresh(), log, targets, agree=bool, report=small.Heard())
    yield lambda: stack_set.deploy(fresh(), more, targets, agree=bool, report=small.Heard())
    yield lambda: stack_set.remove(fresh(), more, targets, ask=str, yes=True, report=small.Heard())


def fill(aws: Aws) -> None:
    """An object in the frontend's bucket and a boot log."""
    made = {r.path: r.physical for r in small.resources(aws, "clinic-small")}
    aws.client("s3").put_object(Bucket=made["FrontendBucket"], Key="index.html", Body=b"x")
    stream = {"logGroupName": made[LOG_GROUP], "logStreamName": "i-1/boot"}
    aws.client("logs").create_log_stream(**stream)


def collected(aws: Aws) -> None:
    """Evidence tells of a missing right in its own lines, since it is no reason to stop."""
    denied = [line for line in diagnose.collect(aws, group_of(aws)) if "may not" in line]
    if denied:
        raise ClinicError(denied[0])


def failing(run: Callable[[], None]) -> None:
    """A stack that fails is wanted here; a missing right is not."""
    with pytest.raises(ClinicError) as failed:
        run()
    if "may not" in str(failed.value):
        raise failed.value


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("generator.cloud.stack_instances.PAUSE", 0.02)
    with impatient(monkeypatch):
        yield


@pytest.fixture
def scene(endpoint: Endpoint) -> Scene:
    return Scene(endpoint, (None, small.nested()))


def recorded(scene: Scene) -> set[str]:
    """service:Operation of all calls that the commands make at the endpoint."""
    wires = list[Wire]()

    def watch(aws: Aws) -> Aws:
        wires.append(Wire())
        return wires[-1].watch(aws)

    for command in everything(scene, str(next(scene.accounts)), watch):
        quietly(command)
    return {name.replace(".", ":") for wire in wires for name in wire.calls}


def test_every_call_that_is_made_is_found_in_the_code(scene: Scene) -> None:
    made = recorded(scene)
    assert made - CALLS == set()
    assert len(made) > 35


@pytest.mark.parametrize("call", sorted(CALLS))
def test_the_deployers_policies_allow_every_call_of_the_code(call: str) -> None:
    for action in rights(call):
        things = EXCEPT.get(action)
        if (not things and "StackSet" in action) or "StackInstances" in action:
            things = things or (SET,)
        for thing in things or THINGS[action.partition(":")[0]]:
            assert is_allowed(DEPLOYER, action, thing, CONTEXT), f"{action} on {thing}"


def test_every_action_is_one_that_iam_knows() -> None:
    assert unknown(action for call in CALLS for action in rights(call)) == []


def test_a_policy_without_the_right_is_noticed() -> None:
    assert not is_allowed(DEPLOYER, "cloudformation:CreateStackRefactor", ROOT, CONTEXT)
    assert not is_allowed(DEPLOYER, "s3:ListBucketVersions", bucket("DocumentsBucket"), CONTEXT)


def test_a_missing_right_is_named_wherever_it_is_missing(scene: Scene) -> None:
    unnamed = {}
    for call in sorted(recorded(scene)):
        said = refused(scene, call)
        if not any(right in said for right in rights(call)):
            unnamed[call] = said
    assert unnamed == {}


def refused(scene: Scene, call: str) -> str:
    """What the commands say when one operation is denied in the service's words."""
    denied = Fault("denied", "AccessDenied", 403, words=WORDS.format(action=rights(call)[0]))
    operation = call.partition(":")[2]
    account = str(next(scene.accounts))

    def watch(aws: Aws) -> Aws:
        return Wire(denied, operation=operation).watch(aws)

    for command in everything(scene, account, watch):
        try:
            with explained():
                quietly(command)
        except ClinicError as error:
            return str(error)
    return "nothing was said"


WORDS = (
    "User: arn:aws:sts::111122223333:assumed-role/deployer/eve is not authorized to perform: "
    "{action} because no identity-based policy allows the action"
)
