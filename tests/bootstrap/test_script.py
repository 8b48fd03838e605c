"""What is true of the script's text."""

import re
import subprocess
from pathlib import Path

import pytest

from generator import bootstrap

from .machine import Machine

FOLDER = Path(bootstrap.__file__).parent
WAYS = tuple(bootstrap.IMAGE)


def shellcheck(path: Path) -> str:
    """Return shellcheck's findings with every optional check on."""
    command = ["shellcheck", "-o", "all", "--norc", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("name", bootstrap.FILES)
def test_each_part_is_clean_by_itself(name: str) -> None:
    assert shellcheck(FOLDER / name) == ""


@pytest.mark.parametrize("image", ["", "example/backend:1"])
def test_the_whole_user_data_is_clean(machine: Machine, image: str) -> None:
    assert shellcheck(machine.user_data(BACKEND_IMAGE=image)) == ""


def test_every_shell_file_is_part_of_the_script() -> None:
    assert {path.name for path in FOLDER.glob("*.sh")} == set(bootstrap.FILES)


def test_the_settings_are_what_the_script_uses_and_does_not_define() -> None:
    text = bootstrap.part(*bootstrap.FILES)
    used = set(re.findall(r"\$\{([A-Z][A-Z_]*)", text))
    assigned = set(re.findall(r"(?:^|[\s{])([A-Z][A-Z_]*):?=", text))
    assert used - assigned - {"SECONDS", "BASH_REMATCH"} == {
        *bootstrap.SETTINGS,
    }


def test_the_script_never_traces_and_keeps_no_escape_from_the_linter() -> None:
    joined = "".join((FOLDER / name).read_text() for name in bootstrap.FILES)
    assert not re.search(r"set -[a-z]*x|xtrace|shellcheck disable", joined)


def test_the_default_dockerfile_is_whole_inside_the_script() -> None:
    lines = (line.strip() for line in (FOLDER / "Dockerfile").read_text().splitlines())
    kept = "\n".join(line for line in lines if line and not line.startswith("#"))
    assert kept in "\n".join(line.strip() for line in bootstrap.script("build").splitlines())


@pytest.mark.parametrize("way", WAYS)
def test_python_inside_the_shell_keeps_its_indentation(way: str) -> None:
    blocks = re.findall(r"python3 -ISc ('\n.*?'|\"\n.*?\") ", bootstrap.script(way), re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        compile(block[1:-1].replace("$1", "mine"), "block", "exec")


def test_the_default_dockerfile_needs_no_buildkit_and_no_root() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    assert not re.search(r"--mount|--chmod|--link|<<|# syntax", text)
    assert text.index("USER node") < text.index("CMD")
