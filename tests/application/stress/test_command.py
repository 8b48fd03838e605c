"""The command line of the stress test, without AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ended

Clinic = Callable[..., Ended]


def told(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.out.splitlines()]


def test_the_figure_the_picture_and_the_other_designs_are_printed(clinic: Clinic) -> None:
    ended = clinic("stress", "seed", "--simulate")
    assert (ended.code, ended.err) == (0, "")
    assert "new capacity in service 598 s after the load began (586 to 639" in ended.out
    assert "CPU of the group, % (target 40)" in ended.out
    assert "(as documented)  1,228 s" in ended.out
    assert "Simulated, not measured" in ended.out


def test_the_documented_metric_can_be_asked_for(clinic: Clinic) -> None:
    ended = clinic("stress", "seed", "--simulate", "--metric-period", "300")
    assert "new capacity in service 1,228 s after the load began" in ended.out
    assert "628 s after it ended" in ended.out


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        (["--metric-period", "300"], 1228),
        ([], 598),
        (["--boot", "pull"], 403),
        (["--boot", "baked"], 335),
        (["--boot", "pull", "--warm-pool", "2"], 298),
        (["--boot", "pull", "--warm-pool", "2", "--metric-period", "10"], 91),
        (["--assume", "build=340"], 698),
    ],
)
def test_a_design_is_compared_before_it_costs_anything(
    clinic: Clinic, options: list[str], seconds: int
) -> None:
    lines = told(clinic("stress", "seed", "--simulate", "--json", *options))
    (figure,) = [line for line in lines if line["kind"] == "figure"]
    assert figure["seconds"] == seconds
    assert figure["failures"] == 0


def test_programs_get_every_sample_moment_variant_and_assumption(clinic: Clinic) -> None:
    lines = told(clinic("stress", "prod", "--simulate", "--json"))
    kinds = {line["kind"] for line in lines}
    assert kinds == {"settings", "moment", "sample", "figure", "variant", "assumption", "done"}
    assert [line["here"] for line in lines if line["kind"] == "variant"][-1]


def test_a_load_that_brings_nothing_is_exit_code_1(clinic: Clinic) -> None:
    ended = clinic("stress", "seed", "--simulate", "--metric-period", "300", "--timeout", "300")
    assert ended.code == 1
    assert ended.err == "clinic: no new capacity came into service.\n"
    assert "no new capacity comes" in ended.out


def test_a_picture_is_written_where_it_is_wanted(clinic: Clinic, tmp_path: Path) -> None:
    ended = clinic("stress", "prod", "--simulate", "--png", tmp_path / "prod.png")
    assert ended.code == 0
    assert (tmp_path / "prod.png").read_bytes().startswith(b"\x89PNG")
    assert f"The picture is in {tmp_path / 'prod.png'}" in ended.out


def test_another_set_of_templates_is_taken(clinic: Clinic, tmp_path: Path) -> None:
    ended = clinic("stress", "seed", "--simulate", "--templates", "output/flat.json")
    assert "598 s" in ended.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere", "--simulate"], "nowhere"),
        (["seed", "--simulate", "--assume", "moon=1"], "the names are instance-start"),
        (["seed", "--simulate", "--metric-period", "30"], "'30' is not one of"),
        (["seed", "--simulate", "--cpu", "0"], "--cpu"),
        (["seed", "--simulate", "--timeout", "1"], "--timeout"),
        (["seed", "--simulate", "--png", "/none/p.png"], "cannot be written"),
        (["seed", "--simulate", "--templates", "/none"], "/none"),
        (["seed", "--simulate", "--region", "mars"], 'there is no AWS region "mars"'),
        (["seed", "--simulate", "--profile", "nope"], "go with a live test"),
        (["seed", "--simulate", "--url", "https://x.example"], "go with a live test"),
        (["seed", "--metric-period", "300"], "go with --simulate"),
        (["seed", "--assume", "build=1"], "go with --simulate"),
    ],
)
def test_bad_input_is_a_sentence_and_code_2(
    clinic: Clinic, arguments: list[str], words: str
) -> None:
    ended = clinic("stress", *arguments)
    assert ended.code == 2
    assert words in ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err
