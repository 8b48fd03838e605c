"""Times and the critical path are what trying every path by hand gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.checks.timeline.report import slack
from generator.checks.timeline.schedule import Task, critical, schedule, serial, total
from generator.errors import ClinicError

STACK = "AWS::CloudFormation::Stack"


def task(name: str, seconds: int, *after: str, **awaits: int) -> Task:
    return Task(name, "AWS::SNS::Topic", seconds, frozenset(after), awaits)


@st.composite
def graphs(draw: st.DrawFn) -> list[Task]:
    """Tasks that wait only for earlier ones, shuffled."""
    names = [f"T{number}" for number in range(draw(st.integers(1, 9)))]
    tasks = []
    for number, name in enumerate(names):
        earlier = st.lists(st.sampled_from(names[:number]), max_size=4) if number else st.just([])
        after = draw(earlier)
        awaits = {n: draw(st.integers(0, 9)) for n in draw(earlier)}
        tasks.append(
            Task(
                name,
                "AWS::SNS::Topic",
                draw(st.integers(0, 20)),
                frozenset(after),
                awaits,
            )
        )
    return draw(st.permutations(tasks))


def by_hand(tasks: Sequence[Task], name: str) -> int:
    """When a task ends, by walking every path to it."""
    one = {t.name: t for t in tasks}[name]
    ends = [by_hand(tasks, before) + one.seconds for before in one.after] or [one.seconds]
    return max(ends + [by_hand(tasks, waited) + rest for waited, rest in one.awaits.items()])


@given(graphs())
def test_every_end_is_the_longest_of_all_paths_to_it(tasks: list[Task]) -> None:
    steps = schedule(tasks)
    assert {name: step.end for name, step in steps.items()} == {
        t.name: by_hand(tasks, t.name) for t in tasks
    }


@given(graphs())
def test_the_critical_path_has_no_gap_and_ends_with_the_whole(tasks: list[Task]) -> None:
    steps = schedule(tasks)
    chain = critical(steps)
    assert chain[0].ready == 0
    assert chain[-1].end == total(steps)
    assert all(a.end == b.ready for a, b in pairwise(chain))
    assert sum(step.end - step.ready for step in chain) == total(steps)


@given(graphs(), st.data())
def test_a_task_may_take_as_much_longer_as_it_has_to_spare_and_no_second_more(
    tasks: list[Task], data: st.DataObject
) -> None:
    steps = schedule(tasks)
    late = data.draw(st.sampled_from(tasks))
    spare = slack(steps)[late.name]
    # What it met may hide its own work: only the part that shows counts.
    hidden = steps[late.name].end - steps[late.name].start - late.seconds

    def longer(seconds: int) -> int:
        slow = replace(late, seconds=late.seconds + hidden + seconds)
        return total(schedule([slow if t is late else t for t in tasks]))

    assert longer(spare) == total(steps)
    assert longer(spare + 1) == total(steps) + 1


def test_a_task_that_meets_another_while_it_runs_ends_after_it() -> None:
    steps = schedule([task("Database", 480), task("Group", 100, Database=45)])
    assert (steps["Group"].start, steps["Group"].ready, steps["Group"].end) == (0, 480, 525)
    assert [step.task.name for step in critical(steps)] == ["Database", "Group"]


def test_what_is_met_early_costs_nothing() -> None:
    steps = schedule([task("Database", 10), task("Group", 100, Database=45)])
    assert steps["Group"].end == 100
    assert not steps["Group"].waited


def test_the_serial_sum_puts_one_layer_after_the_other() -> None:
    steps = schedule(
        [
            Task("AStack", STACK, 10),
            task("AStack/One", 5, "AStack"),
            task("AStack/Two", 7, "AStack"),
            Task("BStack", STACK, 10),
            task("BStack/One", 1, "BStack"),
        ]
    )
    assert serial(steps) == 17 + 11
    assert total(steps) == 17


def test_tasks_that_wait_for_each_other_are_named() -> None:
    with pytest.raises(ClinicError, match=r"so none ever begins: .*One"):
        schedule([task("One", 1, "Two"), task("Two", 1, "One")])


def test_nothing_takes_no_time() -> None:
    assert total(schedule([])) == 0
    assert critical(schedule([])) == []
