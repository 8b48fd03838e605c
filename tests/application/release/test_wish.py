"""What instances should run is read from user data and written into it, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import bootstrap
from generator.application.release.wish import Order, Wish, of_stack, of_user_data, rewritten
from generator.errors import ClinicError
from generator.layers.parts.user_data import BACKEND_IMAGE, BACKEND_REVISION, RELEASE

images = st.from_regex(BACKEND_IMAGE.AllowedPattern, fullmatch=True)
revisions = st.from_regex(BACKEND_REVISION.AllowedPattern, fullmatch=True)
releases = st.from_regex(RELEASE.AllowedPattern, fullmatch=True)
wishes = st.builds(Wish, images, revisions, releases)
HEAD = "#!/bin/bash\n# Release 1\nREGION='x'\nBACKEND_IMAGE=''\nBACKEND_REVISION='main'\n"
BUILT = HEAD + bootstrap.script("build")


def pulled(text: str) -> str:
    return text.replace(bootstrap.part("build.sh"), bootstrap.part("pull.sh"))


@given(wishes)
def test_what_was_written_is_read(wish: Wish) -> None:
    text = rewritten(BUILT, wish)
    assert of_user_data(text) == wish
    assert rewritten(text, of_user_data(HEAD)) == BUILT
    assert of_stack(wish.parameters) == wish


@given(wishes, wishes)
def test_only_three_lines_change_and_the_way_to_the_image(old: Wish, new: Wish) -> None:
    before = pulled(rewritten(BUILT, old)).split("\n")
    after = pulled(rewritten(rewritten(BUILT, old), new)).split("\n")
    assert len(before) == len(after)
    changed = [a for a, b in zip(after, before, strict=True) if a != b]
    assert all(re.match("# Release |BACKEND_IMAGE=|BACKEND_REVISION=", line) for line in changed)


@given(wishes)
def test_an_image_is_pulled_and_a_revision_built(wish: Wish) -> None:
    text = rewritten(BUILT, wish)
    assert ("docker pull" in text, "docker build" in text) == (bool(wish.image), not wish.image)


def test_user_data_of_another_version_keeps_its_way_to_the_image() -> None:
    other = f"{HEAD}docker build --another-way\n"
    assert of_user_data(rewritten(other, Wish("", "v2", "2"))).revision == "v2"
    with pytest.raises(ClinicError, match="not how to pull one: run `clinic deploy`"):
        rewritten(other, Wish("a:1", "main", "1"))


def test_user_data_of_others_is_refused() -> None:
    with pytest.raises(ClinicError, match="not what this project writes"):
        of_user_data("#!/bin/bash\necho hello\n")


@pytest.mark.parametrize("image", ["UPPER", "a b", "a'; reboot; '", "-x", "$(id)", "a\nb"])
def test_what_is_no_image_is_refused(image: str) -> None:
    with pytest.raises(ClinicError, match="is no image"):
        Order(image=image)


def test_one_of_image_and_revision_is_wanted() -> None:
    for given_ in ({}, {"image": "a", "revision": "b"}):
        with pytest.raises(ClinicError, match="one of --image, --revision"):
            Order(**given_)


def test_an_order_is_met_by_what_it_names() -> None:
    image, revision = Wish("a:1", "main", "1"), Wish("", "main", "7")
    assert Order("a:1").is_met(image)
    assert not Order("a:2").is_met(image)
    assert not Order(revision="main").is_met(image), "an image hides the revision"
    assert Order(revision="main").is_met(revision)
    assert Order("a:2").wish(revision, "word") == Wish("a:2", "main", "7")
    assert Order(revision="v2").wish(image, "word") == Wish("", "v2", "word")
