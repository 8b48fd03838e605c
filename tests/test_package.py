"""What is in the source tree is also in the package that people install."""

from __future__ import annotations

import ast
import re
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path

import generator
from tests.lowest import pins

FOLDER = Path(generator.__file__).parent


def shipped() -> dict[str, list[str]]:
    """Patterns of data files by package."""
    config = ConfigParser(interpolation=None)
    config.read(FOLDER.parent / "setup.cfg")
    return {k: v.split() for k, v in config["options.package_data"].items()}


def test_every_data_file_is_shipped():
    for path in FOLDER.rglob("*"):
        if path.is_dir() or path.suffix in (".py", ".pyc"):
            continue
        # Of the nearest package: a folder without Python is part of the one around it.
        owner = next(up for up in path.parents if (up / "__init__.py").exists())
        package = ".".join(owner.relative_to(FOLDER.parent).parts)
        near = path.relative_to(owner)
        patterns = [p for p in shipped().get(package, []) if p.count("/") == len(near.parts) - 1]
        assert any(fnmatch(near.as_posix(), p) for p in patterns), path


def test_every_dependency_has_a_lowest_version_that_can_be_tried():
    """``tox -e lowest`` tries them; one without would be tried with the newest."""
    config = ConfigParser()
    config.read(FOLDER.parent / "setup.cfg")
    asked = [
        line.split()[0]
        for section in (
            config["options"]["install_requires"],
            config["options.extras_require"]["test"],
        )
        for line in section.split("\n")
        if line.strip()
    ]
    assert set(pins("test")) == set(asked)
    # Below it `click.ParamType[...]`, which the options of `clinic cost` are, cannot be written.
    assert pins()["click"] == "8.4"


def test_every_folder_with_modules_is_a_package():
    folders = {path.parent for path in FOLDER.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def contents(package: Path) -> set[str]:
    """The package's own files that the docstring of its ``__init__.py`` names."""
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    return set(re.findall(r"(?<![\w/])\w+\.py\b", docstring))


def test_a_package_that_lists_its_modules_lists_every_one_and_no_other():
    """A package whose docstring names no file of its own is not held to it."""
    wrong = {}
    for init in FOLDER.rglob("__init__.py"):
        named = contents(init.parent)
        modules = {path.name for path in init.parent.glob("*.py")} - {"__init__.py", "__main__.py"}
        if named and named != modules:
            wrong[str(init.parent.relative_to(FOLDER))] = sorted(named ^ modules)
    assert wrong == {}
