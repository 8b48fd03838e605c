"""What differs is said part by part, also inside JSON texts and lists that grow."""

from __future__ import annotations

import json
from typing import Any

from generator.checks.changes.differences import MISSING, apart, leaves

READ: dict[str, Any] = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject"}
WRITE: dict[str, Any] = {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject"}
LIST: dict[str, Any] = {"Effect": "Allow", "Action": "s3:ListBucket"}


def test_a_statement_that_is_put_in_is_the_only_difference() -> None:
    assert list(leaves("Statement", [READ, LIST], [READ, WRITE, LIST])) == [
        ("Statement[Write]", MISSING, WRITE)
    ]
    assert list(leaves("Statement", [READ, LIST], [READ])) == [("Statement[1]", LIST, MISSING)]


def test_a_statement_that_changes_beside_one_that_is_put_in_is_entered() -> None:
    wide = {**READ, "Action": "s3:*"}
    assert list(leaves("Statement", [READ], [wide, WRITE])) == [
        ("Statement[Read].Action", "s3:GetObject", "s3:*"),
        ("Statement[Write]", MISSING, WRITE),
    ]


def test_json_in_a_text_is_entered_whatever_puts_the_text_together() -> None:
    old = json.dumps({"widgets": [{"title": "CPU", "of": "<Group>"}]})
    new = {"Fn::Join": ["", ['{"widgets": [{"title": "Load", "of": "', {"Ref": "Group"}, '"}]}']]}
    assert list(leaves("Body", old, new)) == [
        ("Body.widgets[0].title", "CPU", "Load"),
        ("Body.widgets[0].of", "<Group>", "${Group}"),
    ]
    assert list(leaves("Body", "{not JSON", "{}")) == [("Body", "{not JSON", "{}")]


def test_long_values_are_shown_from_where_they_part() -> None:
    one, other = "a" * 100 + "b", "a" * 100 + "c"
    assert apart(one, other, 44) == ("..." + "a" * 12 + "b", "..." + "a" * 12 + "c")
    assert apart("ab", "ac", 44) == ("ab", "ac")
