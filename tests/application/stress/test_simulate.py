"""What the simulation says of the documented design and of every step away from it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from generator.application.stress.assumptions import DEFAULTS, assume
from generator.application.stress.settings import Settings, settings
from generator.application.stress.simulate import simulate
from generator.application.stress.timeline import IN_SERVICE, Load
from generator.application.stress.variants import spread, variants
from generator.errors import ClinicError
from generator.model import instance_types, view
from tests.conftest import ROOT

SEED = settings(view.load("seed", ROOT / "params"))
LOAD = Load()
calm = examples(deadline=None, suppress_health_check=list(HealthCheck), max_examples=40)

# The model of documented boots, in seconds, and how far the simulation may be from it.
MODEL = {
    "documented": (1230, replace(SEED, period=300)),
    "1-minute metrics": (600, SEED),
    "image pulled": (405, replace(SEED, boot="pull")),
    "all in the AMI": (337, replace(SEED, boot="baked")),
    "warm pool": (300, replace(SEED, boot="pull", warm=2)),
    "10-second metrics": (90, replace(SEED, boot="pull", warm=2, period=10)),
}
TOLERANCE = 3


@pytest.mark.parametrize("name", MODEL)
def test_the_figure_is_the_models(name: str) -> None:
    seconds, design = MODEL[name]
    assert simulate(design, LOAD).seconds == pytest.approx(seconds, abs=TOLERANCE)


def test_the_variants_are_the_same_six_and_mark_the_one_that_was_asked_about() -> None:
    table = variants(SEED, LOAD, DEFAULTS)
    figures = [seconds for seconds, _ in MODEL.values()]
    assert [v.seconds for v in table] == pytest.approx(figures, abs=TOLERANCE)
    assert [v.here for v in table] == [False, True, False, False, False, False]
    prod = settings(view.load("prod", ROOT / "params"))
    assert [v.name for v in variants(prod, LOAD, DEFAULTS) if v.here] == [
        "10-second metrics, warm pool"
    ]
    unlike = replace(prod, warm=0)
    assert variants(unlike, LOAD, DEFAULTS)[-1].name == "these settings"


def test_prod_as_shipped_has_new_capacity_within_100_seconds() -> None:
    prod = settings(view.load("prod", ROOT / "params"))
    assert simulate(prod, LOAD).seconds <= 100
    assert simulate(replace(prod, warm=0), LOAD).seconds > 100, "without its pool it had not"


def kinds(design: Settings, load: Load = LOAD) -> list[str]:
    return [moment.kind for moment in simulate(design, load).moments]


def test_things_happen_in_their_order() -> None:
    assert kinds(SEED) == [
        *("load", "point", "point", "point", "alarm", "scaling"),
        *("boot", "boot", "boot", "boot", "in-service", "in-service", "quiet"),
    ]


def test_a_boot_is_as_long_as_its_steps() -> None:
    moments = {m.text: m.second for m in simulate(SEED, LOAD).moments}
    grown = moments["the group grows from 2 to 4"]
    assert moments["the instance runs"] - grown == 40
    assert moments["packages are installed"] - grown == 75
    assert moments["the image is built"] - grown == 315
    assert moments["instance 3 in service"] - moments["the backend answers"] == SEED.health == 10


@pytest.mark.parametrize(("target", "size"), [(40, 5), (80, 3)])
def test_the_group_grows_in_proportion_to_the_load(target: float, size: int) -> None:
    wide = replace(SEED, largest=20, target=target)
    grown = [m.text for m in simulate(wide, LOAD).moments if m.kind == "scaling"]
    assert grown[0] == f"the group grows from 2 to {size}"  # 2 x 100 % / target


def test_a_load_below_the_target_brings_nothing() -> None:
    timeline = simulate(replace(SEED, target=60), Load(cpu=1))
    assert timeline.seconds is None
    assert "alarm" not in [moment.kind for moment in timeline.moments]


def test_a_load_that_is_over_before_three_points_brings_nothing() -> None:
    assert simulate(replace(SEED, period=300), Load(timeout=300)).seconds is None
    assert simulate(replace(SEED, period=10), Load(timeout=300)).seconds is not None


def test_a_group_at_its_largest_cannot_grow() -> None:
    assert simulate(replace(SEED, largest=2), LOAD).seconds is None


def test_a_tired_standard_instance_never_reaches_the_target() -> None:
    tired = replace(SEED, standard=True)
    assert simulate(tired, LOAD, assume(["credits=0"])).seconds is None
    assert simulate(tired, LOAD).seconds == simulate(SEED, LOAD).seconds
    assert simulate(SEED, LOAD, assume(["credits=0"])).seconds == simulate(SEED, LOAD).seconds


def test_a_grace_shorter_than_the_boot_replaces_instances_for_ever() -> None:
    timeline = simulate(replace(SEED, grace=60), LOAD)
    assert timeline.seconds is None
    assert "lost" in [moment.kind for moment in timeline.moments]
    assert simulate(replace(SEED, grace=None), LOAD).seconds is not None


def test_instances_beyond_the_warm_pool_boot_from_nothing() -> None:
    timeline = simulate(replace(SEED, boot="pull", warm=1), LOAD)
    first, second = (m.second for m in timeline.moments if m.kind == IN_SERVICE)
    assert second - first == 40 + 35 + 45 - 15


def test_new_capacity_takes_load_off_the_requests() -> None:
    samples = simulate(replace(SEED, period=10, warm=2), LOAD).samples
    quiet, crowded, relieved = (
        next(s.latency or 0 for s in samples if s.second == second) for second in (-60, 60, 300)
    )
    assert quiet < relieved < crowded


def test_the_spread_holds_the_figure_and_a_metric_period() -> None:
    best, worst = spread(SEED, LOAD, DEFAULTS)
    assert best
    assert worst
    assert best <= MODEL["1-minute metrics"][0] <= worst
    assert worst - best <= 60


def test_an_assumption_changes_what_it_names() -> None:
    longer = simulate(SEED, LOAD, assume(["build=300"])).seconds
    assert longer == (simulate(SEED, LOAD).seconds or 0) + 60


@pytest.mark.parametrize("change", ["build", "build=long", "moon=1", "build=-1", "phase=2", "=1"])
def test_what_is_no_assumption_is_refused(change: str) -> None:
    with pytest.raises(ClinicError, match="assumption"):
        assume([change])


designs = st.builds(
    Settings,
    period=st.sampled_from([10, 60, 300]),
    target=st.integers(10, 90).map(float),
    smallest=st.integers(1, 8),
    largest=st.integers(2, 20),
    boot=st.sampled_from(["build", "pull", "baked"]),
    warm=st.integers(0, 8),
    health=st.integers(5, 60),
    grace=st.none() | st.integers(0, 2000),
    instance_type=st.sampled_from(sorted(instance_types.table())),
    standard=st.booleans(),
).filter(lambda design: design.smallest < design.largest)
loads = st.builds(Load, cpu=st.integers(1, 4), timeout=st.integers(60, 1200))
phases = st.floats(0.01, 1).map(lambda phase: {**DEFAULTS, "phase": phase})


def figure(design: Settings, load: Load, assumed: dict[str, float]) -> float:
    seconds = simulate(design, load, assumed).seconds
    return float("inf") if seconds is None else seconds


@calm
@given(designs, loads, phases)
def test_capacity_stays_between_smallest_and_largest(
    design: Settings, load: Load, assumed: dict[str, float]
) -> None:
    for sample in simulate(design, load, assumed).samples:
        assert design.smallest <= sample.serving <= sample.wanted <= design.largest


@calm
@given(designs, loads, phases)
def test_the_same_settings_give_the_same_timeline(
    design: Settings, load: Load, assumed: dict[str, float]
) -> None:
    assert simulate(design, load, assumed) == simulate(design, load, assumed)


@calm
@given(designs, loads, phases)
def test_a_shorter_period_is_never_slower(
    design: Settings, load: Load, assumed: dict[str, float]
) -> None:
    slow, medium, fast = (
        figure(replace(design, period=period), load, assumed) for period in (300, 60, 10)
    )
    # The edges of a period are whole seconds.
    assert fast <= medium + 1
    assert medium <= slow + 1


@calm
@given(designs, loads, phases)
def test_a_warm_pool_is_never_slower(
    design: Settings, load: Load, assumed: dict[str, float]
) -> None:
    with_pool, without = replace(design, warm=8), replace(design, warm=0)
    assert figure(with_pool, load, assumed) <= figure(without, load, assumed)


@calm
@given(designs, loads, phases, st.integers(0, 60))
def test_a_higher_target_is_never_earlier(
    design: Settings, load: Load, assumed: dict[str, float], more: int
) -> None:
    higher = replace(design, target=design.target + more)
    assert figure(higher, load, assumed) >= figure(design, load, assumed)


@calm
@given(designs, loads)
def test_a_timeline_is_in_order_and_has_a_sample_every_five_seconds(
    design: Settings, load: Load
) -> None:
    timeline = simulate(design, load)
    seconds = [sample.second for sample in timeline.samples]
    assert seconds == list(range(-60, int(seconds[-1]) + 1, 5))
    moments = [moment.second for moment in timeline.moments]
    assert moments == sorted(moments)
    assert moments[0] >= 0
    assert moments[-1] <= seconds[-1] + 5
