"""Templates of any shape are judged or refused in a sentence, never with a traceback."""

from __future__ import annotations

import copy
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from generator.checks.reach import prove
from generator.errors import ClinicError
from generator.model import view
from tests.resolved import PARAMS, flat

JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, 5, "x", [], {}, [{}], {"Ref": "Nowhere"}, {"Fn::ImportValue": "x"}, True, "${x"]
)


@st.composite
def unresolved(draw: st.DrawFn) -> dict[str, Any]:
    """The flat template with something else in one place."""
    template = copy.deepcopy(flat())
    place: Any = template["Resources"]
    for _ in range(draw(st.integers(2, 9))):
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = draw(st.sampled_from(list(keys)))
        if not isinstance(place[key], dict | list) or not place[key]:
            break
        place = place[key]
    keys = sorted(place) if isinstance(place, dict) else range(len(place))
    place[draw(st.sampled_from(list(keys)))] = draw(JUNK)
    return template


@given(template=unresolved(), env=st.sampled_from(["seed", "dev", "prod"]))
@settings(max_examples=50, deadline=None)
def test_an_odd_template_is_judged_or_refused_in_a_sentence(
    template: dict[str, Any], env: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "odd.json"
        path.write_text(json.dumps(template))
        with suppress(ClinicError):
            prove(view.load(env, PARAMS, path), PARAMS)
