"""What was found in a .env, for people and for programs."""

from __future__ import annotations

import json

from generator.application.env.check import Checked, line
from generator.application.env.keys import FILE as SCHEMA
from generator.application.env.supplied import DEFAULTS, SUPPLIED


def show(checked: Checked, as_json: bool) -> None:
    """What was found in a file, and what the stack supplies beside it."""
    keys, errors = len(checked.values), len(checked.errors)
    warnings = len(checked.remarks) - errors
    if as_json:
        for remark in checked.remarks:
            print(json.dumps({"kind": "remark", **remark._asdict()}))
        counts = {"keys": keys, "errors": errors, "warnings": warnings}
        held = {"file": str(checked.path), "against_schema": checked.schema is not None}
        print(json.dumps({"kind": "checked", **held, **counts}))
        print(json.dumps({"kind": "supplied", "keys": SUPPLIED | DEFAULTS}))
        return
    for remark in checked.remarks:
        print(line(checked.path, remark))
    if checked.schema is None:
        print(f"There is no {SCHEMA} in the folder of parameter files: keys were not checked.")
    print(
        f"{checked.path}: {_count(keys, 'key')}, {_count(errors, 'error')}, "
        f"{_count(warnings, 'warning')}"
    )
    print(f"Supplied by the stack: {', '.join(SUPPLIED)}; {', '.join(DEFAULTS)} unless it is here.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
