"""From when on events are read, as a person types it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from generator.errors import ClinicError, quote

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, now: datetime) -> datetime:
    """The moment that ``text`` means: an age before ``now`` (90s, 10m, 2h, 7d), or a date with or
    without a time in ISO 8601, in UTC where it has no offset. ClinicError if it is neither."""
    age = re.fullmatch(r"([0-9]+)([smhd])", text)
    try:
        if age:
            return now - timedelta(**{UNITS[age[2]]: int(age[1])})
        at = datetime.fromisoformat(text)
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ClinicError(
            f"--since {quote(text)} is no time: give an age such as 90s, 10m, 2h or 7d, or a date "
            f"such as {now:%Y-%m-%d} or {now:%Y-%m-%dT%H:%M:%SZ}."
        ) from None
    if at > now:
        raise ClinicError(
            f"--since {quote(text)} is in the future: it is {now:%Y-%m-%dT%H:%M:%SZ} by this "
            "machine's clock."
        )
    return at
