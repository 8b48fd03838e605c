"""The pages of parameters: what the templates say, whole, in both languages."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from click.testing import CliRunner

from generator import architecture, output, pages
from generator.architecture import LAYERS
from generator.commands.cli import clinic
from generator.errors import ClinicError
from tests.resolved import children

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """docs/ as it is in the repository, beside an output folder."""
    for page in (*pages.PAGES, *pages.WITH_CONTROLS):
        target = tmp_path / "docs" / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((DOCS / page).read_bytes())
    return tmp_path / "docs"


def generate(docs: Path, *options: str) -> tuple[int, str]:
    folder = str(docs.with_name("output"))
    result = CliRunner().invoke(clinic, ["generate", "--no-lint", "--output", folder, *options])
    error = result.exception
    return (error.exit_code, str(error)) if isinstance(error, ClinicError) else (0, result.output)


@pytest.mark.parametrize("page", pages.PAGES)
def test_the_pages_are_what_the_code_builds(page):
    assert (DOCS / page).read_bytes() == pages.render(children()["root"])[page]


def test_english_says_what_the_templates_say():
    text = pages.render(children()["root"])["parameters.md"].decode()
    for name, declared in children()["root"]["Parameters"].items():
        assert f"| `{name}` | " in text
        assert f" | {declared['Description']} |" in text


def test_every_parameter_of_the_form_stands_in_both_pages_once():
    for page, text in pages.render(children()["root"]).items():
        if not page.endswith("parameters.md"):
            continue
        names = [line.split("`")[1] for line in text.decode().splitlines() if line[:3] == "| `"]
        assert sorted(names) == sorted(children()["root"]["Parameters"])


def test_a_parameter_of_the_form_that_is_gone_stops_it_with_its_name():
    root = deepcopy(children()["root"])
    del root["Parameters"]["FlowLogs"]
    with pytest.raises(ClinicError, match=r"form\.toml is about no parameter: remove FlowLogs\."):
        pages.render(root)


@pytest.mark.parametrize("page", ["layers.md", "es/layers.md"])
def test_every_layer_stands_in_its_pages_with_a_file_that_is_there(page):
    text = pages.render(children()["root"])[page].decode()
    for layer in LAYERS:
        assert (
            f"| {layer.title.lower()} | `{layer.file}` | {layer.owns[page[:3] == 'es/']} |" in text
        )
        assert (DOCS.parent / layer.file).is_file()


def test_a_layer_that_does_not_say_what_it_owns_stops_it_with_its_file(monkeypatch):
    silent = (LAYERS[0]._replace(owns=("in English only",)), *LAYERS[1:])
    monkeypatch.setattr(architecture, "LAYERS", silent)
    with pytest.raises(ClinicError, match=r"generator/layers/network\.py: the layer Network does"):
        architecture.templates()


@pytest.mark.parametrize("page", pages.PAGES)
def test_generate_checks_and_mends_a_page(docs, page):
    generate(docs)
    assert generate(docs, "--check") == (0, "")
    (docs / page).write_text("by hand")
    code, sentence = generate(docs, "--check")
    assert (code, f"({page})" in sentence) == (1, True)
    assert (docs / page).read_text() == "by hand"
    generate(docs)
    assert (docs / page).read_bytes() == (DOCS / page).read_bytes()


@pytest.mark.parametrize("page", pages.WITH_CONTROLS)
def test_generate_mends_the_table_of_controls_and_nothing_around_it(docs, page):
    generate(docs)
    text = (docs / page).read_text("utf-8")
    [row] = [line for line in text.splitlines() if line.startswith("| RDS.23 ")]
    (docs / page).write_text(text.replace(row, "| RDS.23 | by hand |") + "My own.\n", "utf-8")
    code, sentence = generate(docs, "--check")
    assert (code, f"({page})" in sentence) == (1, True)
    generate(docs)
    assert (docs / page).read_text("utf-8") == f"{text}My own.\n"


def test_a_page_without_the_heading_of_its_controls_is_a_sentence(docs):
    (docs / "security.md").write_text("nothing")
    code, sentence = generate(docs)
    assert code == 2
    assert "Controls that are not met" in sentence


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "parameters.md").write_text("mine")
    output.write(tmp_path / "output", {})
    generate(tmp_path / "docs")
    assert [file.name for file in (tmp_path / "docs").iterdir()] == ["parameters.md"]
    assert (tmp_path / "docs" / "parameters.md").read_text() == "mine"
