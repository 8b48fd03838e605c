"""What the stack gives the container itself, whatever the ``.env`` says.

``database.sh`` and ``backend.sh`` in generator/bootstrap do it; a test compares them.
"""

from __future__ import annotations

import re
from typing import Final

SECRET, PARAMETER, INSTANCE = "the database's secret", "the parameter DatabaseName", "the instance"
OWN = "the instance: a database user of the backend's own"

SUPPLIED: Final[dict[str, str]] = {
    "DB_HOST": SECRET,
    "DB_PORT": SECRET,
    "DB_USERNAME": OWN,
    "DB_PASSWORD": OWN,
    "DB_DATABASE": PARAMETER,
    "SSL_ENABLED": INSTANCE,
    "PORT": INSTANCE,
}
"""Who supplies a key. An instance takes these, and every other DB_ key, out of the file."""

DEFAULTS: Final[dict[str, str]] = {"NODE_OPTIONS": INSTANCE}
"""What the instance sets unless the file does."""


def is_taken_out(key: str) -> bool:
    """Whether an instance drops the file's line of this key."""
    return re.fullmatch(r"DB_\w*|SSL_ENABLED|PORT", key) is not None
