"""StackSets, which the emulator lacks: a stack for each account and region, one after another.

An action is a function of what the caller's account and region have and of the request, the tree
of its query parameters; it answers a tree.
"""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from generator.local import engine
from generator.local.engine import Record, autoscaling, helpers, responses, s3

STACK_ARGUMENTS = ("TemplateURL", "TemplateBody", "Parameters", "Capabilities", "Tags")


@dataclass(frozen=True)
class StackSetState:
    """Stack sets, instances and operations of one account in one region."""

    sets: dict[str, Record] = field(default_factory=dict)
    instances: dict[tuple[str, str, str], Record] = field(default_factory=dict)
    """By stack set, account and region."""
    operations: dict[str, Record] = field(default_factory=dict)
    results: dict[str, list[Record]] = field(default_factory=dict)
    """By operation."""


Action = Callable[[StackSetState, Record], Record]
_owned: defaultdict[tuple[str, str], StackSetState] = defaultdict(StackSetState)


def install() -> None:
    """Register the actions, and let a stack set's template be read by the accounts it goes to."""
    for action, act in ACTIONS.items():
        engine.handlers._ACTION_HANDLERS[action] = partial(_handle, action, act)
    s3._get_object_data = partial(_read_for_set, s3._get_object_data)


def _read_for_set(read: Callable[..., Any], bucket: str, key: str, *rest: Any) -> Any:
    """A template as the account reads it whose stack set names it, any other as the caller."""
    place = f"/{bucket}/{key}"
    for (account, region), owned in list(_owned.items()):
        if any(one.get("TemplateURL", "").endswith(place) for one in owned.sets.values()):
            with responses.request_scope(account, region):
                return read(bucket, key, *rest)
    return read(bucket, key, *rest)


def _handle(action: str, act: Action, params: Record) -> Any:
    request = autoscaling._parse_nested({f"_.{key}": v for key, v in params.items()}, "_")
    name = request.get("StackSetName")
    owned = _owned[responses.get_account_id(), responses.get_region()]
    if name not in owned.sets and action != "CreateStackSet":
        return helpers._error("StackSetNotFoundException", f"StackSet {name} not found", 404)
    try:
        result = autoscaling._member_xml({f"{action}Result": act(owned, request)})
    except ValueError as refused:
        return helpers._error(str(refused), f"StackSet {name}: {refused}", 409)
    return helpers._xml(200, f"{action}Response", result)


def _create(owned: StackSetState, request: Record) -> Record:
    name = request["StackSetName"]
    if name in owned.sets:
        raise ValueError("NameAlreadyExistsException")
    added = {"StackSetId": f"{name}:{uuid.uuid4()}", "Status": "ACTIVE"}
    owned.sets[name] = {"PermissionModel": "SELF_MANAGED", **request, **added}
    return added


def _update(owned: StackSetState, request: Record) -> Record:
    name = request["StackSetName"]
    owned.sets[name] |= {k: v for k, v in request.items() if k in STACK_ARGUMENTS and v}
    return _start(
        owned, request, "UPDATE", [place for place in owned.instances if place[0] == name]
    )


def _delete(owned: StackSetState, request: Record) -> Record:
    if _instances_of(owned, request):
        raise ValueError("StackSetNotEmptyException")
    del owned.sets[request["StackSetName"]]
    return {}


def _instances_of(owned: StackSetState, request: Record) -> list[Record]:
    return [
        instance
        for place, instance in owned.instances.items()
        if place[0] == request["StackSetName"]
    ]


def _change_instances(action: str, owned: StackSetState, request: Record) -> Record:
    """Work on the accounts and regions of a request, region by region as the service goes."""
    targets = request.get("DeploymentTargets") or {}
    accounts = request.get("Accounts") or targets.get("Accounts") or []
    name, regions = request["StackSetName"], request["Regions"]
    return _start(
        owned, request, action, [(name, a, region) for region in regions for a in accounts]
    )


def _start(
    owned: StackSetState, request: Record, action: str, places: list[tuple[str, str, str]]
) -> Record:
    name = request["StackSetName"]
    mine = [
        operation for operation in owned.operations.values() if operation["StackSetName"] == name
    ]
    if any(operation["Status"] == "RUNNING" for operation in mine):
        raise ValueError("OperationInProgressException")
    # The caller's SDK makes up an id where the caller gave none.
    identity: str = request["OperationId"]
    owned.operations[identity] = {**request, "Action": action, "Status": "RUNNING"}
    owned.results[identity] = []
    threading.Thread(target=_run, args=(owned, owned.operations[identity], places)).start()
    return {"OperationId": identity}


def _run(owned: StackSetState, operation: Record, places: list[tuple[str, str, str]]) -> None:
    """Do the work in each place, until more places failed than are tolerated."""
    preferences = operation.get("OperationPreferences") or {}
    left = int(preferences.get("FailureToleranceCount", 0))
    for place in places:
        where = {"Account": place[1], "Region": place[2]}
        instance = owned.instances.setdefault(place, where.copy())
        status, reason = "CANCELLED", "Cancelled since failure tolerance has exceeded"
        if left >= 0:
            reason = _work(owned, operation, instance)
            status = "FAILED" if reason else "SUCCEEDED"
        left -= status == "FAILED"
        outcome = {"Status": status, "StatusReason": reason}
        owned.results[operation["OperationId"]].append({**where, **outcome})
        instance |= outcome | {"Status": "OUTDATED" if reason else "CURRENT"}
        instance["StackInstanceStatus"] = {"DetailedStatus": status}
        if operation["Action"] == "DELETE" and not reason:
            del owned.instances[place]
    operation["Status"] = "FAILED" if left < 0 else "SUCCEEDED"


def _work(owned: StackSetState, operation: Record, instance: Record) -> str:
    """Create, update or delete the stack of an instance; why that failed, or nothing."""
    api = engine.client("cloudformation", instance["Account"], instance["Region"])
    name = operation["StackSetName"]
    arguments = {k: v for k, v in owned.sets[name].items() if k in STACK_ARGUMENTS and v}
    try:
        if operation["Action"] == "DELETE":
            if operation.get("RetainStacks") == "true" or "StackId" not in instance:
                return ""
            api.delete_stack(StackName=instance["StackId"])
        elif instance.get("Status") == "CURRENT":
            api.update_stack(StackName=instance["StackId"], **arguments)
        else:
            stack = f"StackSet-{name}-{uuid.uuid4()}"
            instance["StackId"] = api.create_stack(StackName=stack, **arguments)["StackId"]
    except api.exceptions.ClientError as refused:
        message: str = refused.response["Error"]["Message"]
        return "" if message == "No updates are to be performed." else message
    return _failure(api, instance["StackId"])


def _failure(api: Any, stack: str) -> str:
    """Nothing, or the first failure of a stack as stack sets report it."""
    status = engine.at_rest(api, stack)["StackStatus"]
    if status.endswith("_COMPLETE") and "ROLLBACK" not in status:
        return ""
    events = api.describe_stack_events(StackName=stack)["StackEvents"]
    first = [event for event in events if event["ResourceStatus"].endswith("_FAILED")][-1]
    return (
        f"ResourceLogicalId:{first['LogicalResourceId']}, ResourceType:{first['ResourceType']}, "
        f"ResourceStatusReason:{first['ResourceStatusReason']}."
    )


ACTIONS: dict[str, Action] = {
    "CreateStackSet": _create,
    "UpdateStackSet": _update,
    "DeleteStackSet": _delete,
    "DescribeStackSet": lambda owned, request: {"StackSet": owned.sets[request["StackSetName"]]},
    "CreateStackInstances": partial(_change_instances, "CREATE"),
    "DeleteStackInstances": partial(_change_instances, "DELETE"),
    "ListStackInstances": lambda owned, request: {"Summaries": _instances_of(owned, request)},
    "DescribeStackSetOperation": lambda owned, request: {
        "StackSetOperation": owned.operations[request["OperationId"]]
    },
    "ListStackSetOperationResults": lambda owned, request: {
        "Summaries": owned.results[request["OperationId"]]
    },
}
