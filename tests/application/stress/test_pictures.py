"""The picture in the terminal and as PNG."""

from __future__ import annotations

import importlib.util
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.application.stress import picture, terminal
from generator.application.stress.simulate import simulate
from generator.application.stress.timeline import Moment, Sample, StressLoad, StressTimeline
from generator.errors import ClinicError

from .test_simulate import SEED, calm

TIMELINE = simulate(SEED, StressLoad(), title="Simulated")
BROKEN = replace(
    TIMELINE, samples=[replace(sample, failures=2, latency=None) for sample in TIMELINE.samples]
)


def strip(lines: list[str], title: str) -> list[str]:
    """The bars of a strip, the highest first."""
    start = next(n for n, line in enumerate(lines) if line.startswith(title)) + 1
    end = next(n for n in range(start, len(lines)) if "|" not in lines[n])
    return [line.partition("|")[2] for line in lines[start:end]]


def test_the_load_and_the_new_capacity_can_be_seen() -> None:
    lines = terminal.draw(TIMELINE)
    top = strip(lines, "CPU")[0]
    assert "█" in top
    assert top[0] == " "
    capacity = strip(lines, "Instances")[0]
    assert capacity.strip() == "█" * len(capacity.strip())
    assert capacity.index("█") == pytest.approx(len(capacity) * (598 + 60) / 780, abs=1)


def test_every_moment_has_a_letter_on_the_axis_and_in_the_list() -> None:
    lines = terminal.draw(TIMELINE)
    blank = lines.index("")
    axis = next(n for n, line in enumerate(lines) if "+--" in line)
    marks = "".join(lines[axis + 2 : blank])
    for letter, moment in zip("abcdefghijklm", TIMELINE.moments, strict=True):
        assert letter in marks
        assert f"  {letter}  {moment.second:>5.0f} s  {moment.text}" in lines


def test_failures_are_counted_and_drawn() -> None:
    lines = terminal.draw(BROKEN)
    assert f"Failed requests ({BROKEN.failures} of {BROKEN.requests})" in lines
    assert "█" in strip(lines, "Failed")[0]
    assert "█" not in strip(terminal.draw(TIMELINE), "Failed")[0]


def test_where_only_ascii_can_be_shown_nothing_else_is() -> None:
    assert "\n".join(terminal.draw(TIMELINE, blocks=terminal.PLAIN)).isascii()


def test_nothing_measured_is_said() -> None:
    assert terminal.draw(replace(TIMELINE, samples=[])) == ["Nothing was measured."]


samples = st.builds(
    Sample,
    second=st.floats(-60, 4000),
    cpu=st.none() | st.floats(0, 100),
    wanted=st.integers(0, 20),
    serving=st.integers(0, 20),
    latency=st.none() | st.floats(0, 10_000),
    requests=st.integers(0, 10),
    failures=st.integers(0, 10),
)
moments = st.builds(Moment, st.floats(0, 4000), st.just("boot"), st.text("abc", max_size=20))


@calm
@given(
    st.lists(samples, min_size=1, max_size=20).map(
        lambda found: sorted(found, key=lambda s: s.second)
    ),
    st.lists(moments, max_size=30),
    st.integers(40, 120),
)
def test_whatever_was_measured_fits_the_terminal(
    found: list[Sample], happened: list[Moment], width: int
) -> None:
    lines = terminal.draw(StressTimeline("x", 40, StressLoad(), found, happened), width)
    drawn = lines[: lines.index("")]
    assert max(len(line) for line in drawn if "|" in line) <= width


def size(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", head[16:24])
    return width, height


@pytest.mark.parametrize("timeline", [TIMELINE, BROKEN, replace(TIMELINE, moments=[])])
def test_a_picture_is_written_whole(timeline: StressTimeline, tmp_path: Path) -> None:
    picture.require_drawable(tmp_path / "p.png")
    picture.draw(timeline, tmp_path / "p.png")
    width, height = size(tmp_path / "p.png")
    assert width > 1000
    assert height > 800
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]


def test_without_matplotlib_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ClinicError, match=r"clinic-stack\[plots\]") as missing:
        picture.require_drawable(tmp_path / "p.png")
    assert missing.value.exit_code == 2


@pytest.mark.parametrize("path", ["none/p.png", "."])
def test_a_picture_that_cannot_be_written_is_refused_before_the_test(
    path: str, tmp_path: Path
) -> None:
    with pytest.raises(ClinicError, match="cannot be written"):
        picture.require_drawable(tmp_path / path)


def test_a_picture_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    place = tmp_path / "p.png"
    place.mkdir()
    with pytest.raises(ClinicError, match="cannot be written"):
        picture.draw(TIMELINE, place)
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]
