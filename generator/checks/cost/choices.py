"""What another value of each parameter would cost, and another load: by resolving again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from generator.checks.cost.bill import Bill
from generator.checks.cost.components import bill
from generator.checks.cost.launched import LaunchedInstances, launched_groups
from generator.checks.cost.prices import Price
from generator.checks.cost.usage import Usage
from generator.model.view import View
from generator.parameters import rules, values

EXAMPLES: Mapping[str, str] = {
    "WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/example/0a1b2c3d",
    "AlbWebAclArn": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/example/0a1b2c3d",
}
"""What to give parameters that are empty, when giving something costs."""


A_FEW = 5


@dataclass(frozen=True)
class Choice:
    """One parameter with another value."""

    parameter: str
    now: str
    instead: str
    difference: Decimal | None
    """USD a month; below zero it saves. None if something that it changes has no price."""
    unpriced: tuple[str, ...]
    """What that is."""
    note: str
    """Why it cannot be chosen alone, or nothing."""


@dataclass(frozen=True)
class Scenario:
    """The same month under another load."""

    name: str
    load: Decimal
    instances: Decimal
    cpu: Decimal
    """Average CPU of each instance in percent."""
    surplus: Decimal
    """USD of surplus CPU credits, of the total."""
    total: Decimal


def choices(view: View, prices: Mapping[str, Price], usage: Usage) -> list[Choice]:
    """Every other value of the parameters that change the bill, in the template's order."""
    present = bill(view, prices, usage)
    alternatives: list[Choice] = []
    for name, declared in view.whole.get("Parameters", {}).items():
        now = str(view.values.get(name, declared.get("Default", "")))
        tried = [
            _choice(view.changed(**{name: other}), (name, now, other), present, (prices, usage))
            for other in _others(name, declared, now, prices)
        ]
        if any(choice.difference != 0 for choice in tried):
            alternatives += tried
    return alternatives


def _choice(
    changed: View,
    named: tuple[str, str, str],
    present: Bill,
    month: tuple[Mapping[str, Price], Usage],
) -> Choice:
    other = bill(changed, *month)
    lacking, known = ({line.item for line in each.unpriced} for each in (other, present))
    unpriced = tuple(sorted(lacking ^ known))
    declared = changed.whole.get("Parameters", {})
    broken = rules.broken(changed.whole.get("Rules", {}), declared, changed.values)
    note = " ".join(sentence for _, sentence in broken)
    difference = None if unpriced else other.total - present.total
    return Choice(*named, difference, unpriced, note)


def _others(
    name: str, declared: Mapping[str, Any], now: str, prices: Mapping[str, Price]
) -> list[str]:
    """Values to try: all of a choice; a few of a number; what of its family has a price."""
    if "AllowedValues" in declared:
        tried = _neighbours([str(value) for value in declared["AllowedValues"]], now)
    elif declared["Type"] == "Number":
        tried = list(_numbers(declared, now))
    elif now:
        tried = _relatives(now, prices)
    else:
        tried = [EXAMPLES[name]] if name in EXAMPLES else []
    fit = [value for value in dict.fromkeys(tried) if values.check(value, declared) is None]
    return [value for value in fit if value != now]


def _neighbours(allowed: list[str], now: str) -> list[str]:
    """All of a few, else the ends and the two beside ``now``."""
    if len(allowed) <= A_FEW or now not in allowed:
        return allowed
    here = allowed.index(now)
    return list(dict.fromkeys([allowed[0], *allowed[max(0, here - 1) : here + 2], allowed[-1]]))


def _numbers(declared: Mapping[str, Any], now: str) -> Iterator[str]:
    if "MinValue" in declared:
        yield str(declared["MinValue"])
    if "Default" in declared:
        yield str(declared["Default"])
    yield f"{Decimal(now) * 2 or Decimal(1):f}"


def _relatives(now: str, prices: Mapping[str, Price]) -> list[str]:
    """Classes and types of the same family, if ``now`` is one that has a price."""
    kind = next((key for key in (f"rds/{now}", f"ec2/{now}") if key in prices), None)
    if kind is None:
        return []
    family = kind.rpartition(".")[0] + "."
    keys = [key for key in prices if key.startswith(family) and key.count("/") == 1]
    return [key.partition("/")[2] for key in keys]


def by_load(view: View, prices: Mapping[str, Price], usage: Usage) -> list[Scenario]:
    """From a quiet month to one at the group's largest; nothing if there is no group to tell."""
    launched = next((each for each in launched_groups(view).values() if each), None)
    if launched is None:
        return []
    loads = {"nobody calls": Decimal(0), "as assumed": usage.load}
    if launched.target and launched.least:
        loads["at the CPU target"] = launched.target
        loads["at the target and the largest"] = launched.target * launched.most / launched.least
    return [
        _scenario(view, prices, replace(usage, load=load), (name, launched))
        for name, load in loads.items()
    ]


def _scenario(
    view: View, prices: Mapping[str, Price], usage: Usage, named: tuple[str, LaunchedInstances]
) -> Scenario:
    (name, launched), month = named, bill(view, prices, usage)
    surplus = [line.amount for line in month.lines if line.key.startswith("ec2/credit/")]
    return Scenario(
        name=name,
        load=usage.load,
        instances=launched.count(usage.load),
        cpu=launched.cpu(usage.load),
        surplus=sum(surplus, Decimal(0)),
        total=month.total,
    )
