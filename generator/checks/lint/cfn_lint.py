"""cfn-lint, a program of its own: its import alone takes longer than all other checks.

    python -m generator.checks.lint.cfn_lint JOBS

JOBS is JSON, [[Job, ...], [region, ...]]; a line of JSON, [file, findings], answers each job.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from generator.checks.lint.finding import Finding

TOOL = "cfn-lint"

WORKERS = 2

_rules: Any = None
"""Loaded once, before the workers are forked."""


class Job(NamedTuple):
    """One template and the parameter files it is linted with."""

    file: str
    """What a person would open."""
    path: str
    """Where cfn-lint finds it, its children beside it."""
    parameters: dict[str, dict[str, str]]
    """Values by the parameter file that gives them; without any, the defaults are judged."""


def main(jobs_file: str) -> None:
    """Lint the jobs in ``jobs_file``; exit with what crashed, after all that did not."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    global _rules
    jobs, regions = json.loads(Path(jobs_file).read_text("utf-8"))
    # Nothing of this needs collecting: a quarter less CPU, and the workers share more memory.
    gc.disable()
    _rules = _load_rules()
    crashes = []
    with ProcessPoolExecutor(WORKERS, get_context("fork")) as pool:
        pending = {pool.submit(lint, Job(*job), regions): job[0] for job in jobs}
        for future in as_completed(pending):
            if error := future.exception():
                crashes.append(f"{pending[future]}: {type(error).__name__}: {error}")
            else:
                print(json.dumps([pending[future], future.result()]), flush=True)
    if crashes:
        sys.exit("; ".join(crashes))


def lint(job: Job, regions: Sequence[str]) -> list[Finding]:
    """Everything cfn-lint says about one template."""
    from cfnlint.context.parameters import ParameterSet
    from cfnlint.runner.template import run_template_by_file_paths

    sets = [ParameterSet(file, values) for file, values in job.parameters.items()]
    config = _config(templates=[job.path], regions=list(regions), parameters=sets)
    return [_finding(job, match) for match in run_template_by_file_paths(config, _rules)]


def _load_rules() -> Any:
    from cfnlint.runner import Runner

    return Runner(_config(templates=[])).rules


def _config(**settings: Any) -> Any:
    from cfnlint.config import ConfigMixIn

    # Nobody's ~/.cfnlintrc may decide what passes here.
    return ConfigMixIn(["--config-file", os.devnull], include_checks=["I"], **settings)


def _finding(job: Job, match: Any) -> Finding:
    place = "/".join(map(str, getattr(match, "path", None) or ()))
    file = job.file if match.filename == job.path else str(match.filename)
    severity = match.rule.severity
    return Finding(
        TOOL, match.rule.id, severity, file, place, _in_json(match.message), match.linenumber
    )


def _in_json(message: str) -> str:
    """cfn-lint tells values as Python writes them; templates have null."""
    return re.sub(r"^None (?=is )", "null ", message)


if __name__ == "__main__":
    main(sys.argv[1])
