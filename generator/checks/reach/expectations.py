"""What an environment expects, and how what was found differs from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from generator.checks.reach.facts import Difference, Fact, Link, NotReached, Reach, Unknown
from generator.errors import ClinicError, quote, reason
from generator.model import guard
from generator.model.network import ports

FOLDER = "expectations"

PARAMETERS = "parameters"
"""The key of such a file under which the parameters are with which it was accepted."""
Table = Mapping[str, Mapping[str, list[str]]]
"""From, to, and in which ways: ``{"backend": {"database": ["tcp 5432"]}}``."""


class Expected(NamedTuple):
    """What may be there, and what has to be."""

    source: str
    """Where it is from, for people."""
    allowed: Table
    required: Table
    values: Mapping[str, str] | None = None
    """The parameters with which it was accepted; None if that is not known."""


def load(path: Path) -> Expected:
    """The expectations in a file; ClinicError if it cannot be read or is no such table."""
    try:
        table = json.loads(path.read_bytes().decode())
    except OSError as error:
        raise ClinicError(
            f"{quote(str(path))} cannot be read ({reason(error)}): check the path."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ClinicError(f"{path} is not valid JSON: {guard.reason(error)}.") from error
    values = table.pop(PARAMETERS, None) if isinstance(table, dict) else None
    if not _is_table(table) or not (values is None or _are_values(values)):
        raise ClinicError(
            f'{path} must be {{"from": {{"to": ["tcp 443", ...]}}}}: who reaches whom, and how.'
        )
    return Expected(str(path), table, table, values)


def _are_values(values: Any) -> bool:
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())


def _is_table(table: Any) -> bool:
    return isinstance(table, dict) and all(
        isinstance(row, dict)
        and all(
            isinstance(ways, list) and all(isinstance(way, str) for way in ways)
            for ways in row.values()
        )
        for row in table.values()
    )


def place(folder: Path, env: str) -> Path:
    """The file of an environment's expectations, beside its parameter file in ``folder``."""
    return folder / FOLDER / f"{env}.json"


def accept(path: Path, accepted: Iterable[Reach], values: Mapping[str, str]) -> None:
    """Write what was found as what is expected with these parameters, whole or not at all;
    ClinicError if it cannot be written."""
    rows: dict[str, dict[str, Any]] = {PARAMETERS: dict(sorted(values.items()))}
    for reach in accepted:
        ways = rows.setdefault(reach.source, {}).setdefault(reach.target, [])
        if reach.what not in ways:
            ways.append(reach.what)
    unfinished = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", "utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise ClinicError(
            f"{quote(str(path))} cannot be written ({reason(error)}): check the folder."
        ) from error


def reaches(facts: Iterable[Fact]) -> Iterator[Reach]:
    """Everything that was found, one way at a time."""
    for fact in facts:
        if isinstance(fact, Link):
            for words, let in ports.runs(fact.may):
                yield Reach(fact.source, fact.target, words, fact.why(let))
        elif isinstance(fact, Reach):
            yield fact


def differences(facts: Iterable[Fact], expected: Expected) -> list[Difference]:
    """Where ``facts`` are not what is expected: what is too much, what is missing, what is not
    known."""
    facts = list(facts)
    links = _merged(fact for fact in facts if isinstance(fact, Link))
    unblocked = [fact for fact in facts if isinstance(fact, Reach)]
    stopped = [fact for fact in facts if isinstance(fact, NotReached)]
    unknown = dict.fromkeys(fact for fact in facts if isinstance(fact, Unknown))
    unexpected = [
        *_unexpected_links(links.values(), expected.allowed),
        *_unexpected(unblocked, expected.allowed),
        *_missing(links, unblocked, stopped, expected.required),
        *(
            Difference("unknown", doubt.where, "", "", (), f"{doubt.sentence}.")
            for doubt in unknown
        ),
    ]
    return list(dict.fromkeys(unexpected))


def _merged(links: Iterable[Link]) -> dict[tuple[str, str], Link]:
    """Several components may go by one name: something passes if it does for one of them, and
    surely if it does for all."""
    by_pair: dict[tuple[str, str], Link] = {}
    for link in links:
        old = by_pair.get((link.source, link.target))
        by_pair[link.source, link.target] = (
            Link(
                link.source,
                link.target,
                old.may | link.may,
                old.must & link.must,
                old.passed + link.passed,
                old.stopped + link.stopped,
            )
            if old
            else link
        )
    return by_pair


def _ports(table: Table, source: str, target: str) -> int:
    allowed_ports = 0
    for way in table.get(source, {}).get(target, []):
        allowed_ports |= ports.parse(way) or 0
    return allowed_ports


def _unexpected_links(links: Iterable[Link], allowed: Table) -> Iterator[Difference]:
    for link in links:
        for way, let in ports.runs(link.may & ~_ports(allowed, link.source, link.target)):
            yield _difference("unexpected", link.source, link.target, way, link.why(let))


def _unexpected(unblocked: Iterable[Reach], allowed: Table) -> Iterator[Difference]:
    for fact in unblocked:
        if not fact.refusal and fact.what not in allowed.get(fact.source, {}).get(fact.target, ()):
            yield _difference("unexpected", fact.source, fact.target, fact.what, fact.why)


def _missing(
    links: Mapping[tuple[str, str], Link],
    unblocked: Iterable[Reach],
    stopped: Iterable[NotReached],
    required: Table,
) -> Iterator[Difference]:
    there = {fact[:3]: fact.why for fact in stopped}
    there |= {(fact.source, fact.target, fact.what): fact.blocked for fact in unblocked}
    for source, row in required.items():
        for target, ways in row.items():
            for way in ways:
                required_ports = ports.parse(way)
                if required_ports is None:
                    why = there.get((source, target, way), ("nothing allows it",))
                    if why:
                        yield _difference("missing", source, target, way, why)
                    continue
                link = links.get((source, target))
                if link is None:
                    yield _difference("missing", source, target, way, ("one of them is gone",))
                elif required_ports & ~link.must:
                    why = link.why_not(required_ports) or ("it is not known what lets it through",)
                    yield _difference("missing", source, target, way, why)


def _difference(
    problem: str, source: str, target: str, what: str, why: tuple[str, ...]
) -> Difference:
    if problem == "unexpected":
        sentence = f"{source} -> {target}: {what} is not expected (by {', '.join(why)})."
    else:
        sentence = f"{source} -> {target}: {what} is expected and missing ({'; '.join(why)})."
    return Difference(problem, source, target, what, why, sentence)
