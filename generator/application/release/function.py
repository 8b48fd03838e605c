"""The stack's own function, which does what whoever releases may not do alone."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from generator.cloud.aws import DENIED, Aws
from generator.cloud.text import printable
from generator.errors import ClinicError


def invoke(aws: Aws, function: str, step: str, **arguments: Any) -> Any:
    """What a step of generator/functions/release_backend.py answers.

    ClientError for what AWS has refused the function; ClinicError (3) if it lacks a right itself,
    or fails.
    """
    answer = aws.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps({"step": step, **arguments}).encode()
    )
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        why = printable(payload.get("errorMessage", answer["FunctionError"]))
        raise ClinicError(f"{function} of the stack failed at {step}: {why}", exit_code=3)
    if "done" in payload:
        return payload["done"]
    error, operation = payload["refused"], payload["operation"]
    if error.get("Code") in DENIED:
        raise ClinicError(
            f"{function} of the stack, and not these credentials, lacks a right to {operation} "
            f"({printable(error.get('Message', ''))}): run `clinic deploy` once, then this again.",
            exit_code=3,
        )
    raise ClientError({"Error": error}, operation)
