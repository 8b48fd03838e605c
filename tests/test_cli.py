"""The command line: what a person types and sees."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from generator.checks.lint import cfn_lint as linter
from generator.commands import cli, env
from generator.lazy import LazyGroup
from generator.parameters import files as parameters_module
from tests import objects
from tests.conftest import ROOT, Ended

Clinic = Callable[..., Ended]

COMMANDS = cli.clinic.list_commands(click.Context(cli.clinic))

SLOW = ("boto3", "botocore", "cfnlint", "cloudformation_validate", "rich")


def imported(*arguments: str | Path) -> set[str]:
    """The slow packages that a run imports."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "generator", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    names = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert "generator.commands.cli" in names
    return names.intersection(SLOW)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_with_an_example(clinic: Clinic, command: str) -> None:
    found = cli.clinic.get_command(click.Context(cli.clinic), command)
    below = found.list_commands(click.Context(found)) if isinstance(found, click.Group) else []
    for words in [[command], *([command, part] for part in below)]:
        ended = clinic(*words, "--help")
        assert ended.code == 0
        assert f"\n  clinic {' '.join(words)}" in ended.out


def parameters(command: click.Command) -> Iterator[click.Parameter]:
    """Those of a command and of the commands below it."""
    yield from command.params
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner
            yield from parameters(inner)


@pytest.mark.parametrize("command", COMMANDS)
def test_files_are_refused_in_the_projects_own_words(command: str) -> None:
    found = cli.clinic.get_command(click.Context(cli.clinic), command)
    assert found
    ours = (p for p in parameters(found) if p.name not in ("params", "templates"))
    paths = [p.type for p in ours if isinstance(p.type, click.Path)]
    assert not any(path.readable or path.exists or path.writable for path in paths)


def test_no_command_shows_the_help(clinic: Clinic) -> None:
    ended = clinic()
    assert ended.code == 2
    assert all(command in ended.err for command in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        ["conjure"],
        ["generate", "--nope"],
        ["lint", "--format", "poem"],
        ["params", "--params"],
        ["generate", "now"],
    ],
)
def test_what_no_command_understands_is_a_sentence_and_code_2(
    clinic: Clinic, arguments: list[str]
) -> None:
    ended = clinic(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert "Error: " in ended.err
    assert "Traceback" not in ended.err


def paths(command: click.Command, *words: str) -> Iterator[list[str]]:
    """Arguments that give each path of a command, and of those below it, as an empty word."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below
            yield from paths(below, *words, name)
        return
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    for parameter in command.params:
        if isinstance(parameter.type, click.Path):
            given = ["" if each is parameter else "dev" for each in arguments]
            option = [] if parameter in arguments else [parameter.opts[0], ""]
            yield [*words, *given, *option]


@pytest.mark.parametrize("name", COMMANDS)
def test_an_empty_path_is_a_sentence_and_code_2(clinic: Clinic, name: str) -> None:
    command = cli.clinic.get_command(click.Context(cli.clinic), name)
    assert command
    for arguments in paths(command, name):
        ended = clinic(*arguments)
        assert (ended.code, ended.out) == (2, ""), arguments
        assert ended.err.endswith(" is empty: give a path.\n"), arguments
        assert len(ended.err.splitlines()) == 1, arguments


def test_generate_writes_everything_and_tells_it_in_a_table(clinic: Clinic, tmp_path: Path) -> None:
    ended = clinic("generate", "--no-lint", "--output", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    heading, *rows = [line.split() for line in ended.out.splitlines()]
    assert heading == ["file", "resources", "parameters", "bytes"]
    for file, resources, _, size in rows:
        data = (tmp_path / file).read_bytes()
        assert int(size.replace(",", "")) == len(data)
        assert int(resources) == len(json.loads(data).get("Resources", ()))
    assert {"flat.json", "nested/root.json"} <= {row[0] for row in rows}


def test_check_passes_what_generate_wrote_and_fails_after_an_edit(
    clinic: Clinic, tmp_path: Path
) -> None:
    clinic("generate", "--no-lint", "--output", tmp_path)
    assert clinic("generate", "--check", "--output", tmp_path) == (0, "", "")
    with (tmp_path / "flat.json").open("a") as flat:
        flat.write("\n")
    ended = clinic("generate", "--check", "--output", tmp_path)
    assert ended.code == 1
    assert "run clinic generate" in ended.err
    assert "flat.json differs: +0 -1 lines" in ended.err


def test_check_writes_nothing(clinic: Clinic, tmp_path: Path) -> None:
    ended = clinic("generate", "--check", "--output", tmp_path / "none")
    assert ended.code == 1
    assert "flat.json is missing" in ended.err
    assert not (tmp_path / "none").exists()


def test_an_output_that_cannot_be_written_is_a_sentence_and_code_2(clinic: Clinic) -> None:
    ended = clinic("generate", "--no-lint", "--output", "/dev/null/here")
    assert ended.code == 2
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1
    assert "cannot be written (not a directory)" in ended.err


@pytest.mark.parametrize("arguments", [["--help"], ["generate", "--help"], ["params", "--help"]])
def test_help_imports_nothing_slow(arguments: list[str]) -> None:
    assert imported(*arguments) == set()


def test_generating_imports_neither_boto3_nor_a_linter(tmp_path: Path) -> None:
    assert imported("generate", "--no-lint", "--output", tmp_path) == set()


def test_checking_parameters_imports_nothing_slow() -> None:
    assert imported("params", "seed") == set()


@pytest.mark.parametrize("arguments", [["--help"], ["params"]])
def test_a_reader_who_goes_away_is_no_traceback(arguments: list[str]) -> None:
    """As in ``clinic --help | true``."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        ended = subprocess.run(
            [sys.executable, "-m", "generator", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (ended.returncode, ended.stderr) == (1, "")


def test_an_interrupt_is_code_130_and_no_traceback(tmp_path: Path) -> None:
    """Interrupted while the linters work, of which none is left behind."""
    process = subprocess.Popen(
        [sys.executable, "-m", "generator", "lint"],
        cwd=ROOT,
        # What runs in the background inherits that Ctrl-C is ignored; a person's shell does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while len(_linters(tmp_path)) <= linter.WORKERS:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    # Python ends itself by the signal, 130 to a shell, when it was just defining a class.
    assert process.returncode in (130, -signal.SIGINT)
    assert err.splitlines()[-1] == "clinic: interrupted"
    assert "Traceback" not in err
    assert list(tmp_path.glob("clinic-lint-*")) == []
    while _linters(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _linters(folder: Path) -> list[Path]:
    """Linter processes that work in ``folder``, the workers among them."""
    return [
        process
        for process in Path("/proc").glob("[0-9]*")
        if f"generator.checks.lint.cfn_lint\0{folder}".encode() in _read(process / "cmdline")
    ]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""  # the process has ended meanwhile


def test_a_command_is_the_file_of_its_name_and_imported_when_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "stack_it.py").write_text(
        "import click\n@click.command()\ndef stack_it_command(): print('stacked')\n"
    )
    (tmp_path / "here" / "broken.py").write_text("import nothing_like_it")
    table = {"More": {"stack-it": "Stack it.", "broken": "Is not there."}}
    group = LazyGroup("more", package="here", table=table)
    shown = CliRunner().invoke(group, ["--help"])
    assert re.search(r"More:\n  stack-it  Stack it.\n  broken    Is not there.", shown.output)
    assert CliRunner().invoke(group, ["stack-it"]).output == "stacked\n"
    assert isinstance(CliRunner().invoke(group, ["broken"]).exception, ModuleNotFoundError)


@pytest.mark.parametrize("group", [cli.clinic, env.env_command], ids=["clinic", "clinic env"])
def test_the_files_of_commands_are_those_of_the_table_with_the_help_that_they_have(
    group: LazyGroup,
) -> None:
    package = importlib.import_module(group.package)
    files = {module.name.replace("_", "-") for module in pkgutil.iter_modules(package.__path__)}
    assert files - {"cli"} == set(group.list_commands(click.Context(group)))
    for name, sentence in ((n, s) for names in group.table.values() for n, s in names.items()):
        command = group.get_command(click.Context(group), name)
        assert command
        assert command.get_short_help_str(limit=100) == sentence


@pytest.mark.parametrize(
    ("typed", "meant"), [("timelin", "timeline"), ("stackset", "stack-set"), ("env psh", "push")]
)
def test_a_misspelt_command_suggests_the_nearest(clinic: Clinic, typed: str, meant: str) -> None:
    ended = clinic(*typed.split())
    assert (ended.code, ended.out) == (2, "")
    assert re.search(rf"No such command '[a-z]+'\. Did you mean '?{meant}'?\?$", ended.err.strip())


def test_params_accepts_every_environment_of_the_project(clinic: Clinic) -> None:
    ended = clinic("params")
    assert (ended.code, ended.err) == (0, "")
    assert [line.split(":")[0] for line in ended.out.splitlines()] == [
        "params/dev.json",
        "params/prod.json",
        "params/seed.json",
    ]


@pytest.mark.parametrize(("typed", "meant"), [("prd", "prod"), ("Seed", "seed"), ("devv", "dev")])
def test_a_misspelt_environment_suggests_the_nearest(
    clinic: Clinic, typed: str, meant: str
) -> None:
    ended = clinic("params", typed)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f'clinic: there is no environment "{typed}" in params')
    assert ended.err.endswith(f"did you mean {meant}?\n")


def test_an_environment_like_no_other_lists_them(clinic: Clinic) -> None:
    ended = clinic("params", "xyzzy")
    assert ended.code == 2
    assert "choose one of dev, prod, seed" in ended.err


def test_a_folder_without_parameter_files_says_so(clinic: Clinic, tmp_path: Path) -> None:
    ended = clinic("params", "--params", tmp_path)
    assert ended.code == 2
    assert "holds no parameter files" in ended.err


def test_a_bad_parameter_file_is_code_2_and_a_sentence_per_problem(
    clinic: Clinic, tmp_path: Path
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps([{"ParameterKey": "Enviroment", "ParameterValue": "x"}]))
    ended = clinic("params", file)
    assert (ended.code, ended.out) == (2, "")
    assert f'{file}: "Enviroment" is not a parameter of the template: did you mean' in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("arguments", [["--help"], ["params"], ["diagram", "--json"]])
def test_a_full_disk_behind_stdout_is_a_sentence_and_code_2(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "generator", *arguments],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert ended.returncode == 2
    assert ended.stderr == (
        "clinic: the output cannot be written (no space left on device): make room, or send it "
        "elsewhere.\n"
    )


@pytest.mark.parametrize("command", [["lint"], ["generate", "--output", "made"]])
def test_linting_without_a_parameter_file_is_refused_before_anything_is_written(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    ended = clinic(*command, "--params", tmp_path / "none")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith("none holds no parameter files: name another folder with --params.\n")
    assert not (ROOT / "made").exists()


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_linting_with_a_bad_parameter_file_is_code_2_and_a_sentence(
    clinic: Clinic, tmp_path: Path, form: str
) -> None:
    (tmp_path / "bad.json").write_text("[\n{")
    ended = clinic("lint", "--params", tmp_path, "--format", form)
    assert ended.code == 2
    assert "bad.json is not valid JSON: line 2, column 2" in ended.err.splitlines()[-1]
    assert ("bad.json" in ended.out) is (form != "text")
    assert form not in ("json", "sarif") or json.loads(ended.out)


def test_generate_refuses_a_bad_parameter_file_before_anything_is_written(
    clinic: Clinic, tmp_path: Path
) -> None:
    (tmp_path / "dev.json").mkdir()
    ended = clinic("generate", "--params", tmp_path, "--output", tmp_path / "made")
    assert (ended.code, ended.out) == (2, "")
    assert "dev.json is a folder" in ended.err
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_a_name_that_the_terminal_cannot_show_is_no_traceback(
    tmp_path: Path, form: str, encoding: str
) -> None:
    (tmp_path / "ñ\udcff.json").write_text("[")
    for command in ["params"], ["lint", "--format", form]:
        ended = subprocess.run(
            [sys.executable, "-m", "generator", *command, "--params", tmp_path],
            cwd=ROOT,
            env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict"},
            capture_output=True,
        )
        assert ended.returncode == 2
        assert b"Traceback" not in ended.stderr


def test_generate_works_where_there_is_no_project(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "generator", "generate"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (
        0,
        "Not linted: there is no folder params here. See --params.\n",
    )
    assert (tmp_path / "output" / "flat.json").is_file()


def test_an_interrupt_while_the_commands_are_imported_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")
    ended = subprocess.run(
        [sys.executable, "-m", "generator", "--help"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "clinic: interrupted\n")


def test_parameter_files_are_told_to_programs(clinic: Clinic, tmp_path: Path) -> None:
    ended = clinic("params", "--json")
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert [(one["kind"], one["file"]) for one in told[:-1]] == [
        ("parameters", f"params/{env}.json") for env in ("dev", "prod", "seed")
    ]
    file = tmp_path / "bad.json"
    file.write_text(json.dumps([{"ParameterKey": "Enviroment", "ParameterValue": "x"}]))
    ended = clinic("params", file, "--json")
    assert ended.code == 2
    problem, error, _ = [json.loads(line) for line in ended.out.splitlines()]
    assert problem["parameter"] == "Enviroment"
    assert f"clinic: {error['message']}\n" == ended.err
    assert ended.err.startswith(f"clinic: {file}: ")


FOR_PROGRAMS = [
    *([name] for name in COMMANDS if name != "env" and objects.named([name])),
    *(["env", name] for name in env.COMMANDS["Commands"]),
]


@pytest.mark.parametrize("words", FOR_PROGRAMS, ids=" ".join)
def test_what_is_wrong_is_an_object_for_programs_and_a_sentence_for_people(
    clinic: Clinic, tmp_path: Path, words: list[str]
) -> None:
    """With parameter files that are not there, or a file that is none."""
    arguments = ["stack-set", "--remove"] if words == ["stack-set"] else words
    more = {"publish": ["dist"], "env push": [tmp_path / "none"], "release": ["--image", "a:1"]}
    ended = clinic(
        *arguments, "nowhere", *more.get(" ".join(words), []), "--json", "--params", tmp_path
    )
    error, done = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.err == f"clinic: {error['message']}\n"
    assert error["exit_code"] == done["exit_code"] == ended.code == 2


@pytest.mark.parametrize(
    "arguments", [["--no-such-option"], ["seed", "superfluous"], ["--env", "seed"]]
)
def test_arguments_that_nothing_understands_are_told_to_programs(
    clinic: Clinic, arguments: list[str]
) -> None:
    ended = clinic("prove", "--json", *arguments)
    error, done = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.err.endswith(f"Error: {error['message']}\n")
    assert (ended.code, error["exit_code"], done["exit_code"]) == (2, 2, 2)


def test_an_interrupt_is_told_to_programs(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters_module, "load_checked", _interrupt)
    ended = clinic("params", "--json")
    assert ended.code == 130
    assert [json.loads(line) for line in ended.out.splitlines()][-2:] == [
        {"kind": "error", "message": "interrupted", "exit_code": 130},
        {"kind": "done", "exit_code": 130},
    ]


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_help_is_for_people_whatever_else_is_asked(clinic: Clinic) -> None:
    ended = clinic("prove", "--json", "--help")
    assert (ended.code, ended.err) == (0, "")
    assert '"done"' not in ended.out


def test_an_interrupt_on_the_way_out_is_no_traceback() -> None:
    program = (
        "import atexit, os, signal; from generator.__main__ import main; "
        "atexit.register(os.kill, os.getpid(), signal.SIGINT); main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, "--version"], cwd=ROOT, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")
