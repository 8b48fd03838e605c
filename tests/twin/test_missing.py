"""What `clinic twin` says where something is missing: one sentence, and how to get it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator.twin import namespaces
from generator.twin.namespaces import why_not
from tests.conftest import ROOT


def test_a_path_without_the_programs_is_one_sentence_with_the_command(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "generator", "twin", "seed", "--prove"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != namespaces.INSIDE}
        | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    [sentence] = ended.stderr.strip().splitlines()
    if sys.platform == "linux":
        assert "curl" in sentence
        assert "as root: apt-get install --no-install-recommends " in sentence


@pytest.mark.skipif(sys.platform != "linux", reason="the sentence is another one there")
def test_a_missing_module_names_its_package_and_a_missing_program_too() -> None:
    why = why_not({"no-such-program": "one two"}, {"/no/such/*.so": "three", "/etc": "four"})
    assert why == (
        "no-such-program, /no/such/*.so are not here; as root: "
        "apt-get install --no-install-recommends one three two"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the sentence is another one there")
def test_a_kernel_without_user_namespaces_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = ["sh", "-c", "echo unshare: Operation not permitted >&2; exit 1"]
    monkeypatch.setattr(namespaces, "_unshare", lambda: refused)
    assert why_not({}) == (
        "this kernel gives no namespaces to this user (unshare: Operation not permitted)."
    )


def test_macos_is_told_that_linux_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert why_not({"ip": "iproute2"}) == (
        "the twin needs Linux's namespaces, and this is not Linux."
    )


def test_a_file_for_ci_without_probes_is_refused() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "generator", "twin", "seed", "--junit", "x.xml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--junit says what --prove saw" in ended.stderr


@pytest.mark.parametrize("option", ["--env-file", "--backend", "--frontend"])
def test_a_path_that_is_not_there_is_one_sentence_before_anything_stands(
    option: str, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "generator", "twin", "seed", option, str(tmp_path / "none")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    [sentence] = ended.stderr.strip().splitlines()
    assert str(tmp_path / "none") in sentence or "the twin cannot stand here" in sentence


def test_a_variable_that_a_shell_passes_on_makes_no_world_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Taken at its word, it would cover /run of the machine."""
    monkeypatch.setenv(namespaces.INSIDE, "1")
    assert not namespaces.is_own_world()
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert namespaces.is_own_world()
