"""What is sent, kept and removed follows from the build and the bucket alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.application.publish.build import Build, File, md5
from generator.application.publish.headers import RULES, is_hashed
from generator.application.publish.plan import (
    KEEP,
    MOST_PATHS,
    BucketContent,
    History,
    Object,
    UploadPlan,
    fingerprint,
    paths,
    plan,
    suspects,
)

patient = settings(deadline=None, suppress_health_check=list(HealthCheck))
"""On a busy machine an example may take long."""
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def built(**texts: str) -> Build:
    """A build of texts by key; __ stands for a slash, _ for a dot."""
    files = {}
    for name, text in {"index_html": "<html>", **texts}.items():
        key = name.replace("__", "/").replace("_", ".")
        data = text.encode()
        files[key] = File(key, Path(key), len(data), md5(data), is_hashed(key))
    return Build(files)


def live(build: Build, modified: datetime = NOW, **more: datetime) -> BucketContent:
    """A bucket that holds a build, and files of others by the time they were put."""
    objects = {key: Object(file.md5, file.size, modified) for key, file in build.files.items()}
    objects |= {
        key.replace("__", "/").replace("_", "."): Object("0" * 32, 1, when)
        for key, when in more.items()
    }
    attributes = {"index.html": build.files["index.html"].attributes}
    return BucketContent(objects, History(), attributes)


def keys(planned: UploadPlan) -> list[list[str]]:
    return [[file.key for file in wave] for wave in planned.waves]


def test_everything_goes_to_an_empty_bucket_in_three_waves() -> None:
    build = built(robots_txt="x", **{"assets__b-DiwrgTda_js": "1"})
    planned = plan(build, BucketContent(), KEEP, NOW)
    assert keys(planned) == [
        ["assets/b-DiwrgTda.js"],
        ["robots.txt"],
        ["index.html"],
    ]
    assert planned.history is None
    assert planned.remove == ()


def test_nothing_is_sent_that_is_there() -> None:
    build = built(robots_txt="x")
    planned = plan(build, live(build), KEEP, NOW)
    assert planned.files == []
    assert planned.unchanged == 2
    assert planned.history is None


@pytest.mark.parametrize("text", ["y", "longer"])
def test_only_other_content_is_sent(text: str) -> None:
    planned = plan(built(robots_txt=text), live(built(robots_txt="x")), KEEP, NOW)
    assert keys(planned) == [[], ["robots.txt"], []]


def test_a_file_is_kept_from_the_day_on_which_a_build_came_without_it() -> None:
    build = built()
    uploaded = NOW - 400 * DAY
    first = plan(build, live(build, old_js=uploaded), KEEP, NOW)
    assert first.remove == ()
    assert first.kept == 1
    assert first.history == History({"old.js": NOW}, build.files["index.html"].md5, NOW)
    for days, removed in ((29, ()), (30, ("old.js",))):
        later = replace(live(build, old_js=uploaded), history=first.history)
        planned = plan(build, later, KEEP, NOW + days * DAY)
        assert planned.remove == removed
        assert planned.history is None


def test_days_begin_anew_after_a_file_was_in_use_again() -> None:
    build = built()
    both = built(old_js="x")
    history = History({"old.js": NOW - 40 * DAY}, "", NOW - 40 * DAY)
    again = plan(both, replace(live(both), history=history), KEEP, NOW - DAY)
    assert again.remove == ()
    assert again.history
    assert again.history.superseded == {}
    over = plan(build, replace(live(both), history=again.history), KEEP, NOW)
    assert over.remove == ()


def test_a_publication_that_was_cut_off_has_superseded_nothing() -> None:
    build, next_one = built(), built(index_html="<html>2")
    long_ago = NOW - 40 * DAY
    cut_off = History({"old.js": long_ago}, next_one.files["index.html"].md5, long_ago)
    before = live(build, long_ago - DAY, old_js=long_ago - DAY)
    planned = plan(next_one, replace(before, history=cut_off), KEEP, NOW)
    assert planned.remove == ()
    after = live(next_one, long_ago, old_js=long_ago - DAY)
    planned = plan(next_one, replace(after, history=cut_off), KEEP, NOW)
    assert planned.remove == ("old.js",)


def test_a_later_publication_confirms_an_earlier_one() -> None:
    long_ago = NOW - 40 * DAY
    history = History({"old.js": long_ago}, "another index", long_ago)
    build = built()
    remote = live(build, long_ago + DAY, old_js=long_ago - DAY)
    planned = plan(build, replace(remote, history=history), KEEP, NOW)
    assert planned.remove == ("old.js",)


def test_keeping_for_no_day_removes_at_once_and_never_what_is_in_use() -> None:
    build = built(robots_txt="x")
    planned = plan(build, live(build, old_js=NOW), timedelta(0), NOW)
    assert planned.remove == ("old.js",)


def test_other_rules_make_every_file_suspect_and_its_headers_decide() -> None:
    build = built(robots_txt="x", b_css="y")
    remote = live(build)
    assert suspects(build, remote) == []
    index = {**build.files["index.html"].attributes, "rules": "older"}
    old = replace(remote, attributes={"index.html": index})
    assert set(suspects(build, old)) == {"b.css", "robots.txt"}
    wrong = {**build.files["b.css"].attributes, "Content-Type": "binary/octet-stream"}
    right = build.files["robots.txt"].attributes
    known = {"index.html": index, "b.css": wrong, "robots.txt": right}
    planned = plan(build, replace(remote, attributes=known), KEEP, NOW)
    assert keys(planned) == [[], ["b.css"], ["index.html"]]


def test_what_was_put_after_the_index_is_suspect() -> None:
    build = built(robots_txt="x", b_css="y")
    remote = live(build)
    later = replace(remote.objects["b.css"], modified=NOW + timedelta(seconds=1))
    changed = replace(remote, objects={**remote.objects, "b.css": later})
    assert suspects(build, changed) == ["b.css"]


def test_an_etag_that_is_no_sum_is_decided_by_the_metadata() -> None:
    build = built(robots_txt="x")
    objects = {key: Object("f" * 32, file.size, NOW) for key, file in build.files.items()}
    encrypted = BucketContent(
        objects, History(), {"index.html": build.files["index.html"].attributes}
    )
    assert suspects(build, encrypted) == ["robots.txt"]
    known = {key: file.attributes for key, file in build.files.items()}
    assert plan(build, replace(encrypted, attributes=known), KEEP, NOW).files == []


def test_the_index_carries_the_rules_by_which_all_was_sent() -> None:
    files = built(robots_txt="x").files
    assert files["index.html"].attributes["rules"] == RULES
    assert "rules" not in files["robots.txt"].attributes


def test_paths_are_addresses_and_many_become_one() -> None:
    assert paths(["index.html", "año nuevo.pdf"]) == ["/a%C3%B1o%20nuevo.pdf", "/index.html"]
    assert len(paths(f"{n}.png" for n in range(MOST_PATHS))) == MOST_PATHS
    assert paths(f"{n}.png" for n in range(MOST_PATHS + 1)) == ["/*"]


def test_a_fingerprint_tells_unhashed_content_apart() -> None:
    assert fingerprint(built(robots_txt="x")) != fingerprint(built(robots_txt="y"))
    chunk = {"assets__b-DiwrgTda_js": "1"}
    assert fingerprint(built(**chunk)) == fingerprint(built())


@patient
@given(
    st.dictionaries(
        st.text("abc/é.", min_size=1), st.datetimes(timezones=st.just(UTC)), max_size=5
    ),
    st.datetimes(timezones=st.just(UTC)),
)
def test_a_history_is_read_as_it_was_written(times: dict[str, datetime], at: datetime) -> None:
    history = History(times, "0a1b", at)
    assert History.loads(history.dumps()) == history


@patient
@given(st.binary(max_size=40) | st.sampled_from([b"{}", b"[]", b'{"superseded": 1}', b"null"]))
def test_a_history_that_is_none_is_empty(data: bytes) -> None:
    assert History.loads(data) == History()


TEXTS = st.dictionaries(
    st.sampled_from(["a-DiwrgTda.js", "b-Bk3xQ9zA.js", "c.txt", "d.css"]).map("assets/".__add__),
    st.text("xy", min_size=1, max_size=2),
)


@patient
@given(TEXTS, TEXTS, st.integers(0, 2))
def test_whatever_was_there_the_bucket_then_holds_the_build(
    old: dict[str, str], new: dict[str, str], days: int
) -> None:
    before, build = (
        Build(
            {
                key: File(key, Path(key), len(text), md5(text.encode()), is_hashed(key))
                for key, text in {"index.html": repr(texts), **texts}.items()
            }
        )
        for texts in (old, new)
    )
    planned = plan(build, live(before), days * DAY, NOW)
    after = {key: file.md5 for key, file in before.files.items()}
    after |= {file.key: file.md5 for file in planned.files}
    for key in planned.remove:
        del after[key]
    assert {key: file.md5 for key, file in build.files.items()}.items() <= after.items()
    assert (set(after) == set(build.files)) or days
    order = [file.key for file in planned.files]
    assert order == sorted(
        order, key=lambda key: (key == "index.html", not is_hashed(key), order.index(key))
    )
