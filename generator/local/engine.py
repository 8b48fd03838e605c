"""Repairs of the emulator's stack engine, and the one list of the private names they rest on.

A child stack is created, updated and deleted over loopback like any other stack, and so gets what
the engine does well for a root: events, dynamic references, attributes, rollback, failed deletes.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable
from importlib import import_module
from typing import Any

Record = dict[str, Any]

cloudformation: Any = import_module("ministack.services.cloudformation")
changesets: Any = import_module("ministack.services.cloudformation.changesets")
handlers: Any = import_module("ministack.services.cloudformation.handlers")
helpers: Any = import_module("ministack.services.cloudformation.helpers")
provisioners: Any = import_module("ministack.services.cloudformation.provisioners")
stacks: Any = import_module("ministack.services.cloudformation.stacks")
alb: Any = import_module("ministack.services.alb")
autoscaling: Any = import_module("ministack.services.autoscaling")
cloudfront: Any = import_module("ministack.services.cloudfront")
cloudwatch: Any = import_module("ministack.services.cloudwatch")
cloudwatch_logs: Any = import_module("ministack.services.cloudwatch_logs")
ec2: Any = import_module("ministack.services.ec2")
s3: Any = import_module("ministack.services.s3")
actions: Any = import_module("ministack.core.iam_actions")
evaluator: Any = import_module("ministack.core.iam_evaluator")
responses: Any = import_module("ministack.core.responses")
sigv4: Any = import_module("ministack.core.sigv4")

PRIVATE_NAMES = {
    cloudformation: "_stacks",
    changesets: "_evaluate_conditions",
    handlers: "_ACTION_HANDLERS _capabilities_enforced _delete_stack_async _evaluate_conditions "
    "_roll_back_operation",
    helpers: "_error _xml",
    provisioners: "_RESOURCE_HANDLERS",
    stacks: "_add_event _evaluate_conditions _roll_back_operation _runs_on_worker_thread",
    alb: "_targets",
    autoscaling: "_ACTION_MAP _asgs _error _member_xml _parse_member_list _parse_nested _xml",
    cloudfront: "_distributions find_distribution_for_label",
    cloudwatch: "_alarms",
    cloudwatch_logs: "_log_groups error_response_json handle_request json_response",
    ec2: "_ACTION_MAP _error _launch_templates _p _parse_member_list _xml",
    s3: "_bucket_owner_account _bucket_policies _ensure_bucket _error _get_object_data "
    "serve_cloudfront_origin_fetch",
    actions: "access_denied_response",
    evaluator: "EvalContext _request_origin evaluate_resource_policy",
    responses: "get_account_id get_region request_scope set_request_account_id",
    sigv4: "SIGNATURE_MISMATCH decode_header_value header_signature_failure "
    "parse_header_signature request_time_failure",
}
STACK = "AWS::CloudFormation::Stack"
_making = threading.Lock()


def install() -> None:
    """Put the repairs in the emulator's place; exit with one sentence if it lacks a name."""
    required = [(module, name) for module, names in PRIVATE_NAMES.items() for name in names.split()]
    if gone := [f"{m.__name__}.{name}" for m, name in required if not hasattr(m, name)]:
        sys.exit(f"ministack has no {', '.join(gone)}; install what clinic-stack[local] pins.")
    # On the event loop, a handler that calls back over loopback would wait for itself.
    stacks._runs_on_worker_thread = lambda resource_type: True
    handlers._capabilities_enforced = lambda: True
    for module in (stacks, handlers, changesets):
        module._evaluate_conditions = _with_account_and_region(module._evaluate_conditions)
    stacks._add_event = _complete_event(stacks._add_event)
    roll_back = _complete_rollback(stacks._roll_back_operation)
    stacks._roll_back_operation = handlers._roll_back_operation = roll_back
    handlers._delete_stack_async = _once(handlers._delete_stack_async)
    children = {"create": _create_child, "update": _update_child, "delete": _delete_child}
    provisioners._RESOURCE_HANDLERS[STACK] = children


def client(service: str, account: str = "", region: str = "") -> Any:
    """A client of the emulator, in the account and region of the request at hand or in others."""
    scope = (account or responses.get_account_id(), region or responses.get_region())
    return _client(service, *scope)


@functools.cache
def _client(service: str, account: str, region: str) -> Any:
    endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    keys = {"aws_access_key_id": account, "aws_secret_access_key": secret}
    # A number that was a parameter of a template is text.
    lenient = import_module("botocore.config").Config(parameter_validation=False)
    # Threads may share a client, but not the making of one.
    with _making:
        return import_module("boto3").client(
            service, region_name=region, endpoint_url=endpoint, config=lenient, **keys
        )


def at_rest(api: Any, stack: str) -> Record:
    """The description of a stack, by name or id, once no operation is in progress on it."""
    while True:
        description: Record = api.describe_stacks(StackName=stack)["Stacks"][0]
        if not description["StackStatus"].endswith("_IN_PROGRESS"):
            return description
        time.sleep(0.01)


def _with_account_and_region(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    """Resolve AWS::AccountId and AWS::Region in conditions, which the emulator does not."""

    def complete(template: Record, parameters: Record) -> Any:
        here = {"AWS::AccountId": responses.get_account_id(), "AWS::Region": responses.get_region()}
        return evaluate(template, {k: {"Value": v} for k, v in here.items()} | parameters)

    return complete


def _complete_event(add_event: Callable[..., None]) -> Callable[..., None]:
    """Events name the physical resource once there is one, and stacks their reason as AWS does."""
    signature = inspect.signature(add_event)

    def add(*args: Any, **kwargs: Any) -> None:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        event, status = bound.arguments, bound.arguments["status"]
        stack = cloudformation._stacks.get(event["stack_name"], {})
        if event["physical_id"] == event["stack_id"]:
            if event["reason"].startswith("Resource "):
                verb, failed = status.split("_")[0].lower(), event["reason"].split()[1]
                event["reason"] = f"The following resource(s) failed to {verb}: [{failed}]. "
            stack["StackStatusReason"] = event["reason"] or stack.get("StackStatusReason", "")
            if status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"):
                stack["StackStatusReason"], event["reason"] = "", "User Initiated"
        elif record := stack.get("_resources", {}).get(event["logical_id"]):
            event["physical_id"] = event["physical_id"] or record["PhysicalResourceId"]
            if status == "CREATE_FAILED":
                record.update(ResourceStatus=status, ResourceStatusReason=event["reason"])
        add_event(**event)

    return add


def _complete_rollback(roll_back: Callable[..., Any]) -> Callable[..., Any]:
    """The rollback deletes a child that failed to be created, and says why it happens."""

    async def complete(
        name: str, stack_id: str, stack: Record, operation: Record, reason: str = ""
    ) -> None:
        failed = operation["failed_logical_id"]
        if operation["failed_update"] is None and failed in stack["_resources"]:
            operation["created"].append(failed)
        if failed and not operation["is_update"]:
            reason = f"The following resource(s) failed to create: [{failed}]. "
            reason += "Rollback requested by user."
        await roll_back(name, stack_id, stack, operation, reason)

    return complete


def _once(delete: Callable[..., Any]) -> Callable[..., Any]:
    """Ignore DeleteStack while a stack is being deleted: two at once each miss resources."""

    async def begin(name: str, *args: Any, **kwargs: Any) -> None:
        if cloudformation._stacks.get(name, {}).get("StackStatus") != "DELETE_IN_PROGRESS":
            await delete(name, *args, **kwargs)

    return begin


def _create_child(logical_id: str, props: Record, parent_name: str) -> tuple[str, Record]:
    parent = cloudformation._stacks[parent_name]
    name = f"{parent_name[:80]}-{logical_id[:30]}-{uuid.uuid4().hex[:12].upper()}"
    request = {**_request(props, parent), "StackName": name, "DisableRollback": True}
    child = client("cloudformation").create_stack(**request)["StackId"]
    cloudformation._stacks[name]["_parent"] = parent_name
    # The parent knows the child while it is being created, so that progress can be followed.
    parent["_resources"][logical_id] = {
        "PhysicalResourceId": child,
        "ResourceType": STACK,
        "ResourceStatus": "CREATE_IN_PROGRESS",
        "Timestamp": parent["LastUpdatedTime"],
    }
    initiated = (logical_id, STACK, "CREATE_IN_PROGRESS", "Resource creation Initiated")
    stacks._add_event(parent["StackId"], parent_name, *initiated)
    return _settled(child, "CREATE_COMPLETE", "created:")


def _update_child(child: str, old: Record, new: Record, parent_name: str) -> tuple[str, Record]:
    api, expected = client("cloudformation"), "UPDATE_COMPLETE"
    try:
        api.update_stack(StackName=child, **_request(new, cloudformation._stacks[parent_name]))
    except api.exceptions.ClientError as refused:
        if "No updates are to be performed" not in str(refused):
            raise
        expected = "_COMPLETE"
    return _settled(child, expected, "updated.")


def _delete_child(child: str, props: Record) -> None:
    records = [record for record in cloudformation._stacks.values() if record["StackId"] == child]
    record: Record = records[0] if records else {}
    parent = cloudformation._stacks.get(record.get("_parent", ""), {})
    if "ROLLBACK" in parent.get("StackStatus", ""):
        # A rollback deletes only children that its own operation made, and so all that they hold.
        for resource in record.get("_template", {}).get("Resources", {}).values():
            if resource.get("DeletionPolicy") == "RetainExceptOnCreate":
                resource["DeletionPolicy"] = "Delete"
    client("cloudformation").delete_stack(StackName=child)
    _settled(child, "DELETE_COMPLETE", "deleted:")


def _request(props: Record, parent: Record) -> Record:
    """The properties of a nested stack as arguments of create_stack and update_stack."""
    parameters = props.get("Parameters", {})
    if any(isinstance(value, list) for value in parameters.values()):
        required = "an object with String (or simple type) properties"
        raise ValueError(f"Value of property Parameters must be {required}")
    return {
        "TemplateURL": props["TemplateURL"],
        "Parameters": [
            {"ParameterKey": k, "ParameterValue": str(v)} for k, v in parameters.items()
        ],
        "Tags": [tag for tag in props.get("Tags", []) if not tag["Key"].startswith("aws:")],
        "Capabilities": parent["Capabilities"],
    }


def _settled(child: str, expected: str, verb: str) -> tuple[str, Record]:
    """The child's id and outputs once it rests; ValueError with AWS's sentence if not `wanted`."""
    stack = at_rest(client("cloudformation"), child)
    if expected not in stack["StackStatus"]:
        reason = stack.get("StackStatusReason", "")
        if "ROLLBACK" in stack["StackStatus"]:
            reason = f"Currently in UPDATE_ROLLBACK_IN_PROGRESS with reason: {reason}"
        raise ValueError(f"Embedded stack {child} was not successfully {verb} {reason}")
    return child, {f"Outputs.{o['OutputKey']}": o["OutputValue"] for o in stack.get("Outputs", [])}
