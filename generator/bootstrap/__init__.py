"""What an instance runs at birth, as shell files, and the settings that they expect.

The files stay separate for reading; the instance gets them as one program, in the order of
`FILES`, which afterwards is `/usr/local/sbin/clinic-backend` there.
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
)
"""Shell variables that the user data sets (`NAME='value'` lines) before the script."""

FILES: Final[tuple[str, ...]] = (
    "settings.sh",
    "aws.sh",
    "log.sh",
    "image.sh",
    "backend.sh",
    "services.sh",
    "main.sh",
)
"""The script's parts, in the order in which they are joined; only the last one acts."""

_NEEDS = re.compile(r'^: "\$\{.*\n', re.MULTILINE)
"""What a part takes from `settings.sh`: for the reader and the linter of that part alone."""

_MARK = re.compile(r"^@([\w.-]+)@\n", re.MULTILINE)

_COMMENTS = re.compile(r"^[ ]*((#|//) .*)?\n", re.MULTILINE)
_INDENTATION = re.compile(r"^(?: {4})+", re.MULTILINE)


def script() -> str:
    """Return the shell text that follows the settings in the user data (no `#!` line).

    A line `@file@` stands for that file: the default Dockerfile, the keep-alive.
    User data is limited to 16 KiB, so comments stay behind and four spaces become a tab.
    """
    first, *others = (_read(name) for name in FILES)
    whole = first + "".join(_NEEDS.sub("", part) for part in others)
    whole = _MARK.sub(lambda mark: _read(mark[1]), whole)
    whole = _COMMENTS.sub("", whole)
    return _INDENTATION.sub(lambda spaces: "\t" * (len(spaces[0]) // 4), whole)


def _read(name: str) -> str:
    return text(__name__, name)
