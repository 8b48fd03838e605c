"""What every check says of one environment, each asked once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from generator import output
from generator.checks import preflight
from generator.checks.changes.forecast import Forecast, forecast, revision
from generator.checks.cost import prices
from generator.checks.cost.estimate import estimate
from generator.checks.cost.report import Estimate
from generator.checks.cost.usage import Usage
from generator.checks.diagram.derive import derive
from generator.checks.diagram.model import Architecture
from generator.checks.preflight import CheckResult
from generator.checks.timeline.operations import creation_of, release_of
from generator.checks.timeline.report import Operation
from generator.errors import ClinicError
from generator.model import guard, view
from generator.model.view import View
from generator.parameters import files as parameters
from generator.parameters import regions


@dataclass(frozen=True)
class Source:
    """A file that was judged."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Results:
    """All that the report shows."""

    view: View
    checked: CheckResult
    architecture: Architecture
    estimate: Estimate
    creation: Operation
    releases: list[Operation]
    base: str
    """The git revision that the forecast compares with; empty if there is no forecast."""
    forecast: Forecast | None
    no_forecast: str
    """Why there is none."""
    commit: str
    """What is checked out, in words; empty where git does not know."""
    day: date | None
    sources: tuple[Source, ...]


def gather(
    env: str,
    params: Path,
    templates: Path | None,
    region: str,
    against: str | None,
    day: date | None,
) -> Results:
    """Ask every check about ``env``; ``against`` is a git revision, or None for the usual one,
    which may be missing then. ``day`` is the date of the report, None for the commit's.

    ClinicError for what cannot be read, judged or, if ``against`` is given, compared.
    """
    regions.require(region)
    prices.require(region)
    listed = prices.listed(region)
    resolved = view.load(env, params, templates, region)
    path = parameters.find(env, params)
    commit, committed = _commit(path, templates)
    day = day or committed
    base, expected, why = _forecast(env, params, templates, against)
    with guard.expected(templates):
        return Results(
            resolved,
            preflight.check_view(resolved, env, params, templates),
            derive(resolved),
            estimate(
                resolved, listed, Usage(), {}, day or max(each.as_of for each in listed.values())
            ),
            creation_of(resolved),
            release_of(resolved),
            base,
            expected,
            why,
            commit,
            day,
            tuple(_sources(resolved, path, templates)),
        )


def _forecast(
    env: str, params: Path, templates: Path | None, against: str | None
) -> tuple[str, Forecast | None, str]:
    if against is None and templates is not None:
        return "", None, "These templates are not those of output/: --against compares them."
    try:
        name, [results] = forecast(against, templates, params, [env])
    except ClinicError as trouble:
        if against is not None:
            raise
        return "", None, f"There is no revision to compare with: {trouble}"
    return name, results, ""


def _commit(path: Path, templates: Path | None) -> tuple[str, date | None]:
    """What is checked out where the files lie, and its day."""
    try:
        commit, day, changed = revision.head([path, *([templates] if templates else [])])
    except ClinicError:
        return "", None
    more = ", with files that differ from it" if changed else ""
    return f"{commit[:12]} of {day}{more}", date.fromisoformat(day)


def _sources(resolved: View, path: Path, templates: Path | None) -> Iterator[Source]:
    files: Mapping[str, bytes]
    if templates is None:
        documents = {f"nested/{name}.json": each for name, each in resolved.templates.items()}
        files = {f"output/{name}": data for name, data in output.render(documents).items()}
    else:
        files = {str(file): file.read_bytes() for file in view.files(templates).values()}
    for name, data in {**files, str(path): path.read_bytes()}.items():
        yield Source(name, len(data), hashlib.sha256(data).hexdigest())


def digest(results: Results) -> str:
    """One figure for all files that were judged: the SHA-256 of their names and digests."""
    listed = [[source.name, source.sha256] for source in results.sources]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()
