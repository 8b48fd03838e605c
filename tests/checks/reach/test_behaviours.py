"""Patterns of behaviours agree with a checker that tries paths, and our policies are known."""

from __future__ import annotations

import re
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from generator.checks.reach import managed
from generator.layers.edge import behaviors as ours
from generator.model import delivery

WORDS = ["/" + "".join(letters) for n in range(6) for letters in product("ab.", repeat=n)]
patterns = st.text("ab*?", max_size=4).map("/".__add__)


def _fits(pattern: str) -> set[str]:
    expression = re.compile(
        "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    )
    return {word for word in WORDS if expression.fullmatch(word)}


@given(patterns, patterns)
@settings(max_examples=400, deadline=None)
def test_two_patterns_meet_exactly_where_a_path_fits_both(one: str, other: str) -> None:
    assert delivery.overlaps(one, other) == bool(_fits(one) & _fits(other))


@given(patterns, patterns)
@settings(max_examples=400, deadline=None)
def test_a_pattern_that_covers_another_fits_all_its_paths(one: str, other: str) -> None:
    if delivery.covers(one, other):
        assert _fits(other) <= _fits(one)


def test_what_is_plainly_covered_is_recognized() -> None:
    for one, other in (("*", "/api/*"), ("/api*", "/api"), ("/a?i/*", "/api/*"), ("/*", "/?a")):
        assert delivery.covers(one, other), (one, other)
    for one, other in (("/api", "/api/*"), ("/API*", "/api"), ("/api/?*", "/api/*")):
        assert not delivery.covers(one, other), (one, other)


def test_the_policies_that_our_behaviours_name_are_in_the_table() -> None:
    assert ours.CACHING_DISABLED in managed.CACHE
    assert not managed.CACHE[ours.CACHING_DISABLED].keeps
    assert managed.CACHE[ours.CACHING_OPTIMIZED].keeps
    assert managed.ORIGIN_REQUEST[ours.ALL_VIEWER] == managed.Forwarding(
        True, managed.ALL, managed.ALL
    )
