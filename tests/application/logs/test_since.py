"""What --since takes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from generator.application.logs.since import moment
from generator.errors import ClinicError

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90s", "2026-03-02T11:58:30+00:00"),
        ("10m", "2026-03-02T11:50:00+00:00"),
        ("2h", "2026-03-02T10:00:00+00:00"),
        ("7d", "2026-02-23T12:00:00+00:00"),
        ("2026-03-01", "2026-03-01T00:00:00+00:00"),
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00+00:00"),
        ("2026-03-01T08:00:00-05:00", "2026-03-01T13:00:00+00:00"),
        ("2026-03-01T08:00", "2026-03-01T08:00:00+00:00"),
    ],
)
def test_ages_and_dates_are_moments_in_utc(text: str, meant: str) -> None:
    assert moment(text, NOW).isoformat() == meant


@pytest.mark.parametrize(
    "text",
    ["", "10", "m", "-5m", "10 m", "yesterday", "99999999999999d", "2026-13-01", "\x1b[2J", "٣m"],
)
def test_what_is_no_time_is_a_sentence(text: str) -> None:
    with pytest.raises(ClinicError, match="is no time: give an age") as refused:
        moment(text, NOW)
    assert refused.value.exit_code == 2
    assert "\x1b" not in str(refused.value)


def test_the_future_is_refused() -> None:
    with pytest.raises(ClinicError, match="is in the future"):
        moment("2026-03-02T12:00:01Z", NOW)
