"""What an instance runs at birth, as shell files, and the settings that they expect.

The files stay separate for reading. The user data holds most of them as one program, compressed,
behind the settings, which stay plain text; unpack.sh makes `/usr/local/sbin/clinic-backend` of
both. The rest, the library, is in a parameter of Parameter Store: library.sh reads it there.
"""

import base64
import bz2
import hashlib
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
    "IMAGE_REPOSITORY",
    "BACKEND_REPOSITORY",
    "BACKEND_REVISION",
    "HEALTH_PATH",
    "METRIC_PERIOD",
    "METRIC_NAMESPACE",
    "GROUP_DIMENSION",
    "WARM_POOL",
    "DOCUMENTS_FILE_SYSTEM",
    "LIBRARY_PARAMETER",
)
"""Shell variables that the user data sets (`NAME='value'` lines) before the program."""

FILES: Final[tuple[str, ...]] = (
    *("settings.sh", "aws.sh", "log.sh", "packages.sh", "library.sh", "pull.sh", "pool.sh"),
    *("backend.sh", "switch.sh", "services.sh", "main.sh"),
)
"""The parts of the program in the user data, in their order; only the last one acts."""
LIBRARY: Final[tuple[str, ...]] = ("build.sh", "documents.sh", "database.sh")
"""The parts that an instance reads when it has its role: what only boot and refresh call."""

_NEEDS = re.compile(r'^: "\$\{(?!.*:=).*\n', re.MULTILINE)
"""What a part takes from others: for the reader and the linter of that part alone."""

_MARK = re.compile(r"^@([\w-]+\.[\w.]+|Dockerfile)@\n", re.MULTILINE)
_PACKED = re.compile(r"(?<=<<'PACKED'\n)([!-~]+)(?=\nPACKED\n)")

_COMMENTS = re.compile(r"^[ ]*((#|//|--) .*)?\n", re.MULTILINE)
_CONTINUED = re.compile(r" \\\n *")
_INDENTATION = re.compile(r"^(?: {4})+", re.MULTILINE)
"""The shell's own. Python inside it means its indentation, so there it is by two."""


def user_data() -> str:
    """Return what follows the settings in the user data: the program, packed, and its unpacking.

    bzip2 and base 85, since both give the same bytes wherever they run, which deflate does not
    (zlib and zlib-ng differ), and python3 on the instance knows them. No character of base 85
    means anything to a here-document, to JSON or to Fn::Join.
    """
    packed = base64.b85encode(bz2.compress(part(*FILES).encode(), 9)).decode()
    return part("unpack.sh").replace("@program@", packed)


def library() -> tuple[str, str]:
    """Return the library as the parameter's value, and 32 characters of its digest.

    In Ascii85, since a value may not hold ``{{``, which base 85 of the user data may. The line
    break at the end is what the instance's ``json`` prints behind it.
    """
    text = part(*LIBRARY).rstrip("\n")
    value = base64.a85encode(bz2.compress(text.encode(), 9)).decode()
    return value, hashlib.sha256(f"{text}\n".encode()).hexdigest()[:32]


def unpacked(user_data: str) -> str:
    """Return user data with the program as text in its place; as it is if none is packed in it."""
    return _PACKED.sub(
        lambda packed: bz2.decompress(base64.b85decode(packed[0])).decode(), user_data
    )


def part(*names: str) -> str:
    """Return some files as an instance gets them.

    A line `@file@` stands for that file: the default Dockerfile, the keep-alive.
    User data is limited, so comments, indentation and broken lines stay behind.
    """
    whole = "".join(_NEEDS.sub("", _read(name)) for name in names)
    whole = _MARK.sub(lambda mark: _read(mark[1]), whole)
    whole = _COMMENTS.sub("", whole)
    whole = _CONTINUED.sub(" ", whole)
    return _INDENTATION.sub("", whole)


def _read(name: str) -> str:
    return text(__name__, name)
