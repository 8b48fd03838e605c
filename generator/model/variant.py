"""The same set of templates under other values: what a change of parameters would make of it."""

from __future__ import annotations

from generator.errors import ClinicError
from generator.model.view import View
from generator.parameters import files as parameters


def with_values(view: View, **changes: str) -> View:
    """``view`` with some parameters changed; ClinicError with a line for each that is not valid."""
    if problems := parameters.check({**view.values, **changes}, view.whole):
        raise ClinicError("\n        ".join(problem.sentence for problem in problems))
    return view.changed(**changes)
