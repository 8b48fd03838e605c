"""Tells whether values changed without holding them: a salted, slow digest of each.

Whoever reads a fingerprint could try values until one fits. A salt of its own for every push
makes every such list worthless for the next one, and scrypt makes each try cost about 20 ms and
8 MiB; a random secret stays out of reach, a short or guessed one does not. So a fingerprint is
for those who may replace the file anyway, and the length of JWT_SECRET is checked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

COST = {"n": 2**13, "r": 8, "p": 1, "dklen": 15}
"""Of scrypt. 15 bytes are 20 characters of base64 without filling."""
WHOLE = ""
"""Stands for the whole file where a key would stand."""


@dataclass(frozen=True)
class Fingerprint:
    """Of one version of the file."""

    salt: str
    """Random, base64."""
    whole: str
    """Digest of the file's bytes, comments included."""
    keys: dict[str, str]
    """Digests of the values by key, in the file's order."""
    version: str = ""
    """The S3 version of the file that this is about."""
    changes: dict[str, list[str]] = field(default_factory=dict)
    """Keys that the push added, changed and removed."""

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode()

    def differences(self, values: Mapping[str, str]) -> dict[str, list[str]]:
        """Keys that ``values`` adds to this, changes and removes."""
        same = [key for key in values if key in self.keys and self.fits(key, values[key])]
        return {
            "added": [key for key in values if key not in self.keys],
            "changed": [key for key in values if key in self.keys and key not in same],
            "removed": [key for key in self.keys if key not in values],
        }

    def fits(self, key: str, value: str) -> bool:
        """Whether the value of a key is the one that this was made of."""
        return self.keys[key] == _digest(self.salt, key, value.encode())

    def is_of(self, data: bytes) -> bool:
        """Whether this was made of a file of these bytes."""
        return self.whole == _digest(self.salt, WHOLE, data)


def make(data: bytes, values: Mapping[str, str]) -> Fingerprint:
    """The fingerprint of a file's bytes and the values in it, under a new salt."""
    salt = base64.b64encode(os.urandom(16)).decode()
    digests = {key: _digest(salt, key, value.encode()) for key, value in values.items()}
    return Fingerprint(salt, _digest(salt, WHOLE, data), digests)


def from_json(data: bytes) -> Fingerprint | None:
    """What ``to_json`` wrote; None for anything else."""
    try:
        fields: dict[str, Any] = json.loads(data)
        fingerprint = Fingerprint(**fields)
        texts = [
            fingerprint.salt,
            fingerprint.whole,
            fingerprint.version,
            *fingerprint.keys.values(),
        ]
        names = [name for some in fingerprint.changes.values() for name in some]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return fingerprint if all(isinstance(text, str) for text in (*texts, *names)) else None


def _digest(salt: str, key: str, value: bytes) -> str:
    # The key is part of it, so that equal values under two keys do not show.
    made = hashlib.scrypt(value, salt=f"{salt}:{key}".encode(), **COST)
    return base64.b64encode(made).decode()
