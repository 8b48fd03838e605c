"""README and docs/ say what is true, in both languages."""

from __future__ import annotations

import re
import tomllib
from configparser import ConfigParser
from pathlib import Path

import click
import pytest

from generator.architecture import LAYERS
from generator.checks.timeline.graph import creation
from generator.checks.timeline.schedule import schedule, total
from generator.commands.cli import COMMANDS, clinic
from generator.model import view
from generator.twin.stand import PROGRAMS
from tests.resolved import ENVIRONMENTS, flat

ROOT = Path(__file__).parents[1]
LANGUAGES = {"README.md": "README.es.md", "README.es.md": "README.md"}
FOLDERS = {"README.md": "docs", "README.es.md": "docs/es"}
ENGLISH_ONLY = {"twin"}
MARKDOWN = [
    p.relative_to(ROOT).as_posix() for p in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
]


def page(readme: str, name: str) -> str:
    """The page of docs/ in the language of a README."""
    return f"{FOLDERS[readme]}/{name}.md"


def pages(readme: str) -> set[str]:
    return {file.stem for file in (ROOT / FOLDERS[readme]).glob("*.md")}


def anchors(file: Path) -> set[str]:
    """The addresses of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", file.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def rows(file: str) -> dict[str, list[str]]:
    """Every row of every table by its first cell, without the code marks."""
    text = (ROOT / file).read_text()
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
    if not isinstance(found, click.Group):
        return found
    below = found.get_command(click.Context(found), part)
    assert below
    return below


@pytest.mark.parametrize("readme", LANGUAGES)
def test_every_parameter_is_in_the_table_with_its_default(readme):
    table = rows(page(readme, "parameters"))
    for name, declared in flat()["Parameters"].items():
        default = str(declared["Default"])
        shown = table[name][0].strip("`")
        assert shown == default or (not default and "(" in shown), name


@pytest.mark.parametrize("readme", LANGUAGES)
def test_no_parameter_is_in_the_table_that_does_not_exist(readme):
    known = {*flat()["Parameters"], "SiteUrl", "TemplateBaseUrl"}
    named = {
        name
        for file in (readme, *(page(readme, name) for name in pages(readme)))
        for name in rows(file)
        if re.fullmatch(r"([A-Z][a-z0-9]+){2,}", name)
    }
    assert named <= known


@pytest.mark.parametrize("readme", LANGUAGES)
def test_every_command_is_named(readme):
    named = {name.split()[1] for name in rows(readme) if name.startswith("clinic ")}
    assert named == set(clinic.list_commands(click.Context(clinic)))


@pytest.mark.parametrize("readme", LANGUAGES)
def test_commands_are_grouped_as_the_help_groups_them(readme):
    parts = (ROOT / readme).read_text().split("\n### ")[1:]
    named = [list(dict.fromkeys(re.findall(r"^\| `clinic ([\w-]+)", p, re.M))) for p in parts]
    assert named == [list(commands) for commands in COMMANDS.values()]


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
    assert {layer.title.lower() for layer in LAYERS} == set(rows(page(readme, "architecture"))) & {
        module.stem for module in (ROOT / "generator/layers").glob("[!_]*")
    }
    files = set(rows(page(readme, "environments")))
    assert {f"params/{environment}.json" for environment in ENVIRONMENTS} <= files


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


@pytest.mark.parametrize("name", MARKDOWN)
def test_files_and_headings_that_it_links_to_exist(name):
    file = ROOT / name
    for target, heading in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]+))?\)", file.read_text()):
        there = file.parent / target if target else file
        assert there.exists(), target
        assert not heading or heading in anchors(there), heading


@pytest.mark.parametrize("readme", LANGUAGES)
def test_every_page_is_linked_from_the_readme_of_its_language(readme):
    text = (ROOT / readme).read_text()
    assert all(f"({page(readme, name)})" in text for name in pages(readme))


def test_errors_are_those_that_the_doctor_and_a_failing_deployment_name():
    known = {
        (" ".join(trap["meaning"].split()), " ".join(trap["advice"].split()))
        for name in ("instance", "catalogue")
        for trap in tomllib.loads((ROOT / f"generator/cloud/{name}.toml").read_text())["trap"]
    }
    listed = {(what, *rest) for what, rest in rows(page("README.md", "errors")).items()}
    assert listed - known == {("what it is", "what to do"), ("---", "---")}


def test_the_twin_needs_the_packages_that_its_page_names():
    named = re.search(r"--no-install-recommends (.*?)`", (ROOT / "docs/twin.md").read_text())
    assert named
    assert set(named[1].split()) == {word for names in PROGRAMS.values() for word in names.split()}


@pytest.mark.parametrize("readme", LANGUAGES)
def test_it_is_short_enough_to_be_read_to_its_end(readme):
    assert len((ROOT / readme).read_text().splitlines()) <= 150


@pytest.mark.parametrize("readme", LANGUAGES)
def test_every_command_but_two_prints_json(readme):
    """As the sentence over the tables of commands has it."""
    without = {
        name
        for name in rows(readme)
        if name.startswith("clinic ")
        and not any("--json" in option.opts for option in command(*name.split()[1:3]).params)
    }
    assert without == {"clinic generate", "clinic lint"}


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


def test_both_languages_have_the_same_pages():
    assert pages("README.md") == pages("README.es.md") | ENGLISH_ONLY


@pytest.mark.parametrize("name", ["", *sorted(pages("README.es.md"))])
def test_both_languages_have_the_same_sections_rows_and_commands(name):
    files = [page(readme, name) if name else readme for readme in LANGUAGES]
    english, spanish = ((ROOT / file).read_text() for file in files)
    assert [len(re.findall(r"^\| ", text, re.M)) for text in (english, spanish)][1:] == [
        len(re.findall(r"^\| ", english, re.M))
    ]
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
    said = re.search(
        r"`clinic timeline seed` (?:gives|da) (\d+) s",
        (ROOT / page(readme, "decisions")).read_text(),
    )
    assert said
    assert int(said[1]) == total(steps) <= 620
