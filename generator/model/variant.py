"""The same set of templates under other values: what a change of parameters would make of it."""

from __future__ import annotations

from dataclasses import replace

from generator.errors import ClinicError
from generator.model.resolve import Resolver, pseudo_parameters
from generator.model.view import View
from generator.parameters import files as parameters


def with_values(seen: View, **changes: str) -> View:
    """``seen`` with some parameters changed; ClinicError with a line for each that is not valid."""
    values = {**seen.values, **changes}
    if problems := parameters.check(values, seen.whole):
        raise ClinicError("\n        ".join(problem.sentence for problem in problems))
    pseudo = pseudo_parameters(seen.region, f"clinic-{seen.env}")
    decided = Resolver(seen.whole, {**pseudo, **values})
    return replace(seen, values=values, resources=decided.resources(), outputs=decided.outputs())
