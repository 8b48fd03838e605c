"""Everything that can be known before a deployment: lint, reachability and limits in one go.

screen.py        for people and for programs
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from generator import output
from generator.checks import quotas
from generator.checks.lint import cache, limits, report, run
from generator.checks.lint.finding import SEVERITIES, Finding
from generator.checks.lint.limits import Measure
from generator.checks.reach import Proof, prove
from generator.limits import COUNTS
from generator.model import guard, view
from generator.model.view import View
from generator.parameters import files as parameters
from generator.suppressions import Suppression

POLICY = 6_144
"""Characters of a managed policy."""


DOCUMENTS = (
    "DocumentsFileSystem is false: documents stay only if the .env says CLOUD=true; "
    "`clinic env check FILE ENV` and `clinic env push` look"
)


@dataclass(frozen=True)
class Suite:
    """A set in the shape of ours, as run.judge takes it."""

    name: str
    documents: Mapping[str, Any]
    files: Mapping[str, bytes]
    values: dict[str, dict[str, str]]
    given: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[Finding, ...] = ()

    @property
    def ours(self) -> bool:
        return not self.given


@dataclass(frozen=True)
class Checked:
    """What was found about one environment."""

    env: str
    region: str
    name: str
    """Of the set of templates."""
    lint: list[Finding]
    """Errors and warnings that no suppression covers."""
    suppressed: int
    proof: Proof
    measures: list[Measure]

    note: str = ""
    """What only the .env decides."""

    @property
    def broken(self) -> list[Measure]:
        return [measure for measure in self.measures if not measure.kept]

    @property
    def count(self) -> int:
        """How many findings there are in all."""
        return len(self.lint) + len(self.proof.differences) + len(self.broken)

    @property
    def tightest(self) -> list[Measure]:
        """Of each limit the place with the least head-room, the tightest limit first."""
        found: dict[str, Measure] = {}
        for measure in sorted(self.measures, key=lambda measure: measure.room):
            found.setdefault(measure.limit, measure)
        return list(found.values())


def check(
    env: str, params: Path, templates: Path | None = None, region: str = "us-east-1"
) -> Checked:
    """Look at ``env``, a name in ``params`` or a file, with our templates or others.

    What the linters said about the same bytes today is not asked again. ClinicError if something
    cannot be read.
    """
    return check_view(view.load(env, params, templates, region), env, params, templates)


def check_view(seen: View, env: str, params: Path, templates: Path | None = None) -> Checked:
    """As ``check``, for a view that is loaded."""
    path = parameters.find(env, params)
    suite = _given(templates, path, seen) if templates else _ours(params, path, seen)
    with guard.expected(templates):
        return _checked(suite, seen, params, path)


def _checked(suite: Suite, seen: View, params: Path, path: Path) -> Checked:
    used: set[Suppression] = set()
    others = {str(params / f"{name}.json") for name in parameters.environments(params)}
    findings = [
        finding
        for finding in report.unsuppressed(_findings(suite), used)
        if finding.severity in SEVERITIES[:2] and finding.file not in others - {str(path)}
    ]
    findings = _once(findings, suite)
    return Checked(
        path.stem,
        seen.region,
        suite.name,
        findings,
        len(used),
        prove(seen, params),
        _limits(suite, seen),
        DOCUMENTS if seen.values.get("DocumentsFileSystem") == "false" else "",
    )


def _ours(params: Path, path: Path, seen: View) -> Suite:
    documents = output.documents()
    values, troubles = run.read(params, documents["flat.json"])
    values.setdefault(str(path), dict(seen.values))
    files = output.render(documents)
    return Suite(guard.OURS, documents, files, values, troubles=tuple(troubles))


def _given(templates: Path, path: Path, seen: View) -> Suite:
    """Nested templates get their values from a root, so they are looked at as one template too."""
    values = {str(path): dict(seen.values)}
    paths = view.files(templates)
    if view.FLAT in paths:
        names = {view.FLAT: "flat.json"}
    else:
        folder = paths[view.ROOT].parent
        names = {n: f"nested/{file.relative_to(folder)}" for n, file in paths.items()}
    documents = {name: seen.templates[stem] for stem, name in names.items()}
    files = {name: paths[stem].read_bytes() for stem, name in names.items()}
    given = {name: str(paths[stem]) for stem, name in names.items()}
    # More than one stack may hold is fine for several.
    if view.ROOT in paths and len(seen.whole["Resources"]) <= COUNTS["Resources"]:
        documents["flat.json"] = seen.whole
        files |= output.render({"flat.json": seen.whole})
        given["flat.json"] = f"{templates} as one template"
    return Suite(str(templates), documents, files, values, given)


def _findings(suite: Suite) -> Iterator[Finding]:
    """What lint says; limits are measured on their own."""
    kept = cache.Cache(cache.folder())
    found = run.judge(suite.documents, suite.files, suite.values, kept, given=suite.given)
    return (f for f in chain(suite.troubles, found) if (f.tool, f.rule) != ("clinic", "limit"))


def _once(findings: list[Finding], suite: Suite) -> list[Finding]:
    """Without what the one template only says again of what a nested one has said."""
    whole = suite.given.get("flat.json", "output/flat.json")
    told = {(f.tool, f.rule, f.place) for f in findings if f.file != whole}
    return [f for f in findings if f.file != whole or (f.tool, f.rule, f.place) not in told]


def _limits(suite: Suite, seen: View) -> list[Measure]:
    found = list(quotas.measures(seen, "output" if suite.ours else suite.name))
    for path, document in suite.documents.items():
        if path.startswith("policies/"):
            size = quotas.characters(document)
            found.append(Measure(quotas.MANAGED, f"output/{path}", "", size, POLICY))
        elif suite.ours or path != "flat.json" or view.FLAT in seen.templates:
            used = limits.measures(path, document, len(suite.files[path]))
            found += [m._replace(file=suite.given.get(path, m.file)) for m in used]
    return found
