"""Prints who reaches whom: a matrix for people, one JSON object a line for programs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from generator import tables
from generator.checks.reach.facts import Proof, Reach
from generator.checks.reach.network import OUTSIDE
from generator.model.network import ports
from generator.options import DEFAULT_PARAMS

NETWORK = (
    *("internet", "viewer", "any distribution", "cdn", "balancer", "backend", "database"),
    "file system",
)
STORES = (
    *("frontend", "configuration", "documents", "logs", "cdn logs"),
    *("database secret", "origin secret", "registry", "key"),
)
NOTHING = "-"
Table = tuple[list[str], list[list[str]]]
"""Headings and rows."""


def show(proof: Proof, arguments: Sequence[str]) -> None:
    """Print the matrix, why its packets pass, and the differences."""
    print(f"{proof.env}: who reaches whom")
    tables.show(*matrix(proof.reaches))
    print()
    tables.show(*stores(proof.reaches))
    print()
    tables.show(*why(_passes(proof.reaches)))
    print()
    for difference in proof.differences:
        print(f"{difference.problem}: {difference.sentence}")
    print("".join(f"{line}\n" for line in mend(proof, arguments)), end="")
    count = len(proof.differences)
    text = "as expected" if not count else f"{count} difference{'s' if count > 1 else ''}"
    print(f"{proof.env}: {len(proof.reaches)} ways, {text} ({proof.expectations})")


def command_line(env: str, templates: Path | None, params: Path) -> list[str]:
    """What names a set of templates and its parameters on a command line."""
    own = ["--params", str(params)] if params != DEFAULT_PARAMS else []
    return [env, *(["--templates", str(templates)] if templates else []), *own]


def mend(proof: Proof, arguments: Sequence[str]) -> list[str]:
    """The command that accepts the differences, for ``clinic prove``'s arguments; nothing where
    accepting mends none of them."""
    if all(difference.problem == "unknown" for difference in proof.differences):
        return []
    command = shlex.join(["clinic", "prove", *arguments, "--accept"])
    return [f"If who reaches whom is meant so: `{command}`, and commit the file that it writes."]


def objects(proof: Proof) -> Iterator[dict[str, object]]:
    """Every way, every difference and the sum, for programs."""
    wrong = {(d.source, d.target, d.what) for d in proof.differences if d.problem == "unexpected"}
    for reach in proof.reaches:
        expected = (reach.source, reach.target, reach.what) not in wrong
        way = _way(reach.source, reach.target, reach.what, reach.why)
        yield {"kind": "reach", **way, "expected": expected}
    for one in proof.differences:
        way = _way(one.source, one.target, one.what, one.why)
        yield {"kind": "difference", "problem": one.problem, **way, "sentence": one.sentence}
    yield {
        "kind": "proof",
        "env": proof.env,
        "expectations": proof.expectations,
        "reaches": len(proof.reaches),
        "differences": len(proof.differences),
    }


def _way(source: str, target: str, what: str, why: Sequence[str]) -> dict[str, object]:
    way: dict[str, object] = {"from": source, "to": target, "what": what}
    match = ports.TEXT.match(what)
    if match:
        protocol, _, port = match[0].partition(" ")
        way |= {"protocol": protocol, "port": port or "all"}
        if what.startswith("any protocol"):
            way |= {"protocol": "all", "port": "all"}
    return way | {"why": list(why)}


TIER, HOUSED = "subnets of ", ("balancer", "backend", "database", "file system")


def _shown(reaches: Iterable[Reach]) -> Iterator[Reach]:
    """What belongs into the matrix, in few words."""
    for reach in reaches:
        if ports.parse(reach.what) is not None:
            yield reach
        elif reach.source.startswith(TIER):
            yield reach._replace(what=reach.what.removeprefix("route by "))
        elif reach.source == "viewer" and reach.what.startswith("http"):
            short = reach.what.replace(", reading", "").replace(", any method", "")
            yield reach._replace(what=short)


def _passes(reaches: Iterable[Reach]) -> list[Reach]:
    """Ways of packets, and what balancers hand on."""
    return [
        reach
        for reach in reaches
        if ports.parse(reach.what) is not None or reach.source.startswith("balancer:")
    ]


def matrix(reaches: Sequence[Reach]) -> Table:
    """What passes from whom to whom."""
    cells: dict[tuple[str, str], list[str]] = {}
    for reach in _shown(reaches):
        cells.setdefault((reach.source, reach.target), []).append(reach.what)
    ends = dict.fromkeys(end for pair in cells for end in pair)
    ordered = [*(name for name in NETWORK if name in ends), *ends]
    # A row of nothing says something too.
    named = [name for name in ordered if name in NETWORK]
    tiers = [f"{TIER}{name}" for name in named if name in HOUSED]
    sources = dict.fromkeys([OUTSIDE, *named, *(source for source, _ in cells), *tiers])
    targets = [name for name in dict.fromkeys(ordered) if any(name == t for _, t in cells)]
    rows = [
        [source, *(_cell(cells.get((source, target), [])) for target in targets)]
        for source in sources
    ]
    return ["from \\ to", *targets], rows


def _cell(ways: list[str]) -> str:
    """``tcp 80, 443`` for ``tcp 80`` and ``tcp 443``."""
    short = [
        way.partition(" ")[2]
        if i and way.partition(" ")[0] == ways[i - 1].partition(" ")[0]
        else way
        for i, way in enumerate(ways)
    ]
    return ", ".join(short) or NOTHING


def stores(reaches: Sequence[Reach]) -> Table:
    """Who does what with buckets, secrets, registry and key."""
    rows: dict[tuple[str, str], list[str]] = {}
    for reach in reaches:
        if reach.target.partition("/")[0] in STORES and not reach.refusal:
            rows.setdefault((reach.target, reach.source), []).append(_brief(reach.what))
    order = sorted(rows, key=lambda pair: STORES.index(pair[0].partition("/")[0]))
    return ["store", "by", "ways (+ under a condition)"], [
        [*pair, ", ".join(dict.fromkeys(rows[pair]))] for pair in order
    ]


def _brief(what: str) -> str:
    """Without the service, which the store says, and without the values of conditions."""
    action, _, condition = what.partition(" if ")
    return action.partition(":")[2] + ("+" if condition else "") if ":" in action else action


def why(reaches: Iterable[Reach]) -> Table:
    """Each of ``reaches`` with what lets it through."""
    rows = [[r.source, r.target, r.what, ", ".join(r.why)] for r in reaches]
    return ["from", "to", "port", "why"], rows
