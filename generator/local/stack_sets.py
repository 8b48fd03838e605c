"""StackSets, which the emulator lacks: a stack for each account and region, one after another.

An action is a function of the request, the tree of its query parameters, and answers a tree.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from generator.local import engine
from generator.local.engine import Record, autoscaling, helpers, responses, s3

STACK_ARGUMENTS = ("TemplateURL", "TemplateBody", "Parameters", "Capabilities", "Tags")

_sets: dict[str, Record] = {}
_instances: dict[tuple[str, str, str], Record] = {}  # by stack set, account and region
_operations: dict[str, Record] = {}
_results: dict[str, list[Record]] = {}  # by operation


def install() -> None:
    """Register the actions, and let a stack set's template be read by the accounts it goes to."""
    for action, act in ACTIONS.items():
        engine.handlers._ACTION_HANDLERS[action] = partial(_handle, action, act)
    s3._get_object_data = partial(_read_as_owner, s3._get_object_data)


def _read_as_owner(read: Callable[..., Any], bucket: str, *rest: Any) -> Any:
    owner = s3._bucket_owner_account(bucket) or responses.get_account_id()
    with responses.request_scope(owner, responses.get_region()):
        return read(bucket, *rest)


def _handle(action: str, act: Callable[[Record], Record], params: Record) -> Any:
    request = autoscaling._parse_nested({f"_.{key}": v for key, v in params.items()}, "_")
    name = request.get("StackSetName")
    if name not in _sets and action != "CreateStackSet":
        return helpers._error("StackSetNotFoundException", f"StackSet {name} not found", 404)
    try:
        result = autoscaling._member_xml({f"{action}Result": act(request)})
    except ValueError as refused:
        return helpers._error(str(refused), f"StackSet {name}: {refused}", 409)
    return helpers._xml(200, f"{action}Response", result)


def _create(request: Record) -> Record:
    name = request["StackSetName"]
    if name in _sets:
        raise ValueError("NameAlreadyExistsException")
    added = {"StackSetId": f"{name}:{uuid.uuid4()}", "Status": "ACTIVE"}
    _sets[name] = {"PermissionModel": "SELF_MANAGED", **request, **added}
    return added


def _update(request: Record) -> Record:
    name = request["StackSetName"]
    _sets[name] |= {k: v for k, v in request.items() if k in STACK_ARGUMENTS and v}
    return _start(request, "UPDATE", [place for place in _instances if place[0] == name])


def _delete(request: Record) -> Record:
    if _instances_of(request):
        raise ValueError("StackSetNotEmptyException")
    del _sets[request["StackSetName"]]
    return {}


def _instances_of(request: Record) -> list[Record]:
    return [found for place, found in _instances.items() if place[0] == request["StackSetName"]]


def _change_instances(action: str, request: Record) -> Record:
    """Work on the accounts and regions of a request, region by region as the service goes."""
    targets = request.get("DeploymentTargets") or {}
    accounts = request.get("Accounts") or targets.get("Accounts") or []
    name, regions = request["StackSetName"], request["Regions"]
    return _start(request, action, [(name, a, region) for region in regions for a in accounts])


def _start(request: Record, action: str, places: list[tuple[str, str, str]]) -> Record:
    name = request["StackSetName"]
    mine = [operation for operation in _operations.values() if operation["StackSetName"] == name]
    if any(operation["Status"] == "RUNNING" for operation in mine):
        raise ValueError("OperationInProgressException")
    # The caller's SDK makes up an id where the caller gave none.
    identity: str = request["OperationId"]
    _operations[identity] = {**request, "Action": action, "Status": "RUNNING"}
    _results[identity] = []
    threading.Thread(target=_run, args=(_operations[identity], places)).start()
    return {"OperationId": identity}


def _run(operation: Record, places: list[tuple[str, str, str]]) -> None:
    """Do the work in each place, until more places failed than are tolerated."""
    preferences = operation.get("OperationPreferences") or {}
    left = int(preferences.get("FailureToleranceCount", 0))
    for place in places:
        where = {"Account": place[1], "Region": place[2]}
        instance = _instances.setdefault(place, where.copy())
        status, reason = "CANCELLED", "Cancelled since failure tolerance has exceeded"
        if left >= 0:
            reason = _work(operation, instance)
            status = "FAILED" if reason else "SUCCEEDED"
        left -= status == "FAILED"
        outcome = {"Status": status, "StatusReason": reason}
        _results[operation["OperationId"]].append({**where, **outcome})
        instance |= outcome | {"Status": "OUTDATED" if reason else "CURRENT"}
        instance["StackInstanceStatus"] = {"DetailedStatus": status}
        if operation["Action"] == "DELETE" and not reason:
            del _instances[place]
    operation["Status"] = "FAILED" if left < 0 else "SUCCEEDED"


def _work(operation: Record, instance: Record) -> str:
    """Create, update or delete the stack of an instance; why that failed, or nothing."""
    api = engine.client("cloudformation", instance["Account"], instance["Region"])
    name = operation["StackSetName"]
    wanted = {k: v for k, v in _sets[name].items() if k in STACK_ARGUMENTS and v}
    try:
        if operation["Action"] == "DELETE":
            if operation.get("RetainStacks") == "true" or "StackId" not in instance:
                return ""
            api.delete_stack(StackName=instance["StackId"])
        elif instance.get("Status") == "CURRENT":
            api.update_stack(StackName=instance["StackId"], **wanted)
        else:
            stack = f"StackSet-{name}-{uuid.uuid4()}"
            instance["StackId"] = api.create_stack(StackName=stack, **wanted)["StackId"]
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


ACTIONS: dict[str, Callable[[Record], Record]] = {
    "CreateStackSet": _create,
    "UpdateStackSet": _update,
    "DeleteStackSet": _delete,
    "DescribeStackSet": lambda request: {"StackSet": _sets[request["StackSetName"]]},
    "CreateStackInstances": partial(_change_instances, "CREATE"),
    "DeleteStackInstances": partial(_change_instances, "DELETE"),
    "ListStackInstances": lambda request: {"Summaries": _instances_of(request)},
    "DescribeStackSetOperation": lambda request: {
        "StackSetOperation": _operations[request["OperationId"]]
    },
    "ListStackSetOperationResults": lambda request: {"Summaries": _results[request["OperationId"]]},
}
