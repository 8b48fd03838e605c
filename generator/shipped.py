"""Files that ship with the package: scripts, functions, data."""

from __future__ import annotations

from pkgutil import get_data


def text(package: str, file: str) -> str:
    """The text of ``file`` in the folder of ``package``; OSError when there is none.

    importlib.resources does the same, and imports a third as much as the whole program.
    """
    data = get_data(package, file)
    if data is None:
        raise FileNotFoundError(f"{package} is not in a place that files can be read from")
    return data.decode()
