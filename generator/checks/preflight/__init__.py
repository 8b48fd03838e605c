"""Everything that can be known before a deployment: lint, reachability and limits in one go.

screen.py        for people and for programs
required.py      refuses a deployment if anything is found
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
class TemplateSet:
    """A set in the shape of ours, as run.judge takes it."""

    name: str
    documents: Mapping[str, Any]
    files: Mapping[str, bytes]
    values: dict[str, dict[str, str]]
    sources: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[Finding, ...] = ()

    @property
    def ours(self) -> bool:
        return not self.sources


@dataclass(frozen=True)
class CheckResult:
    """The result of checking one environment."""

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
        by_limit: dict[str, Measure] = {}
        for measure in sorted(self.measures, key=lambda measure: measure.room):
            by_limit.setdefault(measure.limit, measure)
        return list(by_limit.values())


def check(
    env: str, params: Path, templates: Path | None = None, region: str = "us-east-1"
) -> CheckResult:
    """Look at ``env``, a name in ``params`` or a file, with our templates or others.

    What the linters said about the same bytes today is not asked again. ClinicError if something
    cannot be read.
    """
    return check_view(view.load(env, params, templates, region), env, params, templates)


def check_view(loaded: View, env: str, params: Path, templates: Path | None = None) -> CheckResult:
    """As ``check``, for a view that is loaded."""
    path = parameters.find(env, params)
    suite = _external(templates, path, loaded) if templates else _ours(params, path, loaded)
    with guard.expected(templates):
        return _checked(suite, loaded, params, path)


def _checked(suite: TemplateSet, loaded: View, params: Path, path: Path) -> CheckResult:
    used: set[Suppression] = set()
    others = {str(params / f"{name}.json") for name in parameters.environments(params)}
    findings = [
        finding
        for finding in report.unsuppressed(_findings(suite), used)
        if finding.severity in SEVERITIES[:2] and finding.file not in others - {str(path)}
    ]
    findings = _once(findings, suite)
    return CheckResult(
        path.stem,
        loaded.region,
        suite.name,
        findings,
        len(used),
        prove(loaded, params),
        _limits(suite, loaded),
        DOCUMENTS if loaded.values.get("DocumentsFileSystem") == "false" else "",
    )


def _ours(params: Path, path: Path, loaded: View) -> TemplateSet:
    documents = output.documents()
    values, troubles = run.read(params, documents["flat.json"])
    values.setdefault(str(path), dict(loaded.values))
    files = output.render(documents)
    return TemplateSet(guard.OURS, documents, files, values, troubles=tuple(troubles))


def _external(templates: Path, path: Path, loaded: View) -> TemplateSet:
    """Nested templates get their values from a root, so they are looked at as one template too."""
    values = {str(path): dict(loaded.values)}
    paths = view.files(templates)
    if view.FLAT in paths:
        names = {view.FLAT: "flat.json"}
    else:
        folder = paths[view.ROOT].parent
        names = {n: f"nested/{file.relative_to(folder)}" for n, file in paths.items()}
    documents = {name: loaded.templates[stem] for stem, name in names.items()}
    files = {name: paths[stem].read_bytes() for stem, name in names.items()}
    sources = {name: str(paths[stem]) for stem, name in names.items()}
    # More than one stack may hold is fine for several.
    if view.ROOT in paths and len(loaded.whole["Resources"]) <= COUNTS["Resources"]:
        documents["flat.json"] = loaded.whole
        files |= output.render({"flat.json": loaded.whole})
        sources["flat.json"] = f"{templates} as one template"
    return TemplateSet(str(templates), documents, files, values, sources)


def _findings(suite: TemplateSet) -> Iterator[Finding]:
    """What lint says; limits are measured on their own."""
    kept = cache.Cache(cache.folder())
    findings = run.lint_all(suite.documents, suite.files, suite.values, kept, sources=suite.sources)
    return (f for f in chain(suite.troubles, findings) if (f.tool, f.rule) != ("clinic", "limit"))


def _once(findings: list[Finding], suite: TemplateSet) -> list[Finding]:
    """Without what the one template only says again of what a nested one has said."""
    whole = suite.sources.get("flat.json", "output/flat.json")
    reported = {(f.tool, f.rule, f.place) for f in findings if f.file != whole}
    return [f for f in findings if f.file != whole or (f.tool, f.rule, f.place) not in reported]


def _limits(suite: TemplateSet, loaded: View) -> list[Measure]:
    measured = list(quotas.measures(loaded, "output" if suite.ours else suite.name))
    for path, document in suite.documents.items():
        if path.startswith("policies/"):
            size = quotas.characters(document)
            measured.append(Measure(quotas.MANAGED, f"output/{path}", "", size, POLICY))
        elif suite.ours or path != "flat.json" or view.FLAT in loaded.templates:
            used = limits.measures(path, document, len(suite.files[path]))
            measured += [m._replace(file=suite.sources.get(path, m.file)) for m in used]
    return measured
