"""``clinic report``: a page that needs nothing else, and says what the other commands say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator import pages
from generator.checks.lint import run
from tests.checks.report.page import Page
from tests.checks.sets import small
from tests.conftest import ROOT, Ended

Clinic = Callable[..., Ended]
HOSTILE = "</style><script>alert(1)</script>"


def objects(ended: Ended, kind: str) -> list[dict[str, Any]]:
    return [one for one in map(json.loads, ended.out.splitlines()) if one["kind"] == kind]


@pytest.fixture
def made(clinic: Clinic, tmp_path: Path) -> str:
    """The report of prod, against what is checked out."""
    target = tmp_path / "prod.html"
    ended = clinic("report", "prod", "--output", target, "--against", "HEAD", "--json")
    assert ended.code == 0, ended.err
    [told] = objects(ended, "report")
    assert (told["path"], told["bytes"]) == (str(target), target.stat().st_size)
    return target.read_text()


def test_it_loads_nothing_and_runs_nothing(made: str) -> None:
    page = Page(made)
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object"}
    assert not [name for _, given in page.elements for name in given if name.startswith("on")]
    assert not page.attributes("src") + page.attributes("style")
    assert all(link.startswith("#") for link in page.attributes("href"))
    [style] = re.findall(r"<style>(.*?)</style>", made, re.S)
    assert "url(" not in style
    assert "@import" not in style
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = [each for each in page.attributes("content") if "default-src" in each]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")


def test_a_screen_reader_finds_its_way(made: str) -> None:
    page = Page(made)
    tags = [tag for tag, _ in page.elements]
    assert [tags.count(each) for each in ("h1", "header", "nav", "main", "footer")] == [1] * 5
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.attributes("href")} <= set(ids)
    assert set(page.attributes("aria-labelledby")) <= set(ids)
    assert tags.count("section") == tags.count("h2") == 9
    for table in page.tables.values():
        assert table.caption
        assert set(table.scopes[0]) == {"col"}
        assert {row[0] for row in table.scopes[1:]} == {"row"}
        assert all(cells[0] for cells in table.rows)
        assert len({len(row) for row in table.rows}) == 1


def test_its_tables_say_what_the_other_commands_say(clinic: Clinic, made: str) -> None:
    page = Page(made)
    reached = objects(clinic("prove", "prod", "--json"), "reach")
    ways = page.tables["Every way and what lets it through"].rows[1:]
    assert ways == [[r["from"], r["to"], r["what"], ", ".join(r["why"])] for r in reached]
    bill = clinic("cost", "prod", "--json")
    lines = page.tables["Line by line"].rows[1:]
    listed = [
        [one["component"], one["item"], f"{one['usd']:,.2f}"] for one in objects(bill, "line")
    ]
    assert [[row[0], row[1], row[-1]] for row in lines[:-1]] == listed
    [total] = objects(bill, "total")
    sums: dict[str, float] = {}
    for one in objects(bill, "line"):
        sums[one["component"]] = sums.get(one["component"], 0) + one["usd"]
    shown = page.tables["By component"].rows[1:-1]
    assert shown == [[name, f"{usd:,.2f}"] for name, usd in sums.items()]
    assert page.tables["By component"].rows[-1] == ["total", f"{total['usd']:,.2f}"]
    limits = objects(clinic("check", "prod", "--json"), "limit")
    rows = page.tables["The tightest place of each"].rows[1:]
    assert [(row[0], row[2]) for row in rows] == [(m["limit"], f"{m['value']:,}") for m in limits]
    [creation, _] = objects(clinic("timeline", "prod", "--json"), "total")
    path = page.tables["The critical path, in seconds"].rows[1:]
    assert [row[3] for row in path] == creation["critical"]
    assert path[-1][1] == f"{creation['seconds']:,}"
    assert page.tables["Controls that are not met"].rows[1:] == [
        [cell.replace("`", "") for cell in row] for row in pages.controls()["rows"]
    ]


def test_the_files_are_named_with_their_digests(made: str) -> None:
    rows = Page(made).tables["Files"].rows[1:]
    assert [
        name for name, *_ in rows if name in ("output/nested/root.json", "params/prod.json")
    ] == ["output/nested/root.json", "params/prod.json"]
    for name, _, digest in rows:
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest


def test_the_same_input_gives_the_same_bytes(clinic: Clinic, made: str, tmp_path: Path) -> None:
    clinic("report", "prod", "--output", tmp_path / "again.html", "--against", "HEAD")
    assert (tmp_path / "again.html").read_text() == made


def test_its_date_is_the_one_that_is_given(clinic: Clinic, tmp_path: Path) -> None:
    target = tmp_path / "a.html"
    assert clinic("report", "seed", "--output", target, "--date", "2031-02-03").code == 0
    text = target.read_text()
    assert "2031-02-03</p>" in text
    assert re.search(r"\d+ prices are old", text)


def test_hostile_names_stay_text(clinic: Clinic, tmp_path: Path) -> None:
    flat = small()["flat.json"]
    vpc = flat["Resources"]["Vpc"]
    flat["Resources"][HOSTILE] = {"Type": "AWS::S3::Bucket", "Properties": {}}
    vpc["Properties"]["Tags"] = [{"Key": "Name", "Value": HOSTILE}]
    (tmp_path / "flat.json").write_text(json.dumps(flat))
    env = tmp_path / "<script>alert(2)<.json"
    env.write_text("[]")
    target = tmp_path / "a.html"
    ended = clinic("report", env, "--templates", tmp_path / "flat.json", "--output", target)
    assert ended.code == 0, ended.err
    page = Page(target.read_text())
    assert "script" not in {tag for tag, _ in page.elements}
    assert HOSTILE in "".join(page.words)
    assert "alert(2)" in "".join(page.words)
    assert "Controls that are not met" not in page.tables


@pytest.fixture
def changed(tmp_path: Path, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which dev gets another name for its database and a NAT gateway."""
    # What linters say takes 20 s and is no part of a comment.
    monkeypatch.setattr(run, "lint_all", lambda *_, **__: iter(()))
    folder = tmp_path / "project"
    for name in ("output", "params"):
        shutil.copytree(ROOT / name, folder / name)
    monkeypatch.chdir(folder)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "somebody@example.com")
    for words in (["init", "-qb", "main"], ["add", "-A"], ["commit", "-qm", "Before"]):
        subprocess.run(["git", *words], check=True)
    rows = json.loads((folder / "params/dev.json").read_text())
    new = {"NatGateways": "one", "DatabaseName": "other"}
    rows = [row for row in rows if row["ParameterKey"] not in new]
    rows += [{"ParameterKey": name, "ParameterValue": value} for name, value in new.items()]
    (folder / "params/dev.json").write_text(json.dumps(rows))
    return folder


def test_a_comment_says_what_changed_since(clinic: Clinic, changed: Path) -> None:
    ended = clinic("report", "dev", "--against", "main", "--comment", "c.md", "--json")
    assert ended.code == 0, ended.err
    text = (changed / "c.md").read_text()
    [told] = objects(ended, "comment")
    assert told["bytes"] == len(text.encode())
    [now] = objects(clinic("cost", "dev", "--json"), "total")
    subprocess.run(["git", "stash", "-q"], check=True)
    [before] = objects(clinic("cost", "dev", "--json"), "total")
    assert now["usd"] > before["usd"]
    assert f"{before['usd']:.2f} to {now['usd']:.2f} USD (+" in text
    assert "NAT gateways: 0.00 to " in text
    assert re.search(r"> - .*Database would be replaced", text)
    assert re.search(r"\| data \| [1-9]", text)
    assert "new: subnets of backend to internet: route by a NAT gateway" in text
    assert len(text) < 6_000


def test_a_comment_on_a_new_environment_has_no_cost_before(clinic: Clinic, changed: Path) -> None:
    shutil.copy(changed / "params/seed.json", changed / "params/other.json")
    ended = clinic("report", "other", "--against", "main", "--comment", "c.md")
    assert ended.code == 0, ended.err
    assert re.search(r"USD a month \(new\)", (changed / "c.md").read_text())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--against", "nowhere"], "no git revision"),
        (["--output", "/dev/null/a.html"], "cannot be written"),
        (["--comment", "report.html"], "name the same file"),
        (["--region", "eu-nowhere-1"], "region"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_nothing_is_written(
    clinic: Clinic, changed: Path, arguments: list[str], said: str
) -> None:
    ended = clinic("report", "seed", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert not (changed / "report.html").exists()
