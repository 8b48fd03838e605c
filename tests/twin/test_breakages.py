"""Some of the breakages of tests/benchmarks/planted.py, planted in one environment that stands."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.benchmarks.planted import PLANTED
from tests.conftest import ROOT

CHOSEN = (
    "no rule to the database",
    "no route through the NAT gateway",
    "endpoint without route tables",
    "rule that answers itself",
    "the site from the balancer",
    "no headers policy for the site",
    "the CDN may not list",
    "no right to the secret",
    "tokens for containers",
    "no TLS needed",
)
"""Of each area; the rest takes minutes: `python -m tests.benchmarks.breakages`."""


def test_breakages_of_every_area_are_chosen_and_no_two_have_one_name() -> None:
    areas = {one.name: one.area for one in PLANTED}
    assert len(areas) == len(PLANTED)
    assert {areas[name] for name in CHOSEN} == set(areas.values())


@pytest.mark.usefixtures("daemons")
def test_each_is_seen_by_its_probe_and_all_holds_before_and_after() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.breakages", "seed", *CHOSEN],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    assert "control before: all hold" in ended.stdout
    assert "control after: all hold" in ended.stdout
    counts = json.loads(ended.stdout.splitlines()[-1])
    assert counts == {"planted": len(CHOSEN), "caught": len(CHOSEN)}
