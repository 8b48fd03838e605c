"""What a refusal of AWS means, for commands: without boto3 until one runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

Command = Callable[..., Any]


def explained(*meant: str) -> Callable[[Command], Command]:
    """Decorate a command with `generator.cloud.aws.explained`, imported when the command is called:
    its help asks no account."""

    def add(command: Command) -> Command:
        @wraps(command)
        def asked(*args: Any, **values: Any) -> Any:
            from generator.cloud import aws

            with aws.explained(*meant):
                return command(*args, **values)

        return asked

    return add
