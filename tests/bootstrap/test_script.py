"""What is true of the script's text."""

import base64
import bz2
import re
import subprocess
from pathlib import Path

import pytest

from generator import bootstrap

from .machine import Machine

FROZEN = (
    "425a6839314159265359d916372f00000581000825200020a527a8334d3a3a3468f468f8bb9229c28486c8b1b978"
)
FOLDER = Path(bootstrap.__file__).parent
PROGRAM = bootstrap.part(*bootstrap.FILES)
LIBRARY = bootstrap.part(*bootstrap.LIBRARY)
EVERY = (*bootstrap.LIBRARY, *bootstrap.FILES)


def shellcheck(path: Path, *options: str) -> str:
    """Return shellcheck's findings with every optional check on."""
    command = ["shellcheck", "-o", "all", "--norc", *options, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("name", [*EVERY, "unpack.sh"])
def test_each_part_is_clean_by_itself(name: str) -> None:
    assert shellcheck(FOLDER / name) == ""


def test_the_whole_program_is_clean(born: Machine) -> None:
    """Where all functions are in sight the linter tells of each that a condition calls, as wait_for
    and persist do with whatever they are given: that finding is left out."""
    whole = born.root / "notes/whole"
    program = (born.root / "usr/local/sbin/clinic-backend").read_text()
    library = (born.root / "var/lib/clinic-backend/library.sh").read_text()
    assert program.count("source ./library.sh\n") == 2
    program = program.replace("source ./library.sh\n", ":\n")
    head, mark, main = program.partition("boot() {\n")
    whole.write_text(head + library + mark + main)
    assert shellcheck(whole, "-e", "SC2310") == ""


MIGRATION = "migrate.sh"
"""Run by Systems Manager, from the function that releases."""


def test_every_other_shell_file_is_part_of_the_program_or_unpacks_it() -> None:
    assert {path.name for path in FOLDER.glob("*.sh")} == {*EVERY, "unpack.sh", MIGRATION}


def test_the_program_of_an_instance_is_the_settings_and_the_parts(born: Machine) -> None:
    written = (born.root / "usr/local/sbin/clinic-backend").read_text()
    head = born.user_data().read_text().partition("set -e")[0]
    assert written == head + PROGRAM
    assert PROGRAM in bootstrap.unpacked(born.user_data().read_text())


def test_the_packed_program_is_the_same_wherever_it_is_packed() -> None:
    """A frozen format: the launch template must not change with the machine that generates it."""
    packed = base64.b85encode(bz2.compress(PROGRAM.encode(), 9)).decode()
    assert f"<<'PACKED'\n{packed}\nPACKED\n" in bootstrap.user_data()
    assert not set(packed) & set("'\"\\ ,./:[]")
    assert bz2.compress(b"clinic" * 9, 9).hex() == FROZEN


def test_a_user_data_that_cannot_be_unpacked_runs_nothing(machine: Machine) -> None:
    broken = machine.user_data()
    text = broken.read_text()
    broken.write_text(text.replace("<<'PACKED'\n", "<<'PACKED'\nx"))
    with machine.start(program=broken) as process:
        process.communicate(timeout=60)
    assert process.returncode != 0
    assert not (machine.root / "usr/local/sbin/clinic-backend").exists()
    assert machine.cloud.calls == []


def test_the_settings_are_what_the_script_uses_and_does_not_define() -> None:
    text = LIBRARY + PROGRAM
    used = set(re.findall(r"\$\{([A-Z][A-Z_]*)", text))
    assigned = set(re.findall(r"(?:^|[\s{])([A-Z][A-Z_]*):?=", text))
    assert used - assigned - {"SECONDS", "EPOCHSECONDS", "BASH_REMATCH"} == set(bootstrap.SETTINGS)


def test_the_script_never_traces_and_keeps_no_escape_from_the_linter() -> None:
    joined = "".join((FOLDER / name).read_text() for name in EVERY)
    assert not re.search(r"set -[a-z]*x|xtrace|shellcheck disable", joined)


def test_the_default_dockerfile_is_whole_inside_the_script() -> None:
    whole = re.sub(r" \\\n +", " ", (FOLDER / "Dockerfile").read_text())
    lines = (line.strip() for line in whole.splitlines())
    kept = "\n".join(line for line in lines if line and not line.startswith("#"))
    assert kept in "\n".join(line.strip() for line in LIBRARY.splitlines())


def test_python_inside_the_shell_keeps_its_indentation() -> None:
    blocks = re.findall(r"python3 -ISc ('\n.*?'|\"\n.*?\") ", LIBRARY + PROGRAM, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        compile(block[1:-1].replace("$1", "mine"), "block", "exec")


def test_the_default_dockerfile_needs_no_buildkit_and_no_root() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    assert not re.search(r"--mount|--chmod|--link|<<|# syntax", text)
    assert text.index("USER node") < text.index("CMD")
