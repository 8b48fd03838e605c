"""The commands against the whole architecture at the endpoint, as a person calls them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.application.release.save import save
from generator.application.smoke.promises import PROMISES
from generator.application.smoke.site import of_stack
from generator.cloud.aws import Aws, connect
from generator.cloud.environment import load
from generator.local import Endpoint
from generator.parameters import files as parameters
from tests.cloud import small
from tests.cloud.conftest import new_account
from tests.cloud.test_environment import PARAMS
from tests.conftest import Ended

from .stage import NEXT

Clinic = Callable[..., Ended]


@pytest.fixture
def aws(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """A connection to the account that the commands use."""
    place = {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}
    for name, value in place.items():
        monkeypatch.setenv(name, value)
    return connect(variables=place)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of the parameter files."""
    folder = tmp_path / "params"
    folder.mkdir()
    for path in PARAMS.glob("*.json"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_a_release_of_the_whole_architecture(
    aws: Aws, clinic: Clinic, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small.deploy(aws, load("dev", PARAMS, flat=True))
    capsys.readouterr()
    chosen = ("release", "dev", "--params", files, "--image", NEXT)
    done = clinic(*chosen, "--json", "--save")
    assert done.code == 0, done.err
    told = [json.loads(line) for line in done.out.splitlines()]
    kinds = {line["kind"] for line in told}
    assert {"refresh", "instance", "event", "done"} <= kinds
    assert told[-1]["BackendImage"] == NEXT
    values = small.parameters(aws, "clinic-dev")
    assert (values["BackendImage"], values["RollingUpdate"]) == (NEXT, "false")
    assert parameters.load(files / "dev.json")["BackendImage"] == NEXT
    again = clinic(*chosen)
    assert again.code == 0
    assert "nothing to do" in again.out
    assert "says otherwise" not in again.out


def test_a_site_is_known_from_its_stack(aws: Aws) -> None:
    env = load("prod", PARAMS)
    small.deploy(aws, env)
    site = of_stack(aws, "prod", env.stack)
    assert site.way.host.endswith(".cloudfront.net")
    assert (site.plain and site.plain.port, site.exposure, site.health) == (80, "private", "/api")
    assert set(site.buckets) == {"frontend", "configuration", "documents"}
    assert set(site.shut) == {3000, 5432}
    assert site.shut[5432][0][0].endswith(".rds.amazonaws.com")
    assert site.shut[3000][0][0] == (site.balancer or ("", 0))[0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("dev",), "one of --image, --revision and --build"),
        (("dev", "--image", "a", "--revision", "b"), "one of --image"),
        (("dev", "--image", "NOT AN IMAGE"), "is no image"),
        (("dev", "--revision", "../main"), "is no branch or tag"),
        (("dev", "--revision", "main", "--migrate", "x"), "--migrate needs an image"),
        (("dev", "--image", "a", "--migrate", " "), "--migrate is empty"),
        (("dev", "--image", "a"), "no stack clinic-dev"),
        (("dev", "--build", "/nowhere"), "/nowhere is no folder"),
        (("nowhere", "--image", "a"), "no environment"),
    ],
)
def test_bad_input_is_one_sentence(
    aws: Aws, clinic: Clinic, arguments: tuple[str, ...], says: str
) -> None:
    told = clinic("release", *arguments)
    assert told.code == 2
    assert says in told.err
    assert told.err.startswith("clinic: ")
    assert len(told.err.splitlines()) == 1


def test_the_environment_is_looked_at_before_aws(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    told = clinic("release", "prdo", "--image", "a")
    assert (told.code, told.err) == (
        2,
        'clinic: there is no environment "prdo" in params: did you mean prod?\n',
    )


def test_it_explains_itself(clinic: Clinic) -> None:
    told = clinic("release", "--help")
    assert told.code == 0
    assert "clinic release prod --image" in told.out


def test_saving_keeps_the_file_and_adds_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    path.write_bytes((PARAMS / "dev.json").read_bytes())
    before = parameters.load(path)
    save(path, {"BackendImage": NEXT, "Release": "r2"})
    assert parameters.load(path) == {**before, "BackendImage": NEXT, "Release": "r2"}
    lines = path.read_text().splitlines()
    assert lines[1] == (PARAMS / "dev.json").read_text().splitlines()[1]
    assert [p.name for p in tmp_path.iterdir()] == ["dev.json"]


def test_the_endpoint_plays_what_cdn_and_bucket_keep_alone(
    aws: Aws, clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    env = load("dev", PARAMS, flat=True)
    small.deploy(aws, env)
    capsys.readouterr()
    empty = clinic("smoke", "dev")
    bucket = of_stack(aws, "dev", env.stack).buckets["frontend"].split("/")[-2]
    page = b"<!doctype html><html></html>"
    aws.client("s3").put_object(Bucket=bucket, Key="index.html", Body=page, ContentType="text/html")
    full = clinic("smoke", "dev", "--json")
    told = {line["name"]: line for line in map(json.loads, full.out.splitlines()[:-1])}
    assert told["api"]["status"] == told["tls"]["status"] == "not tested"
    if shutil.which("node"):
        assert empty.code == 1
        assert "the bucket has no index.html" in empty.out
        alone = {promise.name for promise in PROMISES if promise.alone}
        assert {told[name]["status"] for name in alone} == {"ok"}, told
    assert full.code == 0


def test_without_docker_nothing_is_asked_of_aws(
    clinic: Clinic, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    told = clinic("release", "dev", "--build", files)
    assert told.code == 2
    assert "there is no docker here" in told.err
    assert len(told.err.splitlines()) == 1
