"""What a change would do to deployed stacks, told before it is merged."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.checks.changes.forecast.conftest import DATABASE, Project, held
from tests.conftest import ROOT, Ended

Here = Callable[..., Ended]


def told(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.out.splitlines()]


def changes(ended: Ended, env: str = "dev") -> dict[str, dict[str, Any]]:
    return {
        entry["path"]: entry
        for entry in told(ended)
        if entry["kind"] == "change" and entry["env"] == env
    }


def test_a_change_of_nothing_passes_and_says_so(here: Here) -> None:
    ended = here("forecast")
    assert (ended.code, ended.err) == (0, "")
    assert "Compared with main (" in ended.out
    assert "== dev: nothing changes" in ended.out
    assert "== prod: nothing changes" in ended.out


def test_every_resource_is_created_updated_replaced_or_deleted(
    here: Here, project: Project
) -> None:
    documents = held()
    network, balancer = documents["nested/network.json"], documents["nested/balancer.json"]
    network["Resources"]["Gateway"] = {"Type": "AWS::EC2::InternetGateway"}
    network["Resources"]["Vpc"]["Properties"]["EnableDnsSupport"] = True
    balancer["Resources"]["Targets"]["Properties"]["Port"] = 81
    documents["nested/data.json"]["Resources"]["Db"]["Properties"]["AllocatedStorage"] = "30"
    project.write(documents)
    ended = here("forecast", "--json", "--env", "dev")
    assert ended.code == 0
    found = changes(ended)
    assert {path: change["action"] for path, change in found.items()} == {
        "NetworkStack/Gateway": "created",
        "NetworkStack/Vpc": "updated in place",
        "BalancerStack/Targets": "replaced",
        "DataStack/Db": "updated in place",
    }
    assert found["BalancerStack/Targets"]["causes"] == ["Port"]
    [detail] = found["BalancerStack/Targets"]["details"]
    assert (detail["before"], detail["after"], detail["recreates"]) == ("80", "81", "yes")


@pytest.mark.parametrize(
    ("policy", "kept", "words", "step"),
    [
        ("Delete", "lost", "the database: lost", "delete"),
        ("Snapshot", "snapshot", "a snapshot is kept", "take a snapshot, then delete"),
        ("Retain", "kept", "kept in the account", "leave in the account"),
    ],
)
@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_the_data_policies_say_what_becomes_of_the_data(
    here: Here, project: Project, policy: str, kept: str, words: str, step: str, how: str
) -> None:
    documents = held()
    data = documents["nested/data.json"]["Resources"]
    data["Db"] |= {"DeletionPolicy": policy, "UpdateReplacePolicy": policy}
    project.write(documents)
    project.commit()
    if how == "deleted":
        del data["Db"]
    else:
        data["Db"]["Properties"]["MasterUsername"] = "other"
    project.write(documents)
    ended = here("forecast", "HEAD", "--env", "dev")
    assert ended.code == 1
    assert f"dev: DataStack/Db would be {how}" in ended.err
    assert words in ended.err
    assert ended.err.endswith("If it is meant: --allow-data-loss Db\n")
    as_json = here("forecast", "HEAD", "--env", "dev", "--json")
    change = changes(as_json)["DataStack/Db"]
    assert (change["action"], change["data"], change["policy"]) == (how, kept, policy)
    assert step in change["steps"][-1]["what"]
    assert change["steps"][-1]["phase"] == "clean-up"
    assert told(as_json)[-3]["loses"] == ["Db"]


def test_a_deletion_and_a_replacement_have_a_policy_each(here: Here, project: Project) -> None:
    documents = held()
    data = documents["nested/data.json"]["Resources"]
    for name in ("Db", "Log"):
        data[name] |= {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Delete"}
    project.write(documents)
    project.commit()
    data["Db"]["Properties"]["MasterUsername"] = "other"
    del data["Log"]
    project.write(documents)
    found = changes(here("forecast", "HEAD", "--env", "dev", "--json"))
    assert found["DataStack/Db"]["data"] == "lost"
    assert found["DataStack/Log"]["data"] == "kept"


def test_the_cause_of_a_replacement_is_named_with_its_values(here: Here, project: Project) -> None:
    documents = held()
    documents["nested/data.json"]["Resources"]["Db"]["Properties"]["MasterUsername"] = "other"
    project.write(documents)
    ended = here("forecast", "--env", "dev")
    assert "MasterUsername: owner -> other (replaces)" in ended.out
    assert "MasterUsername owner -> other" in ended.err


def test_a_loss_that_is_allowed_by_name_passes(here: Here, project: Project) -> None:
    documents = held()
    for name in ("Db", "Log"):
        del documents["nested/data.json"]["Resources"][name]
    project.write(documents)
    one = here("forecast", "--allow-data-loss", "Db")
    assert one.code == 1
    assert "DataStack/Log" in one.err
    assert "DataStack/Db" not in one.err
    assert here("forecast", "--allow-data-loss", "Db", "--allow-data-loss", "Log").code == 0


def test_what_holds_no_data_may_go(here: Here, project: Project) -> None:
    documents = held()
    documents["nested/balancer.json"]["Resources"] = {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    }
    project.write(documents)
    ended = here("forecast", "--json")
    assert ended.code == 0
    gone = changes(ended)["BalancerStack/Targets"]
    assert (gone["action"], gone["policy"], gone["data"]) == ("deleted", "Delete", "")


def test_a_resource_that_moves_to_another_layer_leaves_its_data_behind(
    here: Here, project: Project
) -> None:
    documents = held()
    log = documents["nested/data.json"]["Resources"].pop("Log")
    documents["nested/network.json"]["Resources"]["Log"] = log
    project.write(documents)
    ended = here("forecast", "--json", "--env", "dev")
    assert ended.code == 1
    found = changes(ended)
    assert found["NetworkStack/Log"]["action"] == "created"
    assert (found["DataStack/Log"]["action"], found["DataStack/Log"]["data"]) == ("deleted", "lost")


def test_a_nested_stack_that_is_retained_keeps_what_is_in_it(here: Here, project: Project) -> None:
    documents = held()
    root = documents["nested/root.json"]["Resources"]
    root["DataStack"]["DeletionPolicy"] = "Retain"
    project.write(documents)
    project.commit()
    del root["DataStack"]
    project.write(documents)
    ended = here("forecast", "HEAD", "--json", "--env", "dev")
    assert changes(ended)["DataStack/Log"]["data"] == "kept"


def test_a_parameter_file_alone_can_replace_everything(here: Here, project: Project) -> None:
    project.write({}, prod={"VpcCidr": "10.2.0.0/16"})
    ended = here("forecast", "--json")
    assert changes(ended, "dev") == {}
    found = changes(ended, "prod")
    assert found["NetworkStack/Vpc"]["causes"] == ["CidrBlock"]
    assert found["BalancerStack/Targets"]["causes"] == ["VpcId"]


def test_each_side_has_its_own_parameters(here: Here, project: Project) -> None:
    """A new default reaches only the environments that leave it."""
    documents = held()
    for path in ("nested/root.json", "nested/network.json"):
        documents[path]["Parameters"]["VpcCidr"] = {"Type": "String", "Default": "10.9.0.0/16"}
    project.write(documents)
    ended = here("forecast", "--json")
    assert changes(ended, "dev")["NetworkStack/Vpc"]["action"] == "replaced"
    assert changes(ended, "prod") == {}


def test_a_new_environment_is_created_whole(here: Here, project: Project) -> None:
    project.write({}, test={})
    ended = here("forecast", "--env", "test")
    assert ended.code == 0
    assert "== test: 5 created" in ended.out
    assert "params/test.json is new: there is no stack of it yet." in ended.out


def test_an_environment_that_is_gone_is_not_forgotten(here: Here, project: Project) -> None:
    (project.folder / "params" / "prod.json").unlink()
    ended = here("forecast")
    assert ended.code == 0
    assert "params/prod.json is gone: its stack stays until `clinic destroy`" in ended.out
    assert "prod" not in here("forecast", "--env", "dev").out


def test_parameters_outside_the_repository_count_for_both_sides(
    here: Here, project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mine = tmp_path_factory.mktemp("mine") / "mine.json"
    mine.write_text('[{"ParameterKey": "VpcCidr", "ParameterValue": "10.3.0.0/16"}]')
    ended = here("forecast", "--env", mine)
    assert "== mine: nothing changes" in ended.out
    assert "is outside the repository" in ended.out


def test_a_policy_that_is_weakened_is_noted(here: Here, project: Project) -> None:
    documents = held()
    documents["nested/data.json"]["Resources"]["Db"]["DeletionPolicy"] = "Delete"
    project.write(documents)
    ended = here("forecast", "--env", "dev")
    assert ended.code == 0
    assert "DataStack/Db: DeletionPolicy changes from Snapshot to Delete" in ended.out
    assert "loses the database" in ended.out


def test_another_type_under_the_same_id_is_noted(here: Here, project: Project) -> None:
    documents = held()
    documents["nested/data.json"]["Resources"]["Log"] = {"Type": "AWS::SNS::Topic"}
    project.write(documents)
    ended = here("forecast", "--env", "dev")
    assert "CloudFormation refuses another type under the same logical id" in ended.out


@pytest.mark.parametrize("form", ["flat.json", "flat.yaml"])
def test_a_flat_template_is_compared_with_the_flat_form(
    here: Here, project: Project, form: str
) -> None:
    flat = held()["flat.json"]
    del flat["Resources"]["Db"]
    project.file(form, json.dumps(flat).replace('{"Parameters"', '---\n{"Parameters"', "y" in form))
    ended = here("forecast", "--templates", form, "--env", "dev", "--json")
    assert ended.code == 1
    assert list(changes(ended)) == ["Db"]


def test_another_folder_is_compared_with_output(here: Here, project: Project) -> None:
    shutil.copytree(project.folder / "output", project.folder / "review")
    project.file("review/nested/data.json", json.dumps({"Resources": {"Db": DATABASE}}))
    ended = here("forecast", "--templates", "review", "--env", "dev", "--json")
    assert set(changes(ended)) == {"DataStack/Papers", "DataStack/Log"}


def test_a_project_below_the_top_of_the_repository_is_compared_with_itself(
    here: Here, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("output", "params"):
        shutil.copytree(project.folder / name, project.folder / "below" / name)
    project.commit()
    monkeypatch.chdir(project.folder / "below")
    project.file("below/params/dev.json", '[{"ParameterKey": "Interval", "ParameterValue": "9"}]')
    ended = here("forecast", "--json", "--env", "dev")
    assert list(changes(ended)) == ["BalancerStack/Targets"]


@pytest.mark.parametrize(
    ("break_it", "arguments", "says"),
    [
        (lambda p: None, ["nowhere"], 'no git revision "nowhere" here'),
        (lambda p: None, ["--", "--output=x"], 'no git revision "--output=x" here'),
        (lambda p: shutil.rmtree(p.folder / "output"), [], "no output/ here: run clinic generate"),
        (lambda p: shutil.rmtree(p.folder / ".git"), [], "not a git repository"),
        (lambda p: None, ["--env", "nowhere"], 'no environment "nowhere"'),
        (lambda p: p.file("params/dev.json", "["), [], "params/dev.json is not valid JSON"),
        (lambda p: p.file("output/nested/data.json", "{"), [], "is not valid JSON"),
        (lambda p: p.file("output/nested/data.json", "{}"), [], "has no Resources"),
        (lambda p: (p.folder / "output/nested/data.json").unlink(), [], "data is asked for"),
    ],
)
def test_bad_input_is_one_sentence(
    here: Here,
    project: Project,
    break_it: Callable[[Project], object],
    arguments: list[str],
    says: str,
) -> None:
    break_it(project)
    ended = here("forecast", *arguments)
    assert ended.code == 2
    assert says in ended.err
    assert ended.err.startswith("clinic: ")
    assert len(ended.err.splitlines()) == 1
    assert ended.out == ""


def test_a_revision_without_output_is_one_sentence(here: Here, project: Project) -> None:
    first = project.commit()
    shutil.rmtree(project.folder / "output")
    project.commit()
    project.git("checkout", "-q", first, "--", "output")
    ended = here("forecast", "HEAD")
    assert ended.code == 2
    assert "has no output/nested/root.json, so there is nothing to compare" in ended.err


def test_a_template_that_makes_no_sense_in_the_revision_is_one_sentence(
    here: Here, project: Project
) -> None:
    good = (project.folder / "output/nested/data.json").read_text()
    project.file(
        "output/nested/data.json", '{"Resources": {"A": {"Type": "x", "Condition": "No"}}}'
    )
    project.commit()
    project.file("output/nested/data.json", good)
    ended = here("forecast", "--env", "dev")
    assert ended.code == 2
    assert "dev in main (" in ended.err
    assert "cannot be resolved: Conditions" in ended.err


def test_without_git_it_says_what_is_missing(
    here: Here, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    ended = here("forecast")
    assert (ended.code, ended.out) == (2, "")
    assert "git is not installed" in ended.err


def test_resources_that_wait_for_each_other_are_refused(here: Here, project: Project) -> None:
    documents = held()
    data = documents["nested/data.json"]["Resources"]
    data["Papers"]["DependsOn"], data["Log"]["DependsOn"] = "Log", ["Papers"]
    project.write(documents)
    ended = here("forecast", "--env", "dev")
    assert ended.code == 2
    assert "wait for each other" in ended.err
    assert "DataStack/Log" in ended.err


def rows(markdown: str) -> list[list[str]]:
    cells = [line[2:-2].split(" | ") for line in markdown.splitlines() if line.startswith("| ")]
    return [row for row in cells if row[0] not in ("step", "---")]


def test_in_a_job_its_summary_gets_the_same(
    here: Here, project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("What another step said.\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    documents = held()
    documents["nested/data.json"]["Resources"]["Db"]["Properties"]["MasterUsername"] = "a|b<c>"
    project.write(documents)
    assert here("forecast").code == 1
    text = summary.read_text()
    assert text.startswith("What another step said.\n## What this change does")
    assert "### dev: 1 replaced" in text
    assert "> [!CAUTION]\n> - DataStack/Db would be replaced" in text
    assert all(len(row) == 5 for row in rows(text))
    [first, last] = rows(text)[:2]
    assert first[3] == r"MasterUsername: owner -\> a\|b\<c\> (replaces)"
    assert last[1].startswith("replace: take a snapshot, then delete")


def test_a_summary_that_cannot_be_written_is_one_sentence(
    here: Here, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/null/summary.md")
    ended = here("forecast")
    assert ended.code == 2
    assert "cannot be written (not a directory): correct GITHUB_STEP_SUMMARY" in ended.err


def test_a_key_of_ones_own_costs_the_real_database_and_the_forecast_says_so(
    here: Here, project: Project
) -> None:
    for name in ("output", "params"):
        shutil.rmtree(project.folder / name)
        shutil.copytree(ROOT / name, project.folder / name)
    prod = project.folder / "params" / "prod.json"
    given = prod.read_text()
    for name in ("DeletionProtection", "BackupPlan"):  # else refused: see checks/refusals.py
        given = given.replace(
            f'"{name}", "ParameterValue": "true"', f'"{name}", "ParameterValue": "false"'
        )
    prod.write_text(given)
    project.commit()
    assert '"CustomerKey", "ParameterValue": "true"' in given
    prod.write_text(
        given.replace(
            '"CustomerKey", "ParameterValue": "true"', '"CustomerKey", "ParameterValue": "false"'
        )
    )
    ended = here("forecast", "--json")
    assert ended.code == 1
    database = changes(ended, "prod")["DatabaseStack/Database"]
    assert (database["action"], database["data"]) == ("replaced", "snapshot")
    assert "KmsKeyId" in database["causes"]
    assert changes(ended, "dev") == {}


def test_what_is_no_template_in_a_folder_of_a_child_is_passed_over(
    here: Here, project: Project
) -> None:
    """Sets of others keep sources beside their templates, and write some of these in YAML."""
    documents = held()
    url = documents["nested/root.json"]["Resources"]["DataStack"]["Properties"]
    url["TemplateURL"] = "https://example.com/services/data/service.yaml"
    data = documents.pop("nested/data.json")
    project.git("rm", "-q", "--cached", "output/nested/data.json")
    (project.folder / "output/nested/data.json").unlink()
    project.write(documents)
    project.file("output/nested/services/data/service.yaml", json.dumps(data))
    project.file("output/nested/services/data/src/Dockerfile", "FROM node\nRUN npm ci\n")
    project.file("output/nested/services/data/src/values.yaml", "image: node\n")
    project.commit()
    ended = here("forecast", "HEAD", "--env", "dev")
    assert (ended.code, ended.err) == (0, "")
    assert "== dev: nothing changes" in ended.out
