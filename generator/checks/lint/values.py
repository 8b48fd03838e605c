"""The parameter files that templates are linted with."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator.checks.lint import report, run
from generator.errors import ClinicError
from generator.options import DEFAULT_PARAMS
from generator.parameters import files as parameters

Values = dict[str, dict[str, str]]
"""Values by parameter file."""


def wanted(params: Path) -> bool:
    """Whether there are parameter files to lint with. ClinicError if there are none, unless it is
    the default folder that is missing, as it is outside the project."""
    if params == DEFAULT_PARAMS and not params.exists():
        print("Not linted: there is no folder params here. See --params.", file=sys.stderr)
        return False
    return bool(parameters.find_all((), params))


def read(documents: Mapping[str, Any], params: Path, form: str = "text") -> Values:
    """All parameter files of a folder. ClinicError for all that is wrong with them, which forms for
    programs hold as well."""
    values, troubles = run.read(params, documents["flat.json"])
    if troubles:
        if form != "text":
            report.report(iter(troubles), form, strict=False)
        raise ClinicError("\n        ".join(trouble.message for trouble in troubles))
    return values
