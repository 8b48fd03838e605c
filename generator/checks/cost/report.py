"""A month's cost as tables for people and as objects for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from generator.checks.cost.bill import NOTHING, Bill, LineItem
from generator.checks.cost.choices import Choice, Scenario
from generator.checks.cost.components import FREE
from generator.checks.cost.compute import plain
from generator.checks.cost.prices import Price
from generator.checks.cost.usage import Usage

Row = list[str | Decimal]
Table = tuple[Sequence[str], list[Row]]
NOT_PRICED = "not priced"
NOT_COUNTED = (
    "taxes, support plans, the free tier, and discounts (Savings Plans, reserved instances)",
    "data that leaves AWS otherwise than through the CDN (0.09 USD a GB in us-east-1), and data "
    "between zones (0.01 USD a GB each way)",
    "requests to S3, old versions of objects, and the uses of a KMS key other than the secret's",
    "what storage grows by itself, restores, and snapshots made by hand or kept at the end",
    "the database's own log groups without the audit, and queries of logs",
    "instances that run twice during a deployment, and CPU credits spent before the 24 hours over "
    "which AWS takes the average",
    "the domain's registration, and what a web ACL's managed rules and log cost",
)


Moved = Mapping[str, tuple[Price | None, Price]]
"""Prices that AWS names otherwise than the list: listed and live, by key."""


@dataclass(frozen=True)
class Estimate:
    """What the command found out about one environment."""

    env: str
    region: str
    usage: Usage
    bill: Bill
    scenarios: Sequence[Scenario] = ()
    choices: Sequence[Choice] = ()
    old: Sequence[str] = ()
    """Keys of prices that are old, oldest first."""
    moved: Moved = field(default_factory=dict)

    @property
    def total(self) -> str:
        """The total in words."""
        return f"{'at least ' if self.bill.unpriced else ''}{self.bill.total:,} USD a month"


def lines(bill: Bill) -> Table:
    """Every line with its arithmetic, and the sum."""
    shown = _once(line.component for line in bill.lines)
    rows: list[Row] = [
        [component, line.item, *_arithmetic(line)]
        for component, line in zip(shown, bill.lines, strict=True)
    ]
    rows.append(["at least" if bill.unpriced else "total", "", "", "", "", bill.total])
    return ["component", "what", "quantity", "unit", "unit USD", "USD"], rows


def _once(names: Iterable[str]) -> Iterator[str]:
    """Each name where it is new, and nothing where it would be repeated."""
    before = None
    for name in names:
        yield "" if name == before else name
        before = name


def _arithmetic(line: LineItem) -> list[str | Decimal]:
    quantity = _rounded(line.quantity)
    if line.price is None:
        return [quantity, "", "", NOT_PRICED]
    return [quantity, line.price.unit, _bare(line.price.usd), line.amount]


def loads(scenarios: Sequence[Scenario]) -> Table:
    """The month under other loads."""
    rows: list[Row] = [
        [
            *(each.name, plain(each.load), plain(each.instances), plain(each.cpu)),
            *(each.surplus, each.total),
        ]
        for each in scenarios
    ]
    return ["load", "%", "instances", "CPU %", "surplus USD", "USD a month"], rows


def options(choices: Sequence[Choice]) -> Table:
    """What another value costs or saves."""
    rows: list[Row] = []
    for shown, each in zip(_once(each.parameter for each in choices), choices, strict=True):
        why = " ".join([*(f"{item} is {NOT_PRICED}." for item in each.unpriced), each.note])
        values = [_short(each.now), _short(each.instead)]
        known = NOT_PRICED if each.difference is None else f"{each.difference:+,}"
        rows.append([shown, *values, known, why.strip()])
    return ["option", "now", "instead", "USD a month", ""], rows


def compared(one: Estimate, other: Estimate) -> Table:
    """Two environments side by side, by component."""
    left, right = one.bill.components, other.bill.components
    pairs = {
        name: (left.get(name, NOTHING), right.get(name, NOTHING))
        for name in dict.fromkeys([*left, *right])
    }
    pairs["total"] = (one.bill.total, other.bill.total)
    rows: list[Row] = [[name, here, there, there - here] for name, (here, there) in pairs.items()]
    return ["component", one.env, other.env, "difference"], rows


def moved(estimate: Estimate) -> Table:
    """Where AWS's answer differs from the list."""
    rows: list[Row] = [
        [key, _bare(listed.usd) if listed else "none", _bare(live.usd), live.unit]
        for key, (listed, live) in estimate.moved.items()
    ]
    return ["price", "listed", "live", "unit"], rows


def notes(estimate: Estimate) -> Iterator[str]:
    """What a person should know of single lines."""
    for line in estimate.bill.lines:
        if line.note:
            yield f"{line.component}: {line.note}."


def terms(usage: Usage) -> Iterator[str]:
    """What holds for every estimate: assumptions, and what is left out."""
    yield f"Assumed: {'; '.join(assumptions(usage).values())}."
    yield "Not counted:"
    yield from (f"  - {sentence}" for sentence in NOT_COUNTED)


def free(bill: Bill) -> Iterator[str]:
    """Resources that cost nothing, by the reason why."""
    yield "Free:"
    for reason in dict.fromkeys(FREE[kind] for kind in bill.free):
        kinds = [
            f"{count} {kind.removeprefix('AWS::')}"
            for kind, count in bill.free.items()
            if FREE[kind] == reason
        ]
        yield f"  - {', '.join(kinds)}: {reason}"


def assumptions(usage: Usage) -> dict[str, str]:
    """What was assumed, by option."""
    assumed = {
        "hours": f"{usage.hours:f} hours",
        "load": f"{usage.load:f} % load",
        "traffic_gb": f"{usage.traffic_gb:f} GB to browsers",
        "nat_gb": f"{usage.out_gb:f} GB between instances and internet",
        "requests": f"{usage.requests:f} million requests",
        "database_load": f"{usage.database_load:f} % database load",
        "database_gb": f"{usage.database_gb:f} GB of data",
        "logs_gb": f"{usage.logs_gb:f} GB logged",
        "audit_gb": f"{usage.audit_gb:f} GB of the database's audit if any",
        "flow_logs_gb": f"{usage.flow_logs_gb:f} GB of flow logs if any",
        "storage_gb": f"{usage.storage_gb:f} GB in buckets",
        "documents_gb": f"{usage.documents_gb:f} GB of documents in a file system if any",
        "images_gb": f"{usage.images_gb:f} GB of images",
        "waf_rules": f"{usage.waf_rules:f} rules a web ACL if any",
    }
    return {option.name: assumed[option.name] for option in fields(usage)}


def objects(estimate: Estimate) -> Iterator[dict[str, Any]]:
    """All of it for programs; ``kind`` says which fields an object has, money is in USD."""
    for line in estimate.bill.lines:
        yield _line_object(line)
    for each in estimate.scenarios:
        yield {"kind": "load"} | {name: _json(value) for name, value in vars(each).items()}
    for choice in estimate.choices:
        yield {"kind": "option"} | {name: _json(value) for name, value in vars(choice).items()}
    for key, (listed, live) in estimate.moved.items():
        usd = None if listed is None else float(listed.usd)
        yield {"kind": "moved", "price": key, "listed": usd, "live": float(live.usd)}
    for kind, count in estimate.bill.free.items():
        yield {"kind": "free", "type": kind, "count": count, "reason": FREE[kind]}
    for name, sentence in assumptions(estimate.usage).items():
        yield {"kind": "assumption", "option": name, "text": sentence}
    for sentence in NOT_COUNTED:
        yield {"kind": "not-counted", "text": sentence}
    complete, total = not estimate.bill.unpriced, float(estimate.bill.total)
    yield {"kind": "total", "usd": total, "complete": complete, "old": list(estimate.old)}


def _line_object(line: LineItem) -> dict[str, Any]:
    shown = {"kind": "line", "component": line.component, "item": line.item}
    record: dict[str, Any] = {**shown, "quantity": float(line.quantity), "note": line.note}
    if line.price is None:
        return {**record, "unit": None, "unit_usd": None, "usd": None}
    price = line.price
    about = {"as_of": price.as_of.isoformat(), "source": price.source, "unit": price.unit}
    return {**record, **about, "unit_usd": float(price.usd), "usd": float(line.amount)}


def _json(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _rounded(quantity: Decimal) -> Decimal:
    """As it is shown: four significant decimals at most."""
    return _bare(quantity.quantize(Decimal("0.0001")))


def _bare(value: Decimal) -> Decimal:
    """Without zeros behind the point, and never with an exponent."""
    bare = value.normalize()
    return bare.quantize(Decimal(1)) if bare == bare.to_integral() else bare


def _short(value: str) -> str:
    return value if len(value) <= 24 else f"{value[:21]}..."
