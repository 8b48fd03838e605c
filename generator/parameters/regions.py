"""The regions of AWS, as botocore's own data lists them."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from generator.errors import ClinicError, quote
from generator.parameters.files import nearest


def require(region: str) -> None:
    """ClinicError if AWS has no such region; for commands that AWS does not answer itself."""
    if region not in known():
        near = nearest(region, known())
        hint = f"did you mean {near}?" if near else "give one such as us-east-1."
        raise ClinicError(f"there is no AWS region {quote(region)}: {hint}")


@cache
def known() -> list[str]:
    """The regions of every partition; what serves a whole partition (aws-global) is none."""
    # Importing botocore takes longer than the commands that ask; its file is plain.
    package = find_spec("botocore")
    assert package is not None
    file = Path(*package.submodule_search_locations or ()) / "data" / "partitions.json"
    partitions = json.loads(file.read_bytes())["partitions"]
    names = (name for partition in partitions for name in partition["regions"])
    return sorted(name for name in names if not name.endswith("-global"))
