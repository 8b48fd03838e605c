"""Ports and addresses as sets: exact whatever the ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.model.network import addresses, ports
from generator.model.network.addresses import Range

ends = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(sorted)
spans = st.lists(st.tuples(st.sampled_from(["tcp", "udp"]), ends), max_size=6)
blocks = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), max_size=4)


def _set(chosen: list[tuple[str, list[int]]]) -> int:
    found = 0
    for protocol, (first, last) in chosen:
        found |= ports.some(protocol, first, last)
    return found


@given(spans, st.booleans())
def test_a_set_of_ports_is_what_its_words_say(
    chosen: list[tuple[str, list[int]]], icmp: bool
) -> None:
    whole = _set(chosen) | (ports.some("icmp") if icmp else 0)
    said = list(ports.runs(whole))
    again = 0
    for words, let in said:
        assert ports.parse(words) == let
        assert not again & let
        again |= let
    assert again == whole


@given(spans, st.sampled_from(["tcp", "udp"]), st.integers(0, 65535))
def test_a_port_is_in_a_set_if_a_range_has_it(
    chosen: list[tuple[str, list[int]]], protocol: str, port: int
) -> None:
    there = any(p == protocol and first <= port <= last for p, (first, last) in chosen)
    assert bool(_set(chosen) & ports.some(protocol, port, port)) == there


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (("tcp", 80, 80), ["tcp 80"]),
        (("6", "80", "81"), ["tcp 80-81"]),
        ((17, 0, 65535), ["udp"]),
        (("tcp", None, None), ["tcp"]),
        (("tcp", -1, -1), ["tcp"]),
        (("icmp", 8, 0), ["icmp"]),
        (("icmpv6", -1, -1), ["icmpv6"]),
        (("50", None, None), ["other"]),
        ((-1, None, None), ["any protocol"]),
        (("-1", 80, 80), ["any protocol"]),
    ],
)
def test_a_rule_speaks_of_ports_however_it_is_written(
    rule: tuple[object, object, object], words: list[str]
) -> None:
    found = ports.of_rule(*rule)
    assert found is not None
    assert [said for said, _ in ports.runs(found)] == words


@pytest.mark.parametrize(
    "rule", [({"Ref": "X"}, 1, 1), ("tcp", {"Ref": "X"}, 1), ("tcp", 1, "99999"), (None, 1, 1)]
)
def test_what_a_rule_cannot_mean_is_not_known(rule: tuple[object, object, object]) -> None:
    assert ports.of_rule(*rule) is None


@given(blocks, blocks)
def test_ranges_without_others_are_the_difference_of_sets(
    whole: list[tuple[int, int]], parts: list[tuple[int, int]]
) -> None:
    kept = [Range(first, first + more) for first, more in whole]
    gone = [Range(first, first + more) for first, more in parts]
    left = addresses.without(kept, gone)
    everywhere = range(60)
    assert {n for n in everywhere if any(n in one for one in left)} == {
        n for n in everywhere if any(n in one for one in kept) and not any(n in one for one in gone)
    }


@given(blocks, blocks)
def test_a_sample_is_taken_from_every_piece_between_borders(
    whole: list[tuple[int, int]], borders: list[tuple[int, int]]
) -> None:
    ranges = [Range(first, first + more) for first, more in whole]
    cuts = [Range(first, first + more) for first, more in borders]
    samples = addresses.samples(ranges, cuts)
    kinds = {tuple(n in cut for cut in cuts) for n in samples}
    every = {tuple(n in cut for cut in cuts) for n in range(60) if any(n in r for r in ranges)}
    assert kinds == every


@pytest.mark.parametrize("text", ["::/0", "10.0.0.0/33", "everywhere", 5, None])
def test_what_is_no_block_of_addresses_is_not_known(text: object) -> None:
    assert addresses.parse(text) is None
