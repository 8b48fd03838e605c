"""The cache only ever saves time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.checks.lint.cache import Cache, folder, key
from generator.checks.lint.finding import Finding

FOUND = [Finding("tool", "E1", "error", "output/flat.json", "Resources/ñ", "a\nb", 3)]


def test_what_was_put_is_got(tmp_path: Path) -> None:
    Cache(tmp_path).put("a", FOUND)
    assert Cache(tmp_path).get("a") == FOUND


def test_nothing_found_is_an_answer_too(tmp_path: Path) -> None:
    Cache(tmp_path).put("a", [])
    assert Cache(tmp_path).get("a") == []


def test_what_was_not_put_is_not_known(tmp_path: Path) -> None:
    assert Cache(tmp_path).get("a") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_damaged_entry_is_not_known(tmp_path: Path, data: st.DataObject) -> None:
    cache = Cache(tmp_path, "today")
    cache.put("a", FOUND)
    entry = tmp_path / "lint-today" / "a"
    whole = entry.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    damage = data.draw(st.sampled_from([b"", b"x", b"\xff", b"[]"]))
    entry.write_bytes(whole[:at] + damage + whole[at + 1 :])
    assert entry.read_bytes() == whole or cache.get("a") is None


def test_yesterdays_entries_are_forgotten(tmp_path: Path) -> None:
    Cache(tmp_path, "2026-01-01").put("a", FOUND)
    today = Cache(tmp_path, "2026-01-02")
    assert today.get("a") is None
    today.put("b", [])
    assert [path.name for path in tmp_path.iterdir()] == ["lint-2026-01-02"]


@pytest.mark.parametrize("obstacle", ["", "lint-today"])
def test_a_place_that_cannot_be_written_costs_nothing_but_time(
    tmp_path: Path, obstacle: str
) -> None:
    root = tmp_path / "cache"
    if obstacle:
        root.mkdir()
    (root / obstacle if obstacle else root).write_text("in the way")
    cache = Cache(root, "today")
    cache.put("a", FOUND)
    assert cache.get("a") is None


def test_a_folder_in_the_place_of_an_entry_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "lint-today" / "a").mkdir(parents=True)
    cache = Cache(tmp_path, "today")
    cache.put("a", FOUND)
    assert cache.get("a") is None


def test_keys_differ_where_the_parts_do() -> None:
    assert len({key("a", "bc"), key("ab", "c"), key("abc"), key("abc", ""), key(b"a", b"b")}) == 5
    assert key("a", b"b") == key(b"a", "b")


def test_the_place_is_what_the_platform_says() -> None:
    assert folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/clinic")
    assert folder({}).is_relative_to(Path.home())
