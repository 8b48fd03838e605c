"""What an instance runs at birth, as shell files, and the settings that they expect.

The files stay separate for reading; the instance gets them as one program, in the order of
`BEFORE`, one of `IMAGE` and `AFTER`, which afterwards is `/usr/local/sbin/clinic-backend` there.
"""

import re
from typing import Final

from generator.shipped import text

SETTINGS: Final[tuple[str, ...]] = (
    "REGION",
    "STACK",
    "GROUP_RESOURCE",
    "LOG_GROUP",
    "CONFIG_BUCKET",
    "CONFIG_KEY",
    "DATABASE_SECRET",
    "DATABASE_NAME",
    "BACKEND_IMAGE",
    "BACKEND_REPOSITORY",
    "BACKEND_REVISION",
    "HEALTH_PATH",
    "METRIC_PERIOD",
    "METRIC_NAMESPACE",
    "GROUP_DIMENSION",
    "TARGET_GROUP",
    "DOCUMENTS_FILE_SYSTEM",
)
"""Shell variables that the user data sets (`NAME='value'` lines) before the script."""

BEFORE: Final[tuple[str, ...]] = ("settings.sh", "aws.sh", "log.sh", "packages.sh")
IMAGE: Final[dict[str, str]] = {"pull": "pull.sh", "build": "build.sh"}
"""How an instance comes by the image; the other way stays out of its user data. A release that
changes the way puts one in the place of the other."""
AFTER: Final[tuple[str, ...]] = ("backend.sh", "turn.sh", "services.sh", "main.sh")
"""The rest; only the last one acts."""
POOL: Final = "pool.sh"
"""What comes before the rest where the group has a warm pool."""

FILES: Final[tuple[str, ...]] = (*BEFORE, *IMAGE.values(), POOL, *AFTER)

_NEEDS = re.compile(r'^: "\$\{(?!.*:=).*\n', re.MULTILINE)
"""What a part takes from others: for the reader and the linter of that part alone."""

_MARK = re.compile(r"^@([\w.-]+)@\n", re.MULTILINE)

_COMMENTS = re.compile(r"^[ ]*((#|//) .*)?\n", re.MULTILINE)
_CONTINUED = re.compile(r" \\\n *")
_INDENTATION = re.compile(r"^(?: {4})+", re.MULTILINE)
"""The shell's own. Python inside it means its indentation, so there it is by two."""


def script(image: str) -> str:
    """Return the shell text that follows the settings in the user data (no `#!` line).

    `image`: `pull` or `build`.
    """
    return part(*BEFORE) + part(IMAGE[image]) + part(*AFTER)


def part(*names: str) -> str:
    """Return some files as an instance gets them.

    A line `@file@` stands for that file: the default Dockerfile, the keep-alive.
    User data is limited to 16 KiB, so comments, indentation and broken lines stay behind.
    """
    whole = "".join(_NEEDS.sub("", _read(name)) for name in names)
    whole = _MARK.sub(lambda mark: _read(mark[1]), whole)
    whole = _COMMENTS.sub("", whole)
    whole = _CONTINUED.sub(" ", whole)
    return _INDENTATION.sub("", whole)


def _read(name: str) -> str:
    return text(__name__, name)
