"""What Lambda lends to functions whose code is written in a template: the answer to the stack."""

from __future__ import annotations

import json
from typing import Any

import urllib3

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(
    event: dict[str, Any],
    context: Any,
    status: str,
    data: dict[str, Any],
    resource: str = "",
    no_echo: bool = False,
    reason: str = "",
) -> None:
    """Tell CloudFormation how a custom resource fared; the order of arguments is Lambda's."""
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"Status": status, "Data": data, "NoEcho": no_echo}
    answer["PhysicalResourceId"] = resource or context.log_stream_name
    answer["Reason"] = reason or f"See the log stream {context.log_stream_name}"
    urllib3.PoolManager().request("PUT", event["ResponseURL"], body=json.dumps(answer))
