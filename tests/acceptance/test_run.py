"""A whole run at the embedded endpoint: cut at each step, failed at each step, and never silent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from generator.acceptance import begin, steps
from generator.acceptance import run as running
from generator.acceptance.begin import AcceptanceRequest, Silent
from generator.acceptance.bundle import ABOUT, CALLS, DONE, EVENTS, FAILED, STATE, UNTESTED
from generator.acceptance.calls import CallRecorder
from generator.acceptance.evidence import AcceptanceRun
from generator.acceptance.plan import QUIET
from generator.acceptance.run import remains
from generator.acceptance.steps import STEPS
from generator.application.env.check import load_checked
from generator.application.stress.timeline import StressLoad
from generator.checks.cost import components, prices
from generator.checks.cost.usage import Usage
from generator.cloud import deploy as deploying
from generator.cloud.stacks import find
from generator.errors import ClinicError
from generator.model import view
from generator.model.variant import with_values as with_params
from tests.application.stress.site import serving
from tests.conftest import ROOT, Ended

from .conftest import Account

NOW = datetime.now(UTC)
PLANTED = {
    "JWT_SECRET": "planted-secret-Zq8/w+R4t7=pLx",
    "GEMINI_API_KEY": "planted-key-77ab01",
    "AWS_S3_CDN": "https://documents.planted-clinic.example",
}
EMAIL = "planted.person@planted-clinic.example"
Step = Callable[[AcceptanceRun], None]


def patched(monkeypatch: pytest.MonkeyPatch, name: str, function: Step) -> None:
    monkeypatch.setitem(STEPS, name, (STEPS[name][0], function))


def status(account: Account) -> str:
    stack = find(account.aws(), "clinic-dev")
    return stack.status if stack else "absent"


def words(folder: Path) -> str:
    return "\n".join(file.read_text() for file in folder.rglob("*") if file.is_file())


def test_a_whole_run_ends_without_a_stack_and_with_all_its_evidence(
    account: Account, tmp_path: Path
) -> None:
    file = tmp_path / "planted.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in PLANTED.items()))
    file.chmod(0o600)
    params = tmp_path / "params"
    params.mkdir()
    values = json.loads((ROOT / "params/dev.json").read_text())
    values.append({"ParameterKey": "AlarmEmail", "ParameterValue": EMAIL})
    (params / "dev.json").write_text(json.dumps(values))
    run = account.run(params=params, env_file=load_checked(file, params, "dev"))
    account.accept(run)
    assert status(account) == "absent"
    assert [run.state.of(name) for name in STEPS] == [
        UNTESTED if name == "load" else DONE for name in STEPS
    ]
    steps_ = {path.stem[2:]: path.read_text() for path in (account.folder / "steps").iterdir()}
    assert {*steps_} == {*STEPS}
    assert '"kind": "push"' in steps_["deploy"]
    assert '"kind": "promise"' in steps_["smoke"]
    assert '"changed": []' in steps_["push"]
    assert '"kind": "sent"' in steps_["publish"]
    assert '"kind": "refresh"' in steps_["release"]
    assert '"kind": "rotated"' in steps_["rotate"]
    assert '"kind": "untested"' in steps_["load"]
    assert '"kind": "doctor"' in steps_["doctor"]
    assert '"kind": "left"' in steps_["destroy"]
    events = run.bundle.lines(EVENTS)
    assert (events[-1]["path"], events[-1]["status"]) == ("", "DELETE_COMPLETE")
    assert {e["status"] for e in events if e["path"] == "DatabaseStack/Database"} >= {
        "CREATE_COMPLETE",
        "DELETE_COMPLETE",
    }
    about = run.bundle.read(ABOUT)
    assert about["templates"]["digest"] == run.env.digest
    assert "boto3" in about["versions"]
    assert "cloudformation.DeleteStack" in run.bundle.read(CALLS)
    text = words(account.folder)
    hosts = ["cloudfront.net", "elb.amazonaws.com", "rds.amazonaws.com", "planted-clinic"]
    account_id = account.environment["AWS_ACCESS_KEY_ID"]
    for gone in [*PLANTED.values(), EMAIL, "planted.person", account_id, *hosts]:
        assert gone not in text.replace("com.amazonaws", ""), gone
    assert account.environment["AWS_SECRET_ACCESS_KEY"] not in text


def test_a_run_that_is_cut_before_and_after_each_step_goes_on_to_its_end(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made, run = {name: list[str]() for name in STEPS}, account.run()

    def cut(name: str, function: Step) -> Step:
        def before_and_after(given: AcceptanceRun) -> None:
            made[name].append("")
            if len(made[name]) == 1:
                raise KeyboardInterrupt
            function(given)
            if len(made[name]) == 2:
                raise KeyboardInterrupt

        return before_and_after

    for name, (_, function) in STEPS.items():
        patched(monkeypatch, name, cut(name, function))
    cuts = 0
    while True:
        try:
            account.accept(run)
            break
        except KeyboardInterrupt:
            cuts += 1
            said = capsys.readouterr().err
            assert "costs by the hour" in said or "clinic destroy dev" in said
            run = account.resumed()
    # What cannot be tested ends by that the second time, and so is never cut after.
    assert cuts == 2 * len(STEPS) - 1
    assert {len(times) for name, times in made.items() if name != "load"} == {3}
    assert status(account) == "absent"
    assert run.bundle.lines(EVENTS)[-1]["status"] == "DELETE_COMPLETE"
    with pytest.raises(ClinicError, match="is over"):
        account.run(resume=True)


def test_a_creation_that_is_left_alone_is_found_again(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = list[str]()

    def interrupted(run: AcceptanceRun, event: Any) -> None:
        known.append(json.loads((account.folder / STATE).read_text())["stack"])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(steps, "_push_early", interrupted)
        with pytest.raises(ClinicError, match="goes on in AWS") as ended:
            account.accept(account.run())
    assert ended.value.exit_code == 130
    assert "clinic destroy dev --region us-east-1" in str(ended.value)
    assert len(known[0]) == 64
    account.accept(account.run(resume=True))
    assert status(account) == "absent"


def test_a_step_that_fails_leaves_evidence_says_what_remains_and_is_tried_again(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, run = list[str](), account.run()
    account.agreed = False

    def failing(name: str, function: Step) -> Step:
        def first(given: AcceptanceRun) -> None:
            if name not in failed:
                failed.append(name)
                raise ClinicError(f"{name} is broken by the test.", exit_code=1)
            if name in ("deploy", "destroy"):
                function(given)

        return first

    for name, (_, function) in STEPS.items():
        patched(monkeypatch, name, failing(name, function))
    for name in STEPS:
        with pytest.raises(ClinicError, match=f"{name} is broken by the test") as ended:
            account.accept(run)
        assert ended.value.exit_code == 1
        assert failed[-1] == name
        assert run.state.of(name) == FAILED
        if name == "deploy":
            assert "clinic-dev is not in us-east-1" in str(ended.value)
        else:
            assert "USD an hour" in str(ended.value)
            assert "`clinic destroy dev --region us-east-1` removes it" in str(ended.value)
            assert f"--resume --bundle {account.folder}" in str(ended.value)
            assert status(account) in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
            assert run.bundle.lines(EVENTS)
        run = account.resumed()
    account.accept(run)
    assert status(account) == "absent"
    assert failed == [*STEPS]


def test_a_failed_run_is_destroyed_when_that_is_agreed_to_and_ends_with_1(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(run: AcceptanceRun) -> None:
        raise ClinicError("broken by the test.", exit_code=3)

    patched(monkeypatch, "smoke", broken)
    run = account.run()
    with pytest.raises(ClinicError, match="smoke failed: broken by the test") as ended:
        account.accept(run)
    assert ended.value.exit_code == 1
    assert account.asked[-1].startswith("Delete clinic-dev now?")
    assert status(account) == "absent"
    assert run.state.of("push") == ""
    assert run.state.of("destroy") == DONE
    assert '"kind": "failed"' in (account.folder / "steps/2-smoke.jsonl").read_text()
    assert '"kind": "doctor"' in (account.folder / "steps/2-smoke.jsonl").read_text()


def test_a_failed_run_that_is_cut_in_its_deletion_goes_on_with_that(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(run: AcceptanceRun) -> None:
        raise ClinicError("broken by the test.", exit_code=1)

    def interrupted(run: AcceptanceRun) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patched(patch, "smoke", broken)
        patched(patch, "destroy", interrupted)
        with pytest.raises(KeyboardInterrupt):
            account.accept(account.run())
    run = account.run(resume=True)
    with pytest.raises(ClinicError, match="smoke failed"):
        account.accept(run)
    assert status(account) == "absent"
    assert run.state.of("push") == ""


def test_a_creation_that_fails_is_diagnosed_as_deploy_does(account: Account) -> None:
    values = {"DatabaseSnapshot": "clinic-no-such-snapshot"}
    run = with_values(account, values)
    with pytest.raises(ClinicError, match="First cause: DatabaseStack/Database"):
        account.accept(run)
    text = (account.folder / "steps/1-deploy.jsonl").read_text()
    assert '"kind": "diagnosis"' in text
    assert status(account) == "absent"


def with_values(account: Account, values: dict[str, str]) -> AcceptanceRun:
    folder = account.folder.parent / "params"
    folder.mkdir()
    held = json.loads((ROOT / "params/dev.json").read_text())
    held += [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
    (folder / "dev.json").write_text(json.dumps(held))
    account.answer = "clinic-dev"
    return account.run(params=folder)


def test_where_nobody_can_be_asked_the_stack_stays_and_that_is_said(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(run: AcceptanceRun) -> None:
        raise ClinicError("broken by the test.", exit_code=1)

    def nobody(question: str) -> bool:
        raise ClinicError("nobody can be asked here.")

    patched(monkeypatch, "smoke", broken)
    run = account.run()
    with pytest.raises(ClinicError, match="clinic-dev remains in CREATE_COMPLETE"):
        running.accept(run, nobody, account.recorder)
    assert "remains in CREATE_COMPLETE with" in remains(run)


def test_the_load_is_put_on_instances_and_judged(account: Account) -> None:
    seconds, sent = [0.0], list[str]()
    with serving() as site:
        run = account.run(
            url=site.url,
            load=StressLoad(timeout=60),
            clock={"now": lambda: seconds[0], "pause": None},
        )

        def pause(_: float) -> None:
            seconds[0] += 30
            if len(sent) == 2:
                api = run.aws.client("autoscaling")
                [found] = api.describe_auto_scaling_groups()["AutoScalingGroups"]
                name = found["AutoScalingGroupName"]
                api.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)

        def played(model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
            ok = type("Answer", (), {"status_code": 200})()
            if model.name == "SendCommand":
                sent.append("")
                return ok, {"Command": {"CommandId": f"{len(sent):036}", "RequestedDateTime": NOW}}
            over = len(sent) == 1 or seconds[0] > 60
            return ok, {"Status": "Success" if over else "InProgress"}

        run.clock["pause"] = pause
        events: Any = run.aws.session.events  # its stubs know no handler that answers
        events.register("before-call.ssm", played)
        account.accept(run)
    assert run.state.of("load") == DONE
    figures = [line for line in run.bundle.lines("steps/7-load.jsonl") if line["kind"] == "figure"]
    assert figures[0]["seconds"] is not None
    assert figures[0]["requests"] > 0
    assert "/api" in site.paths


def test_an_environment_that_is_there_is_refused(account: Account) -> None:
    run = account.run()
    STEPS["deploy"][1](run)
    account.folder = account.folder.with_name("another")
    with pytest.raises(ClinicError, match="clinic-dev exists already in us-east-1") as refused:
        account.run()
    assert refused.value.exit_code == 2
    assert not account.asked[1:]
    assert not account.folder.exists()


def test_a_stack_that_somebody_made_anew_is_left_alone(account: Account) -> None:
    run = account.run()
    STEPS["deploy"][1](run)
    run.state.set(stack="0" * 64)
    with pytest.raises(ClinicError, match="another stack than the one that this run made"):
        account.run(resume=True)
    assert status(account) == "CREATE_COMPLETE"


def test_prod_and_a_snapshot_want_the_name_typed_whatever_yes_says(account: Account) -> None:
    values = {"DeletionProtection": "true"}
    with_values(account, values)
    assert "Type clinic-dev to run it all the same" in account.asked
    account.folder, account.answer = account.folder.with_name("another"), "yes"
    with pytest.raises(ClinicError, match="that was not clinic-dev: nothing was begun"):
        account.run(params=account.folder.parent / "params")
    assert not account.folder.exists()


def test_what_it_does_takes_costs_and_keeps_is_said_before_the_question(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.answer = "no"
    said = list[str]()

    def ask(question: str) -> str:
        said.append("asked")
        return "no"

    order = AcceptanceRequest("dev", ROOT / "params", account.folder)
    run = begin.prepare(order, account.aws(), CallRecorder(), Silent())
    monkeypatch.setattr(run.report, "say", said.append)
    with pytest.raises(ClinicError, match="that was not yes"):
        begin.begin(run, order, ask, yes=False)
    assert said[-1] == "asked"
    text = "\n".join(said)
    planned = run.plan
    assert f"About {sum(planned.seconds.values()) / 60:.0f} minutes" in text
    assert f"{planned.usd} USD for {planned.hours} h" in text
    assert "Database (a last snapshot)" in text
    assert "For this run PasswordRotationDays is 30." in text
    assert "Nobody has run this on AWS yet" in text
    assert not account.folder.exists()


@pytest.mark.parametrize("hours", [1, 2])
def test_the_cost_is_that_of_the_cost_command_for_so_many_hours(
    account: Account, hours: int
) -> None:
    load = StressLoad(timeout=600 if hours == 1 else 3000)
    planned = begin.prepare(
        AcceptanceRequest("dev", ROOT / "params", account.folder, load=load),
        account.aws(),
        CallRecorder(),
        Silent(),
    ).plan
    seen = with_params(view.load("dev", ROOT / "params"), PasswordRotationDays="30")
    usage = Usage(hours=Decimal(hours), **QUIET)
    assert planned.hours == hours
    assert planned.usd == components.bill(seen, prices.listed("us-east-1"), usage).total


def test_a_folder_with_something_in_it_is_not_written_to(account: Account) -> None:
    account.folder.mkdir()
    (account.folder / "thesis.txt").write_text("mine")
    with pytest.raises(ClinicError, match="holds something already"):
        account.run()
    assert [file.name for file in account.folder.rglob("*.*")] == ["thesis.txt"]


def test_a_run_of_another_environment_is_not_resumed(account: Account) -> None:
    account.run()
    with pytest.raises(ClinicError, match="is of the env dev, not seed"):
        account.run(resume=True, env="seed")


def test_an_image_that_this_run_would_have_to_push_is_refused(account: Account) -> None:
    with pytest.raises(ClinicError, match="give --image"):
        account.run(env="prod")


def test_the_command_rehearses_and_says_it_in_objects(
    clinic: Callable[..., Ended], tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    ended = clinic("accept", "dev", "--rehearse", "--yes", "--json", "--bundle", folder)
    assert ended.code == 0, ended.err
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["name"] for line in lines if line["kind"] == "step"] == [*STEPS]
    assert lines[0]["kind"] == "plan"
    assert lines[0]["usd"] > 0
    assert [line["kind"] for line in lines[-2:]] == ["accepted", "done"]
    assert lines[-1]["exit_code"] == 0
    again = clinic("accept", "dev", "--rehearse", "--yes", "--bundle", folder)
    assert (again.code, "holds something already" in again.err) == (2, True)


def test_where_nobody_is_asked_nothing_begins(
    clinic: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    ended = clinic("accept", "dev", "--rehearse", "--bundle", tmp_path / "bundle")
    assert ended.code == 2
    assert "nobody can be asked here: nothing was changed" in ended.err
    assert not (tmp_path / "bundle").exists()


def test_one_that_somebody_makes_before_the_answer_is_refused_too(account: Account) -> None:
    order = AcceptanceRequest("dev", ROOT / "params", account.folder)
    run = replace(begin.prepare(order, account.aws(), CallRecorder(), Silent()), pace=0.02)

    def slow(question: str) -> str:
        deploying.deploy(account.aws(), run.env, run.options())
        return "yes"

    with pytest.raises(ClinicError, match="clinic-dev exists already"):
        begin.begin(run, order, slow, yes=False)
    assert not account.folder.exists()
