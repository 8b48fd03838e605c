"""Ask every instance and the group, and say what is wrong and what to do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from generator.application.doctor.examine import Finding, examine
from generator.application.doctor.group import PLACE, examine_group
from generator.application.doctor.patient import Patient, ask, meet
from generator.cloud import witness
from generator.cloud.aws import Aws
from generator.cloud.stacks import Stack, existing, tree, walk
from generator.cloud.text import plain
from generator.cloud.witness import GROUP, LOG_GROUP, Target
from generator.errors import ClinicError
from generator.report import Report


def visit(aws: Aws, name: str, instance: str | None, report: Report) -> bool:
    """Examine a stack by name, or one ``instance`` of it; whether all is well.

    ClinicError (2) if there is no such stack, group or instance.
    """
    stack = existing(aws, name)
    made = list(walk(tree(aws, stack.id)))
    group = next((r.physical for r in made if r.type == GROUP), "")
    log_group = next((r.physical for r in made if r.path.rpartition("/")[2] == LOG_GROUP), "")
    told = witness.group(aws, group) if group else {}
    if not told:
        raise ClinicError(
            f"{name} is in {stack.status} and has no Auto Scaling group: `clinic status` shows "
            "what it has."
        )
    unread = list[str]()
    targets = ask("target health", lambda: _by_id(aws, told), unread, None)
    patients = _patients(aws, stack, told, targets, log_group, instance)
    findings = [found for patient in patients if (found := examine(patient))]
    if not instance:
        nothing = list[dict[str, Any]]()
        past = ask("scaling activities", lambda: witness.activities(aws, group), unread, nothing)
        findings += examine_group(told, past, findings)
    findings.sort(key=lambda found: -1 if found.place == PLACE else found.rank)
    _report(name, stack, patients, findings, unread, report)
    return not findings


def _patients(
    aws: Aws,
    stack: Stack,
    told: dict[str, Any],
    targets: dict[str, Target] | None,
    log_group: str,
    instance: str | None,
) -> list[Patient]:
    members = told.get("Instances", [])
    if instance:
        members = [member for member in members if member["InstanceId"] == instance]
        if not members:
            raise ClinicError(
                f"{stack.name} has no instance {plain(instance)}: run this without --instance to "
                "see which it has."
            )
    standard = stack.parameters.get("CpuCredits") == "standard"
    return [
        meet(aws, member, _target(member["InstanceId"], targets), log_group, standard)
        for member in members
    ]


def _by_id(aws: Aws, told: dict[str, Any]) -> dict[str, Target] | None:
    """Targets by instance; None for a group without a balancer."""
    if not told.get("TargetGroupARNs"):
        return None
    return {target.id: target for target in witness.targets(aws, told)}


def _target(instance: str, targets: dict[str, Target] | None) -> Target | None:
    """Of an instance; one that the balancer does not know is unused."""
    unknown = Target(instance, "unused", "Target.NotRegistered", "Target is not registered")
    return None if targets is None else targets.get(instance, unknown)


def _report(
    name: str,
    stack: Stack,
    patients: list[Patient],
    findings: list[Finding],
    unread: list[str],
    report: Report,
) -> None:
    rows = []
    for patient in patients:
        state = patient.target.state if patient.target else "no balancer"
        step = next(iter(patient.step), "no boot log").strip("- ").lower()
        balance = "" if patient.credits is None else f"{patient.credits:.0f}"
        rows.append([patient.id, patient.lifecycle, state, plain(step), balance])
        report.tell(
            "instance",
            id=patient.id,
            lifecycle=patient.lifecycle,
            target=state,
            step=step,
            credits=patient.credits,
        )
    report.say(f"{name}: {stack.status}")
    report.table(["instance", "group", "balancer", "boot", "credits"], rows)
    for found in findings:
        report.tell("finding", **asdict(found))
        report.say(f"\n{found.place}: {found.meaning}")
        report.say(f"  To do: {found.advice}")
        report.say(f"  Seen:  {found.evidence}")
    for line in [*unread, *(f"{p.id}: {line}" for p in patients for line in p.unread)]:
        report.tell("unread", text=line)
        report.say(f"\n{line}")
    report.tell("doctor", stack=name, well=not findings, findings=len(findings))
    if not findings:
        report.say("\nNothing is wrong with what could be seen.")
