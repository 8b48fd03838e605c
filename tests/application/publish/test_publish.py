"""A build reaches its bucket: only what has changed, in an order that nobody notices."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from generator.application.publish import bucket, cdn, send
from generator.application.publish.bucket import HISTORY, Bucket
from generator.application.publish.publish import Wishes, publish
from generator.cloud.aws import Aws, connect, explained
from generator.errors import ClinicError
from generator.report import Report
from tests.cloud.faults import Fault, impatient

from .matrix import PATIENCE
from .proxy import Proxy, running
from .sites import STACK, Frontend, build, write

IMMUTABLE = "public, max-age=31536000, immutable"
SCRIPT = "text/javascript; charset=utf-8"
A, B = "assets/index-BkA3xQ9z.js", "assets/index-BkB3xQ9z.js"


@pytest.fixture
def proxy(given: dict[str, str]) -> Iterator[Proxy]:
    with running(Proxy(given["AWS_ENDPOINT_URL"].removeprefix("http://"))) as proxy:
        yield proxy


@pytest.fixture
def through(given: dict[str, str], proxy: Proxy) -> Aws:
    """A connection whose calls are recorded."""
    return connect(variables={**given, "AWS_ENDPOINT_URL": proxy.url})


def run(aws: Aws, dist: Path, **wishes: Any) -> None:
    with explained("publisher"):
        publish(lambda: aws, STACK, dist, Wishes(**wishes))


def test_a_build_is_published_with_its_headers(site: Frontend, dist: Path, aws: Aws) -> None:
    run(aws, dist)
    assert site.there() == set(build())
    assert site.files() == build()
    assert site.headers("index.html") == ("text/html; charset=utf-8", "no-cache")
    assert site.headers("robots.txt") == ("text/plain; charset=utf-8", "no-cache")
    assert site.headers(A) == (SCRIPT, IMMUTABLE)
    assert site.invalidations() == [["/index.html", "/robots.txt"]]


def test_hashed_files_go_first_and_the_index_last(
    site: Frontend, dist: Path, through: Aws, proxy: Proxy
) -> None:
    run(through, dist)
    sent = proxy.sent()
    assert set(sent[:3]) == {key for key in build() if key.startswith("assets/")}
    assert sent[3:] == ["robots.txt", "index.html"]
    assert proxy.calls[-1] == "CreateInvalidation"


def test_a_fresh_build_of_the_same_sources_sends_nothing(
    site: Frontend, dist: Path, through: Aws, proxy: Proxy, capsys: pytest.CaptureFixture[str]
) -> None:
    run(site.aws, dist)
    write(dist)
    for path in dist.rglob("*"):
        os.utime(path, (1, 1))
    run(through, dist)
    assert {name.split()[0] for name in proxy.calls} == {
        "DescribeStacks",
        "ListObjectsV2",
        "HeadObject",
        "GetObject",
        "ListInvalidations",
        "GetInvalidation",
    }
    assert len(site.invalidations()) == 1
    assert capsys.readouterr().out.endswith("nothing to send, 5 unchanged.\n")


def test_a_release_sends_what_is_new_and_keeps_what_open_tabs_need(
    site: Frontend, dist: Path, through: Aws, proxy: Proxy
) -> None:
    run(site.aws, dist)
    run(through, write(dist, build("B")))
    assert set(proxy.sent()) == {B, "assets/agenda-C1BoPw7d.js", HISTORY, "index.html"}
    assert proxy.sent()[-2:] == [HISTORY, "index.html"]
    assert site.files() == build("A") | build("B")
    assert site.broken() == set()


def test_going_back_sends_the_index_alone(
    site: Frontend, dist: Path, through: Aws, proxy: Proxy
) -> None:
    run(site.aws, dist)
    run(site.aws, write(dist, build("B")))
    run(through, write(dist, build("A")))
    assert proxy.sent() == [HISTORY, "index.html"]
    assert proxy.calls.count("ListObjectsV2") == 2
    assert site.text("index.html") == build("A")["index.html"]


def superseded(site: Frontend) -> dict[str, datetime]:
    told = json.loads(site.text(HISTORY))["superseded"]
    return {key: datetime.fromisoformat(when) for key, when in told.items()}


def aged(site: Frontend, days: int) -> None:
    """Make every file of an earlier build older."""
    told = json.loads(site.text(HISTORY))
    for name, when in told["superseded"].items():
        told["superseded"][name] = (datetime.fromisoformat(when) - days * DAY).isoformat()
    site.put(HISTORY, json.dumps(told))


DAY = timedelta(days=1)


def test_files_are_removed_when_their_days_are_over(site: Frontend, dist: Path, aws: Aws) -> None:
    run(aws, dist)
    run(aws, write(dist, build("B")))
    assert all(datetime.now(UTC) - when < DAY for when in superseded(site).values())
    aged(site, 8)
    run(aws, dist)
    assert A in site.there()
    run(aws, dist, keep=7 * DAY)
    assert site.there() == {*build("B"), HISTORY}
    run(aws, dist, keep=7 * DAY)
    assert len(site.invalidations()) == 2


def test_a_page_that_is_removed_is_invalidated_too(site: Frontend, dist: Path, aws: Aws) -> None:
    run(aws, write(dist, build(**{"old.html": "x"})))
    run(aws, write(dist, build()), keep=0 * DAY)
    assert site.there() == {*build(), HISTORY}
    assert site.invalidations()[-1] == ["/index.html", "/old.html", "/robots.txt"]


def test_wrong_headers_under_the_right_content_are_mended(
    site: Frontend, dist: Path, through: Aws, proxy: Proxy
) -> None:
    for key, text in build().items():
        site.put(key, text, ContentType="binary/octet-stream")
    run(through, dist)
    assert set(proxy.sent()) == set(build())
    assert site.headers(A) == (SCRIPT, IMMUTABLE)


def test_headers_that_somebody_changed_by_hand_are_mended(
    site: Frontend, dist: Path, through: Aws, proxy: Proxy
) -> None:
    run(site.aws, dist)
    site.put(A, build()[A], ContentType="binary/octet-stream", CacheControl="no-cache")
    run(through, dist)
    assert proxy.sent() == [A]
    assert site.headers(A) == (SCRIPT, IMMUTABLE)


def test_other_rules_send_only_what_they_change(
    site: Frontend, dist: Path, through: Aws, proxy: Proxy
) -> None:
    run(site.aws, dist)
    index = site.s3.head_object(Bucket=site.bucket, Key="index.html")
    site.put(
        "index.html",
        build()["index.html"],
        ContentType=index["ContentType"],
        CacheControl=index["CacheControl"],
        Metadata={**index["Metadata"], "rules": "older"},
    )
    run(through, dist)
    assert proxy.sent() == ["index.html"]


def test_a_bucket_whose_etags_are_no_sums_is_compared_by_metadata(
    site: Frontend, dist: Path, through: Aws, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(site.aws, dist)
    listed = Bucket._list

    def encrypted(self: Bucket) -> Any:
        found = listed(self)
        return {
            key: bucket.Object(told.etag[::-1], told.size, told.modified)
            for key, told in found.items()
        }

    monkeypatch.setattr(Bucket, "_list", encrypted)
    run(through, dist)
    assert proxy.sent() == []


def test_odd_names_arrive_as_they_are(site: Frontend, dist: Path, aws: Aws) -> None:
    odd = {"año 1+2.txt": "x", "100%.txt": "y", "[id] #1?.txt": "z", "a%20b.txt": "w"}
    run(aws, write(dist, build(**odd)))
    assert site.files() == build(**odd)
    assert "/a%C3%B1o%201%2B2.txt" in site.invalidations()[0]


def test_only_the_connection_says_where_the_bucket_is(
    site: Frontend, dist: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rehearsal must not reach what the person's shell is signed in to."""
    for name in ("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "999999999999")
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    run(aws, dist)
    assert site.files() == build()


def test_nothing_is_sent_to_a_bucket_that_belongs_to_somebody_else_by_now(
    site: Frontend, dist: Path, given: dict[str, str], aws: Aws
) -> None:
    stranger = connect(variables={**given, "AWS_ACCESS_KEY_ID": "999999999997"}).client("s3")
    site.s3.delete_bucket(Bucket=site.bucket)
    stranger.create_bucket(Bucket=site.bucket)
    places = [f"arn:aws:s3:::{site.bucket}", f"arn:aws:s3:::{site.bucket}/*"]
    open_to_all = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": places}
    stranger.put_bucket_policy(Bucket=site.bucket, Policy=json.dumps({"Statement": [open_to_all]}))
    with pytest.raises(ClinicError) as refused:
        run(aws, dist)
    assert refused.value.exit_code == 2
    assert "Contents" not in stranger.list_objects_v2(Bucket=site.bucket)


def test_the_shell_may_name_an_endpoint_for_s3_alone(
    site: Frontend, dist: Path, given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with running(Proxy(given["AWS_ENDPOINT_URL"].removeprefix("http://"))) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"{proxy.url}/")
        run(connect(), dist)
    assert set(proxy.sent()) == set(build())
    assert "DescribeStacks" not in proxy.calls


def test_a_large_file_goes_in_one_piece(site: Frontend, dist: Path, aws: Aws) -> None:
    (dist / "film.mp4").write_bytes(bytes(send.LARGE + 1))
    run(aws, dist)
    told = site.s3.head_object(Bucket=site.bucket, Key="film.mp4")
    assert told["ContentLength"] == send.LARGE + 1
    assert "-" not in told["ETag"]


def test_folders_that_the_console_marks_are_no_files(site: Frontend, dist: Path, aws: Aws) -> None:
    site.put("assets/", "")
    run(aws, dist, keep=0 * DAY)
    assert site.there() == {*build(), "assets/"}


def test_a_name_that_no_site_can_have_is_told(site: Frontend, dist: Path, aws: Aws) -> None:
    site.put("a//b", "x")
    with pytest.raises(ClinicError, match="holds an object whose name no site can have"):
        run(aws, dist)


def test_two_at_once_leave_one_whole_build(
    site: Frontend, tmp_path: Path, given: dict[str, str]
) -> None:
    dists = [write(tmp_path / name, build(name)) for name in "ABCD"]
    ready, failed = threading.Barrier(len(dists)), list[Exception]()

    def one(dist: Path) -> None:
        aws = connect(variables=given)
        ready.wait(60)
        try:
            run(aws, dist)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(dist,)) for dist in dists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert site.text("index.html") in [build(name)["index.html"] for name in "ABCD"]
    assert site.broken() == set()


def test_a_publication_meanwhile_is_looked_at_anew(
    site: Frontend, dist: Path, tmp_path: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is done just before index.html would be replaced, and removes our chunks."""
    run(aws, dist)
    other = write(tmp_path / "other", build("B"))
    put_over, calls = Bucket.put_over, list[str]()

    def late(self: Bucket, *args: Any) -> None:
        monkeypatch.setattr(Bucket, "put_over", put_over)
        run(site.aws, other, keep=0 * DAY)
        calls.append("late")
        put_over(self, *args)

    monkeypatch.setattr(Bucket, "put_over", late)
    run(aws, write(dist, build("C")))
    assert calls == ["late"]
    assert site.broken() == set()
    assert site.text("index.html") == build("C")["index.html"]
    assert build("C").items() <= site.files().items()


def test_what_another_one_removes_late_is_sent_again(
    site: Frontend, dist: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one has replaced index.html, and removes our chunk once we have seen it there."""
    put_over, chunk = Bucket.put_over, "assets/index-BkC3xQ9z.js"
    others = [
        lambda: site.put("index.html", "another"),
        lambda: site.s3.delete_object(Bucket=site.bucket, Key=chunk),
    ]

    def meanwhile(self: Bucket, *args: Any) -> None:
        if others:
            others.pop(0)()
        put_over(self, *args)

    monkeypatch.setattr(Bucket, "put_over", meanwhile)
    run(aws, write(dist, build("C")))
    assert others == []
    assert site.broken() == set()


def test_whoever_is_overtaken_all_the_time_gives_up(
    site: Frontend, dist: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_over, times = Bucket.put_over, iter(range(100))

    def overtaken(self: Bucket, *args: Any) -> None:
        site.put("index.html", f"another {next(times)}")
        put_over(self, *args)

    monkeypatch.setattr(Bucket, "put_over", overtaken)
    with pytest.raises(ClinicError, match="others publish to") as refused:
        run(aws, dist)
    assert refused.value.exit_code == 3


def test_removal_waits_when_another_index_is_live(
    site: Frontend, dist: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(aws, dist)
    put_over = Bucket.put_over

    def overtaken(self: Bucket, *args: Any) -> None:
        put_over(self, *args)
        site.put("index.html", "another")

    monkeypatch.setattr(Bucket, "put_over", overtaken)
    run(aws, write(dist, build("B")), keep=0 * DAY)
    assert A in site.there()


def test_a_build_that_changes_meanwhile_is_not_published(
    site: Frontend, dist: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, look = threading.Event(), Bucket.look

    def changed(self: Bucket, pool: Any) -> Any:
        assert wait.wait(60)
        return look(self, pool)

    def invalidate(*_: Any) -> None:
        raise AssertionError("it went on")

    from generator.application.publish import publish as module

    reads = module.read

    def read(*args: Any) -> Any:
        found = reads(*args)
        (dist / A).write_text("half of")
        wait.set()
        return found

    monkeypatch.setattr(Bucket, "look", changed)
    monkeypatch.setattr(module, "read", read)
    monkeypatch.setattr(cdn, "invalidate", invalidate)
    with pytest.raises(ClinicError, match="has changed while it was published") as refused:
        run(aws, dist)
    assert refused.value.exit_code == 1
    assert "index.html" not in site.there()


def test_a_plan_changes_nothing(
    site: Frontend,
    dist: Path,
    through: Aws,
    proxy: Proxy,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(through, dist, only_plan=True)
    assert site.there() == set()
    assert "CreateInvalidation" not in proxy.calls
    out = capsys.readouterr().out
    assert f"send    {A}  49 B  {IMMUTABLE}" in out
    assert "5 files to send" in out
    assert "to invalidate /index.html /robots.txt. Nothing was changed." in out


def test_a_plan_and_a_publication_are_objects_for_programs(
    site: Frontend, dist: Path, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    (dist / "empty.css").touch()
    for only_plan in (True, False):
        run(aws, dist, only_plan=only_plan, report=Report(json=True))
    captured = capsys.readouterr()
    told = [json.loads(line) for line in captured.out.splitlines()]
    kinds = [one["kind"] for one in told]
    assert kinds == ["warning", *["send"] * 6, "plan", "warning", *["sent"] * 6, "published"]
    assert told[-1] | {"seconds": 0} == {
        "kind": "published",
        "sent": 6,
        "bytes": sum(map(len, build().values())),
        "unchanged": 0,
        "removed": 0,
        "invalidated": ["/empty.css", "/index.html", "/robots.txt"],
        "seconds": 0,
        "url": "https://clinic.example",
    }
    assert captured.err == ""


@pytest.mark.parametrize(
    ("wanted", "warned"),
    [("", True), ("https://other.example/", False), ("https://clinic.example", True)],
)
def test_a_build_that_calls_another_backend_is_told_of(
    site: Frontend,
    dist: Path,
    aws: Aws,
    capsys: pytest.CaptureFixture[str],
    wanted: str,
    warned: bool,
) -> None:
    (dist / A).write_text('const n="https://other.example",r=c({baseURL:`${n}/api`})')
    run(aws, dist, api_url=wanted)
    err = capsys.readouterr().err
    assert ("warning: the scripts call https://other.example and not https" in err) == warned
    assert "index.html" in site.there()


DENIALS = [
    ("PutObject", "s3:PutObject"),
    ("ListObjectsV2", "s3:ListBucket"),
    ("HeadObject", "s3:GetObject"),
    ("GetObject", "s3:GetObject"),
    ("CreateInvalidation", "CreateInvalidation"),
    ("DescribeStacks", "DescribeStacks"),
]


@pytest.mark.parametrize(("call", "action"), DENIALS)
def test_a_missing_right_is_named(
    site: Frontend, dist: Path, through: Aws, proxy: Proxy, call: str, action: str
) -> None:
    proxy.fault, proxy.at = Fault("denied", "AccessDenied", 403), 0
    proxy.counts = lambda name: name.startswith(call)
    with pytest.raises(ClinicError) as refused:
        run(through, dist)
    said = str(refused.value)
    assert f"these credentials may not {action} (" in said
    assert "output/policies/publisher.json" in said
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("fault", "said", "code"),
    [
        (Fault("cut", lasting=True), "AWS cannot be reached", 3),
        (Fault("slow", "SlowDown", 503, lasting=True), "AWS is busy or disturbed (SlowDown", 3),
        (Fault("old", "ExpiredToken", 400, lasting=True), "credentials have expired", 2),
        (Fault("late", "RequestTimeTooSkewed", 403, lasting=True), "time of this machine", 2),
        (Fault("gone", "NoSuchBucket", 404, lasting=True), "NoSuchBucket", 3),
    ],
)
def test_what_s3_refuses_is_one_sentence(
    site: Frontend,
    dist: Path,
    through: Aws,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    said: str,
    code: int,
) -> None:
    monkeypatch.setattr(bucket, "RETRIES", PATIENCE)
    proxy.fault, proxy.at, proxy.counts = fault, 0, lambda name: name.startswith("PutObject")
    with impatient(monkeypatch), pytest.raises(ClinicError) as refused:
        run(through, dist)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == code


def test_a_stack_that_is_not_there_or_no_site_is_told(dist: Path, aws: Aws) -> None:
    with pytest.raises(ClinicError, match="there is no stack clinic-small in us-east-1"):
        run(aws, dist)
    topic = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    aws.client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(topic))
    with pytest.raises(ClinicError, match="has no output FrontendBucketName"):
        run(aws, dist)


def test_nothing_is_asked_about_what_is_no_build(tmp_path: Path) -> None:
    def connected() -> Aws:
        raise AssertionError("it was")

    with pytest.raises(ClinicError, match="does not exist"):
        publish(connected, STACK, tmp_path / "none")
