"""`aws.explained` for commands, without importing boto3 until one runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

Command = Callable[..., Any]


def explained(*meant: str) -> Callable[[Command], Command]:
    """Decorate a command with `generator.cloud.aws.explained`, imported when the command runs, so
    that --help needs no boto3."""

    def add(command: Command) -> Command:
        @wraps(command)
        def asked(*args: Any, **values: Any) -> Any:
            from generator.cloud import aws

            with aws.explained(*meant):
                return command(*args, **values)

        return asked

    return add
