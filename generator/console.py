"""How the CloudFormation console asks for the parameters: groups, order and labels (form.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from troposphere import Template

from generator import shipped
from generator.errors import ClinicError

FILE = "generator/form.toml"
WORDS = ("label", "spanish")
"""What a group and a parameter of the form say."""


@cache
def groups() -> Sequence[Mapping[str, Any]]:
    """Each group: its WORDS, and under ``parameters`` those of each parameter, in the form's order.

    ClinicError if one of the words is missing.
    """
    try:
        form_groups: list[dict[str, Any]] = tomllib.loads(shipped.text("generator", "form.toml"))[
            "groups"
        ]
    except tomllib.TOMLDecodeError as error:
        raise ClinicError(f"{FILE} is no TOML: {error}.") from error
    for group in form_groups:
        for name, row in ((group.get("label", "a group"), group), *group["parameters"].items()):
            for word in WORDS:
                if not row.get(word):
                    raise ClinicError(f'{FILE}: {name} has no {word}: write {word} = "...".')
    return form_groups


def arrange(template: Template) -> None:
    """Add the form to a root or flat template; ClinicError when a parameter has no place in it."""
    unplaced = dict.fromkeys(template.parameters)
    for group in groups():
        for name, row in group["parameters"].items():
            if name in template.parameters:
                template.add_parameter_to_group(name, group["label"])
                template.set_parameter_label(name, row["label"])
                unplaced.pop(name)
    for name in unplaced:
        raise ClinicError(
            f"{FILE} has no place for the parameter {name}: write [groups.parameters.{name}] into "
            f"one of its groups, and under it {' and '.join(f'{w} = ...' for w in WORDS)}."
        )


def spare(names: Mapping[str, Any]) -> list[str]:
    """The parameters of the form that are not among ``names``."""
    return [name for group in groups() for name in group["parameters"] if name not in names]
