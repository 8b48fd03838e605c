"""A fingerprint tells what changed, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.application.env import fingerprint

from .files import GOOD, VALUES

values = st.dictionaries(st.sampled_from("ABCD"), st.sampled_from(["", "1", "true"]), max_size=4)


@settings(max_examples=25, deadline=None)
@given(values, values)
def test_differences_are_those_between_the_values(old: dict[str, str], new: dict[str, str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(fingerprint.COST, "n", 2)
        told = fingerprint.make(b"", old).differences(new)
    assert set(told["added"]) == set(new) - set(old)
    assert set(told["removed"]) == set(old) - set(new)
    assert set(told["changed"]) == {k for k in set(old) & set(new) if old[k] != new[k]}


def test_equal_values_look_different_under_another_key_and_in_another_push() -> None:
    one = fingerprint.make(b"", {"A": "true", "B": "true"})
    two = fingerprint.make(b"", {"A": "true"})
    assert len({one.keys["A"], one.keys["B"], two.keys["A"]}) == 3
    assert one.salt != two.salt


def test_the_whole_file_counts_with_its_comments() -> None:
    made = fingerprint.make(b"A=1\n", {"A": "1"})
    assert made.is_of(b"A=1\n")
    assert not made.is_of(b"# comment\nA=1\n")


def test_it_survives_being_written_and_holds_no_value() -> None:
    made = fingerprint.make(GOOD.encode(), dict(line.split("=") for line in GOOD.split()))
    text = made.to_json()
    assert fingerprint.from_json(text) == made
    assert not any(value.encode() in text for value in VALUES)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"{}", b"\xff", b'{"salt": 1, "whole": "", "keys": {}}', b"null"]
)
def test_anything_else_is_no_fingerprint(text: bytes) -> None:
    assert fingerprint.from_json(text) is None


def test_a_guess_costs_a_slow_digest() -> None:
    assert fingerprint.COST["n"] * fingerprint.COST["r"] >= 2**16
    assert json.dumps(fingerprint.COST)
