"""The README says what is true, in both languages."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import click
import pytest

from generator.architecture import LAYERS
from generator.checks import view
from generator.checks.timeline.graph import creation
from generator.checks.timeline.schedule import schedule, total
from generator.cli import LATER, clinic
from tests.resolved import ENVIRONMENTS, flat

ROOT = Path(__file__).parents[1]
LANGUAGES = {"README.md": "README.es.md", "README.es.md": "README.md"}


def rows(readme: str) -> dict[str, list[str]]:
    """Every row of every table by its first cell, without the code marks."""
    text = (ROOT / readme).read_text()
    table = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return {cells[0].strip("`"): cells[1:] for cells in table}


def one_line(file: Path) -> str:
    return " ".join(file.read_text().split())


def command(name: str, part: str = "") -> click.Command:
    """The command that a row is about: `clinic NAME`, or `clinic NAME PART` of a group."""
    found = clinic.get_command(click.Context(clinic), name)
    assert found
    return found.commands[part] if isinstance(found, click.Group) else found


@pytest.mark.parametrize("readme", LANGUAGES)
def test_every_parameter_is_in_the_table_with_its_default(readme):
    table = rows(readme)
    for name, declared in flat()["Parameters"].items():
        default = str(declared["Default"])
        shown = table[name][0].strip("`")
        assert name == "MachineImage" or shown == default or (not default and "(" in shown), name


@pytest.mark.parametrize("readme", LANGUAGES)
def test_no_parameter_is_in_the_table_that_does_not_exist(readme):
    known = {*flat()["Parameters"], "SiteUrl"}
    named = {name for name in rows(readme) if re.fullmatch(r"([A-Z][a-z0-9]+){2,}", name)}
    assert named <= known


@pytest.mark.parametrize("readme", LANGUAGES)
def test_every_command_is_named(readme):
    named = {name.split()[1] for name in rows(readme) if name.startswith("clinic ")}
    assert named == set(clinic.list_commands(click.Context(clinic)))


@pytest.mark.parametrize("readme", LANGUAGES)
def test_commands_are_grouped_as_the_help_groups_them(readme):
    parts = (ROOT / readme).read_text().split("\n### ")[1:]
    named = [list(dict.fromkeys(re.findall(r"^\| `clinic ([\w-]+)", p, re.M))) for p in parts]
    assert named == [list(clinic.commands), *map(list, LATER.values())]


@pytest.mark.parametrize("readme", LANGUAGES)
def test_options_in_the_tables_of_commands_exist(readme):
    for name, (what, *_) in rows(readme).items():
        if name.startswith("clinic "):
            known = {
                text
                for parameter in command(*name.split()[1:3]).params
                for text in (*parameter.opts, *parameter.secondary_opts)
            }
            assert set(re.findall(r"`(--[\w-]+)", what)) <= known, name


@pytest.mark.parametrize("readme", LANGUAGES)
def test_every_layer_and_environment_is_named(readme):
    table = rows(readme)
    assert {layer.title.lower() for layer in LAYERS} <= set(table)
    assert {f"params/{environment}.json" for environment in ENVIRONMENTS} <= set(table)


@pytest.mark.parametrize("readme", LANGUAGES)
def test_every_dependency_is_named_with_its_reason(readme):
    text = (ROOT / readme).read_text()
    wanted = re.search(r"install_requires =\n((?:    .*\n)+)", (ROOT / "setup.cfg").read_text())
    assert wanted
    for line in wanted[1].splitlines():
        assert f"[{line.split()[0]}]" in text


@pytest.mark.parametrize("readme", LANGUAGES)
def test_every_package_of_an_extra_is_named(readme):
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg")
    last = (ROOT / readme).read_text().split("\n## ")[-1]
    for extra in config["options.extras_require"].values():
        for name in re.findall(r"^[a-z][\w-]*", extra, re.M):
            assert re.search(rf"\b{name}\b", last), name


@pytest.mark.parametrize("readme", LANGUAGES)
def test_files_that_it_links_to_exist(readme):
    text = (ROOT / readme).read_text()
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize(("readme", "other"), LANGUAGES.items())
def test_exit_codes_are_those_that_the_help_says(readme, other):
    told = re.search(r"(Exit codes|Códigos de salida): (.*?)\. ", one_line(ROOT / readme))
    assert told
    codes = re.findall(r"\b\d+\b", told[2])
    assert codes == ["0", "1", "2", "3", "130"]
    assert other == "README.md" or told[0].strip() in " ".join(str(clinic.help).split())


@pytest.mark.parametrize(("readme", "other"), LANGUAGES.items())
def test_it_links_to_the_other_language(readme, other):
    assert f"({other})" in (ROOT / readme).read_text()


def test_both_languages_have_the_same_sections_and_commands():
    english, spanish = ((ROOT / name).read_text() for name in LANGUAGES)
    assert english.count("\n## ") == spanish.count("\n## ")
    blocks = [re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for text in (english, spanish)]
    commands = [
        [re.sub(r"(^| +)#.*", "", line) for block in b for line in block.splitlines()]
        for b in blocks
    ]
    assert commands[0] == commands[1]


@pytest.mark.parametrize(("readme", "language"), [("README.md", "en"), ("README.es.md", "es")])
def test_its_picture_is_what_the_templates_say(readme, language, capsys):
    with pytest.raises(SystemExit):
        clinic(["diagram", "--format", "mermaid", "--language", language])
    drawn = re.search(r"```mermaid\n(.*?)```", (ROOT / readme).read_text(), re.DOTALL)
    assert drawn
    assert drawn[1] == capsys.readouterr().out


@pytest.mark.parametrize("readme", LANGUAGES)
def test_the_seconds_of_a_creation_are_those_of_the_timeline(readme):
    steps = schedule(creation(view.load("seed", ROOT / "params", None)))
    said = re.search(r"`clinic timeline seed` (?:gives|da) (\d+) s", (ROOT / readme).read_text())
    assert said
    assert int(said[1]) == total(steps) <= 620
