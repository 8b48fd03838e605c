"""Runs every check over everything that is built, each as early as its answer can be had."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from itertools import chain, product
from pathlib import Path, PurePath
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple

from generator.checks.lint import cache, contract, validator
from generator.checks.lint import cfn_lint as linter
from generator.checks.lint.finding import Finding
from generator.errors import ClinicError
from generator.parameters import files as parameters

REGIONS = ("us-east-1", "sa-east-1")
"""Where the templates must work: the main one, which both linters judge, and the clinic's nearest,
which only the fast one does."""

REMOTE = re.compile(
    rb'"TemplateURL": \{(\s*)"Fn::Sub": "\$\{TemplateBaseUrl\}/([a-z]+\.json)"(\s*)\}'
)


class Template(NamedTuple):
    """One template and the parameter files it is linted with."""

    path: str
    """Under output/."""
    data: bytes
    values: dict[str, dict[str, str]]
    """Values by parameter file: of flat, where each one meets the properties that it ends in."""
    source: str = ""
    """Where it was found, if it is no template of ours."""

    @property
    def file(self) -> str:
        """What a person would open."""
        return self.source or f"output/{self.path}"


class LintRun(NamedTuple):
    """Templates, regions and cache of one run of all checks."""

    templates: list[Template]
    regions: Sequence[str]
    cache: cache.Cache
    later: frozenset[str] = frozenset()
    """Paths of templates that cfn-lint is not asked about now."""

    def key(self, tool: ModuleType, template: Template, *beside: bytes) -> str:
        """Names an entry: the tool, how we use it, and everything it gets to see."""
        use = Path(str(tool.__file__)).read_bytes()
        inputs = json.dumps([tool.TOOL, version(tool.TOOL), template.values, list(self.regions)])
        return cache.key(use, inputs, template.file, template.data, *beside)


def lint_all(
    documents: Mapping[str, Any],
    files: Mapping[str, bytes],
    values: dict[str, dict[str, str]],
    kept: cache.Cache,
    regions: Sequence[str] = REGIONS,
    sources: Mapping[str, str] = MappingProxyType({}),
    later: frozenset[str] = frozenset(),
) -> Iterator[Finding]:
    """Each finding once, soonest first; what the cache knows is not asked again.

    ``documents`` are the parsed ``files``, both by path under output/; ``values`` are those of
    each parameter file, which flat is linted with: root has no property that takes a value. A set
    has the shape of ours: ``flat.json``, ``nested/`` with a root and its children, or both.
    ``sources`` says by the same paths where each file of a set that is not ours was found.
    ``later`` are those of which cfn-lint's part is left out unless the cache has it.
    """
    templates = [
        Template(path, data, values if path == "flat.json" else {}, sources.get(path, ""))
        for path, data in files.items()
        if path in documents and not path.startswith("policies/")
    ]
    run = LintRun(templates, regions, kept, later)
    names = {f"output/{template.path}": template.file for template in templates}
    with _cfn_lint(run) as slow:
        own = (
            f._replace(file=names.get(f.file, f.file))
            for f in contract.check(documents, files, values)
        )
        yield from dict.fromkeys(chain(own, _validate(run)))
        yield from dict.fromkeys(slow)


def read(
    params: Path, template: Mapping[str, Any]
) -> tuple[dict[str, dict[str, str]], list[Finding]]:
    """Values by parameter file, and what is wrong with each that does not fit ``template``."""
    values: dict[str, dict[str, str]] = {}
    troubles: list[Finding] = []
    for env in parameters.environments(params):
        path = params / f"{env}.json"
        try:
            data = parameters.read(path)
            file_values = parameters.parse(path, data)
        except ClinicError as trouble:
            troubles.append(_trouble(path, str(trouble), trouble.line))
            continue
        problems = parameters.check(file_values, template)
        troubles += [
            _trouble(path, f"{path}: {sentence}", parameters.line_of(key, data))
            for key, sentence in problems
        ]
        if not problems:
            values[str(path)] = file_values
    return values, troubles


def _trouble(path: Path, sentence: str, line: int) -> Finding:
    return Finding("clinic", "parameters", "error", str(path), "", sentence, line)


def _validate(run: LintRun) -> Iterator[Finding]:
    for template in run.templates:
        name = run.key(validator, template)
        cached = run.cache.get(name)
        if cached is None:
            cached = [
                finding
                for values, region in _circumstances(template, run.regions)
                for finding in validator.validate(template.file, template.data, values, region)
            ]
            run.cache.put(name, cached)
        yield from cached


def _circumstances(
    template: Template, regions: Sequence[str]
) -> Iterator[tuple[dict[str, str], str]]:
    """The defaults in every region, each parameter file in the main one."""
    yield from product([{}], regions)
    yield from product(template.values.values(), regions[:1])


@contextmanager
def _cfn_lint(run: LintRun) -> Iterator[Iterator[Finding]]:
    """Starts at once with what the cache does not know; the findings are there to be fetched."""
    run = run._replace(regions=run.regions[:1])
    local = [t._replace(data=localize(t.data)) for t in run.templates]
    everything = [t.data for t in local]
    names = {
        t.file: run.key(linter, t, *(everything if PurePath(t.path).stem == "root" else ()))
        for t in local
    }
    known = {file: run.cache.get(name) for file, name in names.items()}
    at_hand = chain.from_iterable(cached for cached in known.values() if cached is not None)
    missing = [t for t in local if known[t.file] is None and t.path not in run.later]
    if not missing:
        yield at_hand
        return
    # Not needed when nothing has changed, and slow to import.
    from tempfile import TemporaryDirectory

    from generator.checks.lint import background

    with TemporaryDirectory(prefix="clinic-lint-") as folder:
        for t in local:
            target = Path(folder, t.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(t.data)
        missing.sort(key=lambda t: -len(t.data) * (1 + len(t.values)))
        jobs = [linter.Job(t.file, str(Path(folder, t.path)), t.values) for t in missing]
        with background.running(jobs, run.regions, Path(folder)) as answers:
            yield chain(at_hand, _collect(run, names, {t.file for t in missing}, answers))


def _collect(
    run: LintRun,
    names: Mapping[str, str],
    missing: set[str],
    answers: Iterator[tuple[str, list[Finding]]],
) -> Iterator[Finding]:
    """Keeps each answer; a job without one is a finding, so that a crash is never a pass."""
    why = "it ended without an answer"
    try:
        for file, findings in answers:
            run.cache.put(names[file], findings)
            missing.discard(file)
            yield from findings
    except RuntimeError as crash:
        why = str(crash)
    for file in sorted(missing):
        message = f"cfn-lint crashed ({why}); this template is not linted."
        yield Finding("clinic", "linter-crash", "error", file, "", message)


def localize(root: bytes) -> bytes:
    """The root with its children beside it, which is where cfn-lint compares them; same lines."""
    return REMOTE.sub(rb'"TemplateURL":\1"\2"\3', root)
