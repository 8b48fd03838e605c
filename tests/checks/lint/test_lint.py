"""Both linters over both forms: what each alone finds, the cache, and crashes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from generator import output, suppressions
from generator.checks.lint import cfn_lint as linter
from generator.checks.lint import report, run, validator
from generator.checks.lint.cache import Cache
from generator.checks.lint.finding import Finding
from tests.checks.sets import small
from tests.conftest import ROOT, Ended
from tests.resolved import WEB_ACL
from tests.test_invariants import choices

Documents = dict[str, Any]
FLAT = (ROOT / "output" / "flat.json").read_bytes()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def params(tmp_path: Path) -> Path:
    (tmp_path / "params").mkdir()
    return tmp_path / "params"


def findings(documents: Documents, params: Path, cache: Cache) -> list[Finding]:
    """Without the remarks that the project suppresses everywhere."""
    values, troubles = run.read(params, documents["flat.json"])
    found = run.lint_all(documents, output.render(documents), values, cache, ["us-east-1"])
    return [f for f in (*troubles, *found) if f.rule not in {"I9001", "I4010", "W3002", "W2001"}]


def give(params: Path, env: str, **values: str) -> None:
    entries = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    (params / f"{env}.json").write_text(json.dumps(entries))


def told(found: list[Finding]) -> set[tuple[str, str, str]]:
    return {(finding.tool, finding.rule, finding.file) for finding in found}


def test_a_sound_set_has_no_findings(params: Path, cache: Cache) -> None:
    give(params, "dev", VpcCidr="10.1.0.0/16", Interval="10")
    assert findings(small(), params, cache) == []


def test_every_tool_sees_every_form_and_every_parameter_file(params: Path, cache: Cache) -> None:
    documents = small()
    for path in "nested/network.json", "flat.json":
        documents[path]["Resources"]["Vpc"]["Properties"]["InstanceTenancyy"] = "default"
    passed = documents["nested/root.json"]["Resources"]["NetworkStack"]["Properties"]
    passed["Parameters"]["Prefix"] = "x"
    give(params, "bad", Interval="soon")
    give(params, "late", Interval="5")
    found = told(findings(documents, params, cache))
    assert found == {
        ("clinic", "parameters", str(params / "bad.json")),
        ("clinic", "timing", "output/flat.json"),
        ("clinic", "passed-in-vain", "output/nested/root.json"),
        ("cfn-lint", "E3043", "output/nested/root.json"),
        ("cfn-lint", "E3002", "output/nested/network.json"),
        ("cfn-lint", "E3002", "output/flat.json"),
        ("cloudformation-validate", "F3002", "output/nested/network.json"),
        ("cloudformation-validate", "F3002", "output/flat.json"),
    }


def test_what_cfn_lint_is_asked_later_the_validator_judges_now_and_the_cache_still_knows(
    params: Path, cache: Cache
) -> None:
    documents = small()
    documents["flat.json"]["Resources"]["Vpc"]["Properties"]["InstanceTenancyy"] = "default"
    files = output.render(documents)
    later = frozenset({"flat.json"})

    def tools() -> set[str]:
        found = run.lint_all(documents, files, {}, cache, ["us-east-1"], later=later)
        return {finding.tool for finding in found if finding.severity == "error"}

    assert tools() == {"cloudformation-validate"}
    findings(documents, params, cache)
    assert tools() == {"cloudformation-validate", "cfn-lint"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[\n{"ParameterKey": "Prefix"\n', 3),
        ('[\n\n{"ParameterKey": "Soon", "ParameterValue": "1"}]', 3),
        ("{}", 1),
    ],
)
def test_what_is_wrong_with_a_parameter_file_is_found_at_its_line(
    params: Path, text: str, line: int
) -> None:
    (params / "bad.json").write_text(text)
    values, [trouble] = run.read(params, small()["flat.json"])
    assert (values, trouble.line) == ({}, line)


def test_every_suppression_suppresses_something(cache: Cache) -> None:
    documents = output.documents()
    values, troubles = run.read(ROOT / "params", documents["flat.json"])
    declared = documents["flat.json"]["Parameters"]
    usual = {name: str(each["Default"]) for name, each in declared.items()}
    values["all that can be said"] = usual | {"AlbWebAclArn": WEB_ACL}
    values["the other origin header"] = usual | {"OriginHeader": "second"}
    values["no file system"] = usual | {"DocumentsFileSystem": "false"}
    values["the other header"] = usual | {"OriginHeader": "second"}
    used: set[suppressions.Suppression] = set()
    found = run.lint_all(documents, output.render(documents), values, cache)
    assert [*troubles, *report.unsuppressed(found, used)] == []
    assert {
        suppression for suppression in suppressions.SUPPRESSIONS if not suppression.judge
    } == used


@pytest.mark.parametrize("carried", [True, False])
def test_plain_cfn_lint_says_what_the_templates_carry_and_nothing_else(
    carried: bool, tmp_path: Path
) -> None:
    documents = {k: v for k, v in output.documents().items() if not k.startswith("policies/")}
    for path, document in documents.items():
        for owner in () if carried else (document, *document["Resources"].values()):
            owner.get("Metadata", {}).pop("cfn-lint", None)
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(json.dumps(document))
    program = Path(sys.executable).with_name("cfn-lint")
    command = [program if program.exists() else "cfn-lint", "--format", "json", *documents]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    found = {finding["Rule"]["Id"] for finding in json.loads(ran.stdout)}
    rules = {suppression.rule for suppression in suppressions.SUPPRESSIONS if suppression.carried}
    assert found == (set() if carried else rules), ran.stdout


@given(choices)
@settings(max_examples=60, deadline=None)
def test_no_choice_of_the_operator_is_complained_about(chosen: dict[str, str]) -> None:
    possible = chosen | {"MaxInstances": "20"}
    found = validator.validate("flat.json", FLAT, possible, "us-east-1")
    assert [
        finding for finding in found if not suppressions.fitting(finding.rule, finding.place)
    ] == []


def test_both_linters_judge_the_values_of_a_parameter_file(params: Path, cache: Cache) -> None:
    """Valid for the parameter, impossible for the property that it ends in."""
    give(params, "dev", VpcCidr="10.300.0.0/16", Interval="400")
    found = findings(small(), params, cache)
    assert {finding.tool for finding in found} == {"cfn-lint", "cloudformation-validate"}
    assert {finding.file for finding in found} <= {"output/flat.json", str(params / "dev.json")}


def test_the_line_of_a_finding_in_the_root_is_that_of_the_real_root(
    params: Path, cache: Cache
) -> None:
    documents = small()
    documents["nested/root.json"]["Resources"]["BalancerStack"]["Properties"]["Timeout"] = 5
    root = output.render(documents)["nested/root.json"].decode().splitlines()
    lines = {f.line for f in findings(documents, params, cache) if f.rule.startswith("E3002")}
    assert ['"Timeout": 5' in root[line - 1] for line in lines] == [True]


def test_localizing_keeps_the_lines_and_the_document(documents: Documents) -> None:
    root = output.render(documents)["nested/root.json"]
    local = run.localize(root)
    assert local.count(b"\n") == root.count(b"\n")
    urls = [stack["Properties"]["TemplateURL"] for stack in json.loads(local)["Resources"].values()]
    assert {f"nested/{url}" for url in urls} == {
        path for path in documents if path.startswith("nested/") and path != "nested/root.json"
    }


def test_localizing_keeps_the_lines_of_an_address_that_is_broken_over_lines() -> None:
    remote = b'"TemplateURL": {\n  "Fn::Sub": "${TemplateBaseUrl}/edge.json"\n}'
    assert run.localize(remote) == b'"TemplateURL":\n  "edge.json"\n'


def test_an_unchanged_set_is_answered_from_the_cache(
    params: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = small()
    documents["flat.json"]["Resources"]["Vpc"]["Properties"]["InstanceTenancyy"] = "default"
    first = findings(documents, params, cache)
    monkeypatch.setattr(validator, "validate", lambda *_: pytest.fail("asked again"))
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("asked again"))
    assert sorted(findings(documents, params, cache)) == sorted(first) != []


def test_only_what_changed_is_linted_again(
    params: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = small()
    findings(documents, params, cache)
    documents["nested/balancer.json"]["Description"] = "Changed."
    asked: list[str] = []

    def validate(file: str, *_: Any) -> list[Finding]:
        asked.append(file)
        return []

    monkeypatch.setattr(validator, "validate", validate)
    findings(documents, params, cache)
    assert asked == ["output/nested/balancer.json"]


def test_the_root_is_linted_again_when_a_child_changes(params: Path, cache: Cache) -> None:
    documents = small()
    findings(documents, params, cache)
    network = documents["nested/network.json"]
    del network["Parameters"]
    network["Resources"]["Vpc"]["Properties"]["CidrBlock"] = "10.0.0.0/16"
    found = told(findings(documents, params, cache))
    assert ("cfn-lint", "E3043", "output/nested/root.json") in found


@pytest.mark.parametrize(
    "change",
    [
        lambda run: run._replace(regions=["sa-east-1"]),
        lambda run: run._replace(
            templates=[run.templates[0]._replace(values={"params/dev.json": {"A": "b"}})]
        ),
        lambda run: run._replace(templates=[run.templates[0]._replace(data=b"{ }")]),
    ],
)
def test_the_key_of_an_entry_knows_everything_that_matters(
    cache: Cache, change: Callable[[run.LintRun], run.LintRun]
) -> None:
    judged = run.LintRun([run.Template("flat.json", b"{}", {})], ["us-east-1"], cache)
    other = change(judged)
    keys = {r.key(tool, r.templates[0]) for r in (judged, other) for tool in (linter, validator)}
    assert len(keys) == 4


@pytest.fixture
def dying_linter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a cfn-lint in front of the real one whose import runs some code."""

    def install(code: str) -> None:
        package = tmp_path / "site" / "cfnlint"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))

    return install


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise RuntimeError('no memory for a rule')", "no memory for a rule"),
        ("import os; os.kill(os.getpid(), 9)", "exit code -9"),
        ("import sys; sys.exit(0)", "it ended without an answer"),
    ],
)
def test_a_crash_of_the_linter_is_a_finding_for_each_template_and_is_not_kept(
    params: Path,
    cache: Cache,
    dying_linter: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    words: str,
) -> None:
    dying_linter(code)
    found = findings(small(), params, cache)
    assert {(f.rule, f.severity, f.file) for f in found} == {
        ("linter-crash", "error", f"output/{path}")
        for path in small()
        if not path.startswith("policies/")
    }
    assert all(words in finding.message for finding in found)
    monkeypatch.delenv("PYTHONPATH")
    assert findings(small(), params, cache) == []


STAND_IN = {
    "__init__.py": "",
    "config.py": "class ConfigMixIn:\n def __init__(self, _, templates, **__):\n"
    "  self.templates = templates",
    "context/__init__.py": "",
    "context/parameters.py": "def ParameterSet(*_): pass",
    "runner/__init__.py": "class Runner:\n def __init__(self, _): self.rules = []",
}
"""A cfn-lint that finds nothing, but for what ``runner/template.py`` does to flat.json."""


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("raise ZeroDivisionError('by a rule')", "ZeroDivisionError: by a rule"),
        ("__import__('os')._exit(0)", "terminated abruptly"),
    ],
)
def test_a_crash_at_one_template_is_a_finding_for_that_one(
    params: Path,
    cache: Cache,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    end: str,
    words: str,
) -> None:
    lint_one = (
        "def run_template_by_file_paths(config, _):\n"
        f" if config.templates[0].endswith('flat.json'): {end}\n"
        " return []"
    )
    for file, code in {**STAND_IN, "runner/template.py": lint_one}.items():
        (tmp_path / "cfnlint" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cfnlint" / file).write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = findings(small(), params, cache)
    assert {f.rule for f in found} == {"linter-crash"}
    [of_flat] = [finding for finding in found if finding.file == "output/flat.json"]
    assert words in of_flat.message


def test_a_configuration_in_the_home_folder_does_not_decide_what_passes(
    params: Path, cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E]\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    documents = small()
    documents["flat.json"]["Resources"]["Vpc"]["Properties"]["Wrong"] = 1
    assert ("cfn-lint", "E3002", "output/flat.json") in told(findings(documents, params, cache))


def test_the_project_has_nothing_to_excuse_itself_for(clinic: Callable[..., Ended]) -> None:
    ended = clinic("lint", "--strict")
    assert ended.code == 0, ended.out


def test_a_second_run_imports_no_linter_and_says_the_same(tmp_path: Path) -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "generator", "lint", "--strict"],
            cwd=ROOT,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        for _ in range(2)
    ]
    assert sorted(runs[0].stdout.splitlines()) == sorted(runs[1].stdout.splitlines())
    imported = {line.rpartition("|")[2].strip() for line in runs[1].stderr.splitlines()}
    assert not imported & {"cfnlint", "cloudformation_validate", "boto3", "rich"}


def test_children_in_folders_within_folders_are_judged(params: Path, cache: Cache) -> None:
    """As those of others are: nested/services/product/service.json."""
    documents = small()
    documents["nested/services/product/service.json"] = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayNname": "x"}}}
    }
    found = told(findings(documents, params, cache))
    assert ("cfn-lint", "E3002", "output/nested/services/product/service.json") in found


def test_cfn_lints_none_is_the_templates_null() -> None:
    assert linter._in_json("None is not one of ['']") == "null is not one of ['']"
    assert linter._in_json("'None is' not expected") == "'None is' not expected"
