"""A file is read as Docker reads it, and every misunderstanding has its line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.application.env.dotenv import LONGEST_LINE, parse


def found(text: str | bytes) -> dict[str, tuple[int, str]]:
    """Line and severity of the remarks, by rule."""
    data = text.encode() if isinstance(text, str) else text
    return {r.rule: (r.line, r.severity) for r in parse(data).remarks}


def test_a_plain_file_is_taken_without_a_word() -> None:
    file = parse(b"# comment\n\n   # another\nA=1\n  B=two=2\nC.d-e=x\n")
    assert file.values == {"A": "1", "B": "two=2", "C.d-e": "x"}
    assert file.variables["B"].line == 5
    assert file.remarks == []


@pytest.mark.parametrize(
    ("text", "rule", "line", "severity"),
    [
        ("A=1\nB='quoted'\n", "quotes", 2, "error"),
        ('A="half\n', "quotes", 1, "error"),
        ("A=1\n\nexport B=2\n", "export", 3, "error"),
        ("A=1\r\nB=2\r\n", "line-ends", 1, "warning"),
        ("A=1\nB=2\rC=3\n", "line-ends", 2, "error"),
        ("A=1\nB=2\nA=3\n", "duplicate", 3, "warning"),
        ("A=\n", "empty-value", 1, "warning"),
        ("A=1\n=2\n", "no-name", 2, "error"),
        ("A=1\nB =2\n", "space-in-name", 2, "error"),
        ("A B=2\n", "space-in-name", 1, "error"),
        ("ALONE\n", "no-value", 1, "error"),
        ("ALONE \n", "space-in-name", 1, "error"),
        ("1/x=2\n", "odd-name", 1, "error"),
        ("A=1\nhidden5PartOfBase64==\n", "odd-name", 2, "error"),
        ("A=1\nhidden5PartOfBase64=\n", "odd-name", 2, "error"),
        ("A= 1\n", "space", 1, "warning"),
        ("A=1 \n", "space", 1, "warning"),
        ("A=1 # why\n", "comment", 1, "warning"),
        ("A=${B}\n", "shell", 1, "warning"),
        ("A=$(date)\n", "shell", 1, "warning"),
        ("A=1\\\n", "backslash", 1, "warning"),
        ("\ufeffA=1\n", "bom", 1, "error"),
        (b"A=1\nB=\xff\n", "encoding", 2, "error"),
        (b"A=1\nB=\0\n", "binary", 2, "error"),
        (b"", "empty", 0, "error"),
        ("A=" + "x" * LONGEST_LINE, "too-long", 1, "error"),
        ('A=1\nKEY="-----BEGIN\nabc==\n-----END"\nB=2\n', "multi-line", 2, "error"),
        ("KEY=-----BEGIN X-----\nabc=\n-----END X-----\n", "multi-line", 1, "error"),
    ],
)
def test_what_docker_misunderstands_has_its_line(
    text: str | bytes, rule: str, line: int, severity: str
) -> None:
    assert found(text) == {rule: (line, severity)}


def test_the_last_of_several_values_counts() -> None:
    assert parse(b"A=1\nA=2\n").values == {"A": "2"}


def test_quotes_and_spaces_stay_part_of_the_value() -> None:
    assert parse(b"A=\"x\" \nB='y'\n").values == {"A": '"x" ', "B": "'y'"}


def test_lines_of_a_value_are_no_variables_and_those_after_it_are() -> None:
    file = parse(b'KEY="-----BEGIN\nhidden==\nmore\n-----END"\nB=2\n')
    assert set(file.values) == {"KEY", "B"}


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    file = parse(b'A="half\nB="whole"\n')
    assert set(file.values) == {"A", "B"}


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
pieces = st.sampled_from(
    [
        "A=",
        "export ",
        "=",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "#",
        '"',
        "'",
        "$",
        "\\",
        "-----BEGIN",
        "B",
    ]
)


@given(st.lists(pieces | texts, max_size=20).map("".join))
def test_any_text_is_read_without_a_traceback_and_lines_exist(text: str) -> None:
    file = parse(text.encode())
    lines = text.count("\n") + 1
    assert all(0 <= remark.line <= lines for remark in file.remarks)
    assert all(1 <= variable.line <= lines for variable in file.variables.values())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_traceback(data: bytes) -> None:
    parse(data)


@given(st.from_regex(r"[ -~]{1,60}", fullmatch=True))
def test_no_remark_repeats_a_value(value: str) -> None:
    hidden = f"hidden{value}hidden"
    text = f'A={hidden}\n={hidden}\nB="{hidden}\n{hidden} x\n {hidden} y=1\n'
    said = "".join(remark.message for remark in parse(text.encode()).remarks)
    assert hidden not in said


@pytest.mark.parametrize("rest", ["hidden", "hidden ", "HIDDEN", "hidden0Words==", "hidden0Words="])
def test_no_remark_repeats_what_may_be_the_rest_of_a_value(rest: str) -> None:
    remarks = parse(f"JWT_SECRET=x\n{rest}\n".encode()).remarks
    assert [remark.line for remark in remarks] == [2]
    assert "hidden" not in str(remarks).lower()


def as_docker(text: str) -> dict[str, str] | None:
    """Docker's own loop, told anew; None where it refuses the file."""
    taken = {}
    for line in re.split(r"\r?\n", text):
        line = line.lstrip()
        name, equals, value = line.partition("=")
        if not line or line.startswith("#"):
            continue
        if not name or " " in name or "\t" in name:
            return None
        if equals:
            taken[name] = value
    return taken


lines = st.from_regex(r"[ \t]?(export )?#?[A-Z]{0,3} ?=?[a-z' #]{0,6}", fullmatch=True)


@given(st.lists(lines, max_size=6).map("\n".join))
def test_a_file_without_errors_gives_docker_what_it_gives_us(text: str) -> None:
    file = parse(text.encode())
    if text and not any(remark.severity == "error" for remark in file.remarks):
        assert file.values == as_docker(text)
    if text and as_docker(text) is None:
        assert any(remark.severity == "error" for remark in file.remarks)
