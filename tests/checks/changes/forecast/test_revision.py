"""What another revision held, and which one is taken when nobody names one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.checks.changes.forecast import revision
from generator.errors import ClinicError
from tests.checks.changes.forecast.conftest import Project


@pytest.fixture(autouse=True)
def _in_the_project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder)


def taken(asked: str | None = None) -> str:
    return revision.read(asked, [Path("output")]).name


def test_nobody_s_choice_is_origin_main_before_main_before_head(project: Project) -> None:
    first = project.git("rev-parse", "HEAD")
    project.git("branch", "-m", "other")
    assert taken() == f"HEAD ({first[:8]})"
    project.git("branch", "main")
    assert taken() == f"main ({first[:8]})"
    project.git("update-ref", "refs/remotes/origin/main", first)
    assert taken() == f"origin/main ({first[:8]})"


def test_in_a_pull_request_it_is_the_branch_that_it_goes_to(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = project.git("rev-parse", "HEAD")
    for name in ("origin/main", "origin/release"):
        project.git("update-ref", f"refs/remotes/{name}", first)
    monkeypatch.setenv("GITHUB_BASE_REF", "release")
    assert taken() == f"origin/release ({first[:8]})"


def test_what_the_target_got_since_is_no_change_of_this_branch(project: Project) -> None:
    first = project.git("rev-parse", "HEAD")
    project.git("checkout", "-qb", "feature")
    project.git("checkout", "-q", "main")
    project.file("output/nested/data.json", "{}")
    later = project.commit()
    project.git("checkout", "-q", "feature")
    assert taken() == f"main where this branch left it ({first[:8]})"
    assert taken("main") == f"main ({later[:8]})"


@pytest.mark.parametrize("name", ["v1", "HEAD~1", "main@{0}", "some/branch"])
def test_whatever_git_calls_a_commit_is_a_revision(project: Project, name: str) -> None:
    project.commit()
    project.git("tag", "-a", "v1", "-m", "An annotated tag.")
    project.git("branch", "some/branch")
    assert taken(name).startswith(f"{name} (")


def test_a_repository_without_a_commit_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").mkdir()
    monkeypatch.chdir(tmp_path / "new")
    subprocess.run(["git", "init", "-q"], check=True)
    with pytest.raises(ClinicError, match="no commit yet"):
        taken()


def test_links_are_not_files(project: Project) -> None:
    (project.folder / "output" / "nested" / "link.json").symlink_to("data.json")
    project.commit()
    assert "nested/link.json" not in revision.read("HEAD", [Path("output")]).below(Path("output"))


def test_a_path_outside_the_repository_was_never_in_it(project: Project, tmp_path: Path) -> None:
    outside = tmp_path.parent
    found = revision.read("HEAD", [outside])
    assert found.files == {}
    assert not found.covers(outside)
    assert found.covers(Path("params/new.json"))


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.dictionaries(
        st.text("aB .-\u00e9", min_size=1, max_size=8).map(lambda name: f"x{name}x"),
        st.binary(max_size=60) | st.just(b"\n\n"),
        min_size=1,
        max_size=4,
    )
)
def test_every_file_is_what_was_committed(project: Project, files: dict[str, bytes]) -> None:
    folder = project.folder / "held"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    project.commit()
    assert revision.read("HEAD", [folder]).below(folder) == files
    assert os.listdir(folder)
