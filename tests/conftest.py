"""What more than one test module needs."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

from generator import __main__ as program
from generator import output
from tests.bootstrap.place import why_not
from tests.image.daemon import why_not as why_no_image
from tests.objects import judged

ROOT = Path(__file__).parents[1]

# How long an example takes says something about the machine only.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# What keeps a test out of `pytest -m fast`: it starts real parts (these folders and fixtures), runs
# cold linters or goes through all that an operator may choose (these folders and modules), or makes
# up many cases (hypothesis).
SLOW_FIXTURES = {"certificate", "daemons", "endpoint", "machine", "real_database"}
SLOW_PATHS = (
    "acceptance",
    "bootstrap",
    "checks/lint",
    "checks/reach/test_changed.py",
    "checks/reach/test_mutants.py",
    "checks/test_preflight.py",
    "image",
    "local",
    "mount",
    "policies/test_ways.py",
    "twin/watch",
)


def is_fast(item: pytest.Item) -> bool:
    """Whether `pytest -m fast` runs this test."""
    path = item.path.relative_to(ROOT / "tests")
    return (
        not any(path.is_relative_to(slow) for slow in SLOW_PATHS)
        and not SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ()))
        and not getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    )


# First, since pytest's own choice by `-m` is made in the same hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if is_fast(item):
            item.add_marker(pytest.mark.fast)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say loudly where instances booted, and whether a real Docker built the default image."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    paths = [str(getattr(report, "nodeid", "")).split("/") for report in reports]
    folders = {path[1] for path in paths if len(path) > 1}
    if "bootstrap" in folders:
        reason = why_not()
        said = "in a network namespace that owns 169.254.169.254"
        if reason:
            said = f"NOT {said}, but on a shared loopback with other addresses: {reason}"
        terminalreporter.section("boot of an instance")
        terminalreporter.line(f"tried {said}", red=bool(reason), green=not reason)
    if "image" in folders:
        reason = why_no_image() or "its test did not pass, or was not chosen"
        well = any(
            "test_the_default_image" in str(getattr(report, "nodeid", ""))
            for report in terminalreporter.stats.get("passed", [])
        )
        said = "built and run by a real Docker" if well else f"NOT run by a real Docker: {reason}"
        terminalreporter.section("default image")
        terminalreporter.line(said, red=not well, green=well)


class Ended(NamedTuple):
    """How a run of the command line ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the cache of the person who runs it; workers share one."""
    own = tmp_path_factory.getbasetemp()
    run = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(run / "cache"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """What runs under nohup or in a script's background ignores Ctrl-C, and so would all that the
    tests start and interrupt."""
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _going_on() -> Iterator[None]:
    """Commands that end soon switch the collector off and leave interrupts to the system; here they
    run in a process that goes on."""
    interrupt = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, interrupt)
    gc.unfreeze()
    gc.enable()


@pytest.fixture(scope="session")
def documents() -> dict[str, Any]:
    """Everything the project builds, by path under output/."""
    return output.documents()


@pytest.fixture
def clinic(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run the command line as the shell would, in the project's folder. What it tells programs has
    the form that the help promises."""
    monkeypatch.chdir(ROOT)

    def call(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["clinic", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            program.main()
        run = Ended(int(ended.value.code or 0), *capsys.readouterr())
        if "--json" in arguments and "--help" not in arguments:
            judged([str(word) for word in arguments], run.code, run.out)
        return run

    return call
