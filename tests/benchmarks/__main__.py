"""What the project promises to reach, measured beside its peers on the same machine.

    python -m tests.benchmarks [ROUNDS]

CPU seconds are those of the whole process with its children, peaks those of its largest process.
The medians of ROUNDS (default 5) count; peers run in turns, so that a noisy neighbour hits all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from generator import output, tables
from generator.model import view
from generator.parameters import files as parameters
from tests.benchmarks import copies

ROOT = Path(__file__).parents[2]
FILES = 1_000
TIMES = 10
PYTHON = sys.executable

Command = list[str]


class Cost(NamedTuple):
    """Of one run of one command."""

    cpu: float
    """Seconds."""
    wall: float
    """Seconds."""
    peak: float
    """MiB of the largest process."""


REFUSED = "AWS would refuse this"
"""A forecast's answer where everything changes, which takes as long as any other."""


class Case(NamedTuple):
    """A command, and what is done before each of its runs."""

    name: str
    command: Command
    before: Callable[[], None] = lambda: None
    codes: tuple[int, ...] = (0,)
    refused: str = ""
    """What stderr says where another code is an answer as well."""
    folder: Path = ROOT


def main() -> None:
    """Measure, print the table, exit with 1 if a promise is broken."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        # Warm is what somebody sees who runs it a second time: everything is compiled.
        os.environ["PYTHONPYCACHEPREFIX"] = f"{folder}/compiled"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPATH"] = str(ROOT)
        cases = _cases(Path(folder))
        _measure(cases, 1)
        runs = _measure(cases, rounds)
    tables.show(
        ["what", "CPU s", "wall s", "peak MiB"],
        [
            [name, *(f"{median(column):.2f}" for column in zip(*costs, strict=True))]
            for name, costs in runs.items()
        ],
    )
    promises = _promises(runs)
    print()
    tables.show(
        ["promise", "at most", "measured", ""],
        [
            [what, f"{limit:g}", f"{measured:.2f}", "kept" if measured <= limit else "BROKEN"]
            for what, limit, measured in promises
        ],
    )
    sys.exit(any(measured > limit for _, limit, measured in promises))


def _cases(folder: Path) -> list[Case]:
    # What the console script does.
    clinic = [PYTHON, "-c", "from generator.__main__ import main; main()"]
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    generate = [*clinic, "generate", "--output", str(folder / "output")]
    params = _parameter_files(folder / "params")

    def forget() -> None:
        subprocess.run(["rm", "-rf", str(folder / "cache")], check=True)

    return [
        Case("python", [PYTHON, "-c", ""]),
        Case("import of the modules used", [PYTHON, "-c", _imports()]),
        Case("generate --no-lint", [*generate, "--no-lint"]),
        Case("generate, all changed", generate, forget, (0, 1)),
        Case("generate, unchanged", generate, codes=(0, 1)),
        Case("params, 1 file", [*clinic, "params", "dev"]),
        Case(f"params, {FILES} files", [*clinic, "params", "--params", str(params)]),
        Case("prove prod", [*clinic, "prove", "prod"]),
        *(
            Case(_times(count), [*clinic, "prove", "prod", "--templates", path], codes=(1,))
            for count, path in _architectures(folder).items()
        ),
        *_sizes(folder, ["env", f"XDG_CACHE_HOME={folder / 'kept'}", *clinic]),
    ]


def _times(count: int) -> str:
    return f"prove, {count} x the architecture"


def _architectures(folder: Path) -> dict[int, str]:
    """Flat templates with the whole architecture so many times."""
    paths = {count: str(folder / f"{count}.json") for count in (1, 10, 20)}
    flat = output.documents()["flat.json"]
    for count, path in paths.items():
        Path(path).write_text(json.dumps(copies.flat(flat, count)), "utf-8")
    return paths


def _sizes(folder: Path, clinic: Command) -> list[Case]:
    """The proofs over the architecture once and several times; a stand-in set has findings."""
    cases = [
        Case("check, lint cached", [*clinic, "check", "prod"]),
        Case("check, nothing to do", [*clinic, "check", "--help"]),
        Case("forecast, nothing to do", [*clinic, "forecast", "--help"]),
    ]
    for times in (1, TIMES):
        here = _repository(folder / f"times-{times}", times)
        check = [*clinic, "check", "dev", "--templates", "output"]
        cases += [
            Case(
                f"check, {times}x, lint cached", check, codes=(0, 1), refused=REFUSED, folder=here
            ),
            Case(
                f"forecast, {times}x",
                [*clinic, "forecast"],
                codes=(0, 1),
                refused=REFUSED,
                folder=here,
            ),
        ]
    return cases


def _repository(folder: Path, times: int) -> Path:
    """A project under git in whose parameter files the network has changed since the commit."""
    (folder / "output" / "nested").mkdir(parents=True)
    documents = {f"nested/{k}.json": v for k, v in copies.nested(view.ours(), times).items()}
    output.write(folder / "output", output.render(documents))
    subprocess.run(["cp", "-r", str(ROOT / "params"), str(folder)], check=True)
    identity = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "As it was."]):
        subprocess.run(["git", *identity, *command], cwd=folder, check=True)
    for env in parameters.environments(folder / "params"):
        file = folder / "params" / f"{env}.json"
        given = json.loads(file.read_text("utf-8"))
        given = [row for row in given if row["ParameterKey"] != "VpcCidr"]
        given.append({"ParameterKey": "VpcCidr", "ParameterValue": "10.200.0.0/16"})
        file.write_text(json.dumps(given), "utf-8")
    return folder


def _imports() -> str:
    """Imports just the troposphere and awacs modules that the architecture imports itself."""
    script = (
        "import sys, generator.architecture, generator.policies\n"
        "print(*(m for m in sys.modules if m.split('.')[0] in ('troposphere', 'awacs')))"
    )
    run = [PYTHON, "-c", script]
    modules = subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return f"import {', '.join(modules.split())}"


def _parameter_files(folder: Path) -> Path:
    folder.mkdir()
    given = json.loads((ROOT / "params" / "prod.json").read_text("utf-8"))
    for number in range(FILES):
        text = json.dumps(given).replace('"prod"', f'"prod-{number}"')
        (folder / f"env-{number}.json").write_text(text, "utf-8")
    return folder


def _measure(cases: list[Case], rounds: int) -> dict[str, list[Cost]]:
    runs: dict[str, list[Cost]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            case.before()
            runs[case.name].append(_run(case))
    return runs


def _run(case: Case) -> Cost:
    start = time.perf_counter()
    process = subprocess.Popen(
        case.command, cwd=case.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    refused = bool(case.refused) and case.refused in said
    if os.waitstatus_to_exitcode(status) not in case.codes and not refused:
        raise SystemExit(f"{' '.join(case.command)} failed: {said}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def _promises(runs: dict[str, list[Cost]]) -> list[tuple[str, float, float]]:
    bare, lean = runs["import of the modules used"], runs["generate --no-lint"]
    changed, unchanged = runs["generate, all changed"], runs["generate, unchanged"]
    ratios = [ours.cpu / peer.cpu for ours, peer in zip(lean, bare, strict=True)]
    check, forecast = runs["check, lint cached"], runs["forecast, 1x"]
    return [
        ("generate --no-lint: CPU, times a bare import", 1.6, median(ratios)),
        ("generate --no-lint: peak MiB", 45, median(run.peak for run in lean)),
        ("generate + lint, unchanged: CPU s", 0.6, median(run.cpu for run in unchanged)),
        ("generate + lint, all changed: CPU s", 7, median(run.cpu for run in changed)),
        (
            "generate + lint, all changed: wall, times CPU (two idle cores)",
            0.6,
            median(run.wall / run.cpu for run in changed),
        ),
        (
            f"{FILES} parameter files: CPU s",
            1,
            median(run.cpu for run in runs[f"params, {FILES} files"]),
        ),
        ("prove prod: CPU s", 1, median(run.cpu for run in runs["prove prod"])),
        ("prove, 20 x to 10 x: growth of CPU (linear: 2.1)", 2.6, _prove_growth(runs)),
        ("check, lint cached: CPU s", 1, median(run.cpu for run in check)),
        ("forecast of three environments: CPU s", 1.5, median(run.cpu for run in forecast)),
        (
            f"check of {TIMES} times as much: CPU, times",
            12,
            _growth(runs, "check", ", lint cached"),
        ),
        (f"forecast of {TIMES} times as much: CPU, times", 12, _growth(runs, "forecast", "")),
    ]


def _prove_growth(runs: dict[str, list[Cost]]) -> float:
    """How much more 19 further architectures cost than 9, so that no start is counted."""
    once, ten, twenty = (median(run.cpu for run in runs[_times(n)]) for n in (1, 10, 20))
    return (twenty - once) / (ten - once)


def _growth(runs: dict[str, list[Cost]], what: str, how: str) -> float:
    """How many times the work of one architecture TIMES of them take, the start aside."""
    idle, one, many = (
        runs[f"{what}, {size}"] for size in ("nothing to do", f"1x{how}", f"{TIMES}x{how}")
    )
    return median(
        (large.cpu - start.cpu) / (small.cpu - start.cpu)
        for start, small, large in zip(idle, one, many, strict=True)
    )


if __name__ == "__main__":
    main()
