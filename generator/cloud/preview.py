"""What a change set would do to the stack and its nested stacks, in one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.checks.changes import refusals
from generator.checks.changes.compare import Change, Detail, Side, forecast, resources
from generator.checks.changes.differences import apart
from generator.checks.changes.stateful import STATEFUL, loss
from generator.cloud.aws import Aws
from generator.cloud.change_set import ChangeSet, changes_of
from generator.cloud.environment import Environment
from generator.cloud.stacks import Stack
from generator.cloud.text import printable
from generator.model.schemas import in_place
from generator.model.walk import STACK, join

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        ResourceChangeDetailTypeDef,
        ResourceChangeTypeDef,
    )

LATER = "KNOWN_AFTER_APPLY"
"""CloudFormation's word for a value that only the execution will tell."""
WIDTH = 44
"""Characters of a value in the table; the JSON form has all of it."""
HEADINGS = ["action", "layer", "resource", "what changes", "replaced", "data"]


class Preview(NamedTuple):
    """Every change of a stack and its nested stacks, and known refusals by AWS."""

    changes: list[Change]
    findings: list[refusals.Refusal]


def preview(
    aws: Aws, env: Environment, base: str, stack: Stack | None, change_set: ChangeSet
) -> Preview:
    """The changes that update ``stack`` (None: to be created) to ``env``.

    The forecast computes them from the templates. A change that only CloudFormation reports is
    added, unless it depends on another stack's output, whose value the forecast has computed.
    """
    around = {"AWS::Region": aws.region, "AWS::AccountId": aws.account, "AWS::StackName": env.stack}
    new = Side(env.documents[env.top], {**around, **env.parameters(base)}, env.children())
    if stack is None:
        return Preview(forecast(Side({}, {}, {}), new), [])
    old = _deployed(aws, stack, {**around, **stack.parameters})
    changes_by_path = {change.path: change for change in forecast(old, new)}
    for announced in _announced(aws, change_set.changes):
        ours = changes_by_path.get(announced.path)
        if ours is None and announced.details:
            changes_by_path[announced.path] = announced
        elif ours and announced.replacement and not ours.replacement:
            changes_by_path[announced.path] = replace(
                ours, details=(*ours.details, *announced.details)
            )
    changes = list(changes_by_path.values())
    return Preview(changes, refusals.findings(changes, resources(old), resources(new)))


def _deployed(aws: Aws, stack: Stack, values: dict[str, str]) -> Side:
    """The templates as they were deployed, read from the stacks themselves."""
    cloudformation = aws.client("cloudformation")
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack.id)
    nested = {
        summary["LogicalResourceId"]: summary["PhysicalResourceId"]
        for page in pages
        for summary in page["StackResourceSummaries"]
        if summary["ResourceType"] == STACK and summary["ResourceStatus"] != "DELETE_COMPLETE"
    }
    read = partial(_template, cloudformation)
    with ThreadPoolExecutor(6) as pool:
        top, *children = pool.map(read, [stack.id, *nested.values()])
    return Side(top, values, dict(zip(nested, children, strict=True)))


def _template(cloudformation: CloudFormationClient, stack: str) -> dict[str, Any]:
    response = cloudformation.get_template(StackName=stack, TemplateStage="Processed")
    template: dict[str, Any] = response["TemplateBody"]
    return template


def _announced(
    aws: Aws, changes: Iterable[ResourceChangeTypeDef], path: str = ""
) -> Iterator[Change]:
    """CloudFormation's changes of existing resources, without those it only suspects (Dynamic)."""
    for announced_change in changes:
        below = join(path, announced_change["LogicalResourceId"])
        if announced_change["ResourceType"] == STACK:
            if announced_change["Action"] == "Modify" and (
                nested := announced_change.get("ChangeSetId")
            ):
                inner = (change["ResourceChange"] for change in changes_of(aws, nested))
                yield from _announced(aws, inner, below)
            continue
        if not announced_change.get("PhysicalResourceId"):
            continue
        kind, announced = announced_change["ResourceType"], announced_change.get("Details", [])
        details = tuple(_detail(kind, detail) for detail in announced if _known(detail))
        policy = announced_change.get("PolicyAction", "Delete").removeprefix("ReplaceAnd")
        yield Change(
            below, announced_change["ResourceType"], announced_change["Action"], details, policy
        )


def _known(detail: ResourceChangeDetailTypeDef) -> bool:
    """Whether CloudFormation is certain of the change (Static), and does not only suspect it."""
    target = detail.get("Target", {})
    if target.get("Attribute") == "Metadata":
        # Says something about a resource to people and tools; the resource stays as it is.
        return False
    stated = "BeforeValue" in target or "AfterValue" in target
    return (
        detail.get("Evaluation") == "Static"
        and LATER not in target.get("AfterValue", "")
        and (stated or target.get("RequiresRecreation") == "Always")
    )


def _detail(kind: str, detail: ResourceChangeDetailTypeDef) -> Detail:
    target = detail.get("Target", {})
    path = target.get("Path", "").removeprefix("/Properties/").replace("/", ".")
    recreation = target.get("RequiresRecreation", "Never")
    # The service announces by the schema's word alone.
    if recreation == "Conditionally" and in_place(
        kind, target.get("Name", ""), added="BeforeValue" not in target
    ):
        recreation = "Never"
    return Detail(
        path or target.get("Name") or target.get("Attribute", "?"),
        target.get("BeforeValue", "?"),
        target.get("AfterValue", "?"),
        "yes" if recreation == "Always" else "maybe" if recreation == "Conditionally" else "",
    )


def table(changes: Iterable[Change]) -> list[list[str]]:
    """Rows under HEADINGS; the additions of a layer that hold no data share one row."""
    rows, added = list[list[str]](), dict[str, int]()
    for change in changes:
        if change.action == "Add" and change.type not in STATEFUL:
            added[_layer(change)] = added.get(_layer(change), 0) + 1
        else:
            rows += _rows(change)
    new = [["Add", layer, f"{count} resources", "", "", ""] for layer, count in added.items()]
    return [[printable(cell) for cell in row] for row in new + rows]


def _rows(change: Change) -> Iterator[list[str]]:
    replaced = change.replacement if change.action == "Modify" else ""
    start = [change.action, _layer(change), change.logical]
    end = [replaced, loss(change) or ("holds data" if change.type in STATEFUL else "")]
    for detail in change.details or (None,):
        yield [*start, _what(detail) if detail else change.type, *end]
        start, end = ["", "", ""], ["", ""]


def _what(detail: Detail) -> str:
    before, after = (
        text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
        for text in apart(detail.before, detail.after, WIDTH)
    )
    name = detail.name if len(detail.name) <= WIDTH else f"...{detail.name[3 - WIDTH :]}"
    return f"{name}: {before} -> {after}" if detail.certain else f"{name}: only if {before} changes"


def _layer(change: Change) -> str:
    return change.path.rpartition("/")[0].removesuffix("Stack") or "-"
