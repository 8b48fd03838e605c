"""Ask every instance and the group, and say what is wrong and what to do."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

from generator.application.doctor.examine import HealthFinding, examine
from generator.application.doctor.group import PLACE, examine_group
from generator.application.doctor.instance import (
    LOG_CALLS_A_SECOND,
    InstanceState,
    Pace,
    credits,
    gather,
    read_or_note,
)
from generator.cloud import backend
from generator.cloud.aws import Aws
from generator.cloud.backend import TargetHealth
from generator.cloud.stacks import Stack
from generator.cloud.text import printable
from generator.errors import ClinicError
from generator.report import Report

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import (
        ActivityTypeDef,
        AutoScalingGroupTypeDef,
        InstanceTypeDef,
    )

THREADS = 12
"""Calls that are under way at once."""
MANY = 20
"""Instances whose reading takes over a second."""


def diagnose(aws: Aws, name: str, instance: str | None, report: Report) -> bool:
    """Examine a stack by name, or one ``instance`` of it; whether all is well.

    ClinicError (2) if there is no such stack, group or instance.
    """
    stack, group, log_group = backend.of_stack(aws, name)
    described = backend.group(aws, group) if group else None
    if not described:
        raise ClinicError(
            f"{name} is in {stack.status} and has no Auto Scaling group: `clinic status` shows "
            "what it has."
        )
    unread = list[str]()
    targets = read_or_note("target health", lambda: _by_id(aws, described), unread, None)
    members = _members(stack, described, instance)
    instances = _instances(aws, stack, members, targets, log_group, unread)
    findings = [finding for each in instances if (finding := examine(each))]
    if not instance:
        nothing: list[ActivityTypeDef] = []
        activities = partial(backend.activities, aws, group)
        past = read_or_note("scaling activities", activities, unread, nothing)
        findings += examine_group(described, past, findings)
    findings.sort(key=lambda finding: -1 if finding.place == PLACE else finding.rank)
    _report(name, stack, instances, findings, unread, report)
    return not findings


def _members(
    stack: Stack, group: AutoScalingGroupTypeDef, instance: str | None
) -> list[InstanceTypeDef]:
    """The instances of ``group`` as it describes them, or the one that is asked about."""
    members = backend.instances(group)
    if instance:
        members = [member for member in members if member["InstanceId"] == instance]
        if not members:
            raise ClinicError(
                f"{stack.name} has no instance {printable(instance)}: run this without "
                "--instance to see which it has."
            )
    return members


def _instances(
    aws: Aws,
    stack: Stack,
    members: list[InstanceTypeDef],
    targets: dict[str, TargetHealth] | None,
    log_group: str,
    unread: list[str],
) -> list[InstanceState]:
    """All that is known of each member, in the group's order."""
    if len(members) > MANY and sys.stderr.isatty():
        print(f"Reading the logs of {len(members)} instances ...", file=sys.stderr)
    ids = [member["InstanceId"] for member in members]
    balances = read_or_note("CPU credits", lambda: credits(aws, ids), unread, dict[str, float]())
    standard = stack.parameters.get("CpuCredits") == "standard"
    log_calls = Pace(LOG_CALLS_A_SECOND)

    def one(member: InstanceTypeDef) -> InstanceState:
        target = _target(member["InstanceId"], targets)
        state = gather(aws, member, target, log_group, log_calls)
        return replace(state, credits=balances.get(state.id), standard=standard)

    for service in ("logs", "ec2"):
        aws.client_named(service)  # made once, before threads ask for it at the same time
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, members))


def _by_id(aws: Aws, group: AutoScalingGroupTypeDef) -> dict[str, TargetHealth] | None:
    """Targets by instance; None for a group without a balancer."""
    if not group.get("TargetGroupARNs"):
        return None
    return {target.id: target for target in backend.targets(aws, group)}


def _target(instance: str, targets: dict[str, TargetHealth] | None) -> TargetHealth | None:
    """Of an instance; one that the balancer does not know is unused."""
    unknown = TargetHealth(instance, "unused", "Target.NotRegistered", "Target is not registered")
    return None if targets is None else targets.get(instance, unknown)


def _report(
    name: str,
    stack: Stack,
    instances: list[InstanceState],
    findings: list[HealthFinding],
    unread: list[str],
    report: Report,
) -> None:
    rows = []
    for instance in instances:
        state = instance.target.state if instance.target else "no balancer"
        step = next(iter(instance.step), "no boot log").strip("- ").lower()
        balance = "" if instance.credits is None else f"{instance.credits:.0f}"
        rows.append([instance.id, instance.lifecycle, state, printable(step), balance])
        report.tell(
            "instance",
            id=instance.id,
            lifecycle=instance.lifecycle,
            target=state,
            step=step,
            credits=instance.credits,
        )
    report.say(f"{name}: {stack.status}")
    report.table(["instance", "group", "balancer", "boot", "credits"], rows)
    for finding in findings:
        report.tell("finding", **asdict(finding))
        report.say(f"\n{finding.place}: {finding.meaning}")
        report.say(f"  To do: {finding.advice}")
        report.say(f"  Seen:  {finding.evidence}")
    for line in [*unread, *(f"{p.id}: {line}" for p in instances for line in p.unread)]:
        report.tell("unread", text=line)
        report.say(f"\n{line}")
    report.tell("doctor", stack=name, well=not findings, findings=len(findings))
    if not findings:
        report.say("\nNothing is wrong with what could be seen.")
