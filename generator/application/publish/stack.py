"""The stack that a frontend goes to."""

from __future__ import annotations

import re
from pathlib import Path

from generator.errors import ClinicError, quote

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,60}")


def stack_of(env: str, folder: Path) -> str:
    """The stack of an environment. A frontend's pipeline has no parameter files, so the name is
    enough there; where they are, a slip of the keyboard is noticed before anybody is asked."""
    name = Path(env).stem
    if folder.is_dir():
        from generator.parameters import files as parameters

        name = parameters.find(env, folder).stem
    if not NAME.fullmatch(name):
        raise ClinicError(f"{quote(env)} names no environment: give one such as dev or prod.")
    return f"clinic-{name}"
