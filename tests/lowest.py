"""The oldest version of each direct dependency that setup.cfg admits: are its bounds true?

    python -m tests.lowest     # a line for each, for pip: click==8.4.0

``tox -e lowest`` installs them and runs the tests that meet them.
"""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

SETUP = Path(__file__).parents[1] / "setup.cfg"
BOUND = re.compile(r"([A-Za-z0-9-]+) ?[>=]=([0-9.]+)")


def pins(*extras: str) -> dict[str, str]:
    """Lowest versions by distribution, of what is needed always and by some extras."""
    config = ConfigParser()
    config.read(SETUP)
    texts = [config["options"]["install_requires"]]
    texts += [config["options.extras_require"][extra] for extra in extras]
    return {found[1]: found[2] for text in texts for found in BOUND.finditer(text)}


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in pins("test").items()))
