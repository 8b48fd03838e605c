"""A deployment says what it costs to leave out what only the operator knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.cloud import omissions
from generator.cloud.environment import load


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"BackendImage": ""}, ["BackendImage", "AlarmEmail"]),
        ({}, ["AlarmEmail"]),
        ({"BackendImage": "example.org/app:1"}, ["AlarmEmail"]),
        ({"BackendImage": "example.org/app:1", "AlarmEmail": "a@example.org"}, []),
    ],
)
def test_an_environment_with_a_standby_says_what_it_goes_without(
    values: dict[str, str], names: list[str]
) -> None:
    said = omissions.lines(load("prod", Path("params")).with_values(**values))
    assert [line.split()[0] for line in said] == names


def test_an_environment_without_a_standby_is_not_bothered() -> None:
    assert omissions.lines(load("dev", Path("params"))) == []
