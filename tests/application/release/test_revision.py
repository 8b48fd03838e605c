"""What instances should run is read from user data and written into it, and nothing else."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import bootstrap
from generator.application.release.revision import (
    ReleaseRequest,
    Revision,
    of_stack,
    of_user_data,
    require_support,
)
from generator.errors import ClinicError
from generator.functions import release_backend
from generator.layers.backend.user_data import BACKEND_IMAGE, BACKEND_REVISION, RELEASE

images = st.from_regex(BACKEND_IMAGE.AllowedPattern, fullmatch=True)
revisions = st.from_regex(BACKEND_REVISION.AllowedPattern, fullmatch=True)
releases = st.from_regex(RELEASE.AllowedPattern, fullmatch=True)
options = st.builds(Revision, images, revisions, releases)
WITHOUT_REGISTRY = (
    "#!/bin/bash\n# Release 1\nREGION='x'\nBACKEND_IMAGE=''\nBACKEND_REVISION='main'\n"
)
HEAD = WITHOUT_REGISTRY + "IMAGE_REPOSITORY='registry.example/clinic'\n"
BUILT = HEAD + bootstrap.user_data()
OLD = "docker {} --the-one-way-of-before\n"


def rewritten(text: str, wish: Revision) -> str:
    """As the stack's function rewrites it, if the program in it knows the way."""
    require_support(text, wish)
    return release_backend.rewritten(text, asdict(wish))


@given(options)
def test_what_was_written_is_read(wish: Revision) -> None:
    text = rewritten(BUILT, wish)
    assert of_user_data(text) == wish
    assert rewritten(text, of_user_data(HEAD)) == BUILT
    assert of_stack(wish.parameters) == wish


@given(options, options)
def test_only_three_lines_change(old: Revision, new: Revision) -> None:
    before = rewritten(BUILT, old).split("\n")
    after = rewritten(rewritten(BUILT, old), new).split("\n")
    assert len(before) == len(after)
    changed = [a for a, b in zip(after, before, strict=True) if a != b]
    assert all(re.match("# Release |BACKEND_IMAGE=|BACKEND_REVISION=", line) for line in changed)


def test_user_data_of_before_keeps_its_one_way_to_the_image() -> None:
    built, pulled = (HEAD + OLD.format(way) for way in ("build", "pull"))
    assert of_user_data(rewritten(built, Revision("", "v2", "2"))).revision == "v2"
    assert of_user_data(rewritten(pulled, Revision("a:1", "v2", "2"))).image == "a:1"
    with pytest.raises(ClinicError, match="not know how to pull an image: run `clinic deploy`"):
        rewritten(built, Revision("a:1", "main", "1"))
    with pytest.raises(ClinicError, match="not know how to build an image: run `clinic deploy`"):
        rewritten(pulled, Revision("", "main", "1"))


def test_a_tag_alone_needs_user_data_that_names_the_registry() -> None:
    old = WITHOUT_REGISTRY + bootstrap.user_data()
    with pytest.raises(ClinicError, match="by its tag alone: run `clinic deploy`") as told:
        rewritten(old, Revision(":2", "main", "1"))
    assert told.value.exit_code == 3
    assert of_user_data(rewritten(old, Revision("a:2", "main", "1"))).image == "a:2"


def test_user_data_of_others_is_refused() -> None:
    with pytest.raises(ClinicError, match="not what this project writes"):
        of_user_data("#!/bin/bash\necho hello\n")


@pytest.mark.parametrize("image", ["UPPER", "a b", "a'; reboot; '", "-x", "$(id)", "a\nb"])
def test_what_is_no_image_is_refused(image: str) -> None:
    with pytest.raises(ClinicError, match="is no image"):
        ReleaseRequest(image=image)


def test_one_of_image_and_revision_is_wanted() -> None:
    for given_ in ({}, {"image": "a", "revision": "b"}):
        with pytest.raises(ClinicError, match="one of --image, --revision"):
            ReleaseRequest(**given_)


def test_a_request_is_met_by_what_it_names() -> None:
    image, revision = Revision("a:1", "main", "1"), Revision("", "main", "7")
    assert ReleaseRequest("a:1").is_met(image)
    assert not ReleaseRequest("a:2").is_met(image)
    assert not ReleaseRequest(revision="main").is_met(image), "an image hides the revision"
    assert ReleaseRequest(revision="main").is_met(revision)
    assert ReleaseRequest("a:2").revision_after(revision, "word") == Revision("a:2", "main", "7")
    assert ReleaseRequest(revision="v2").revision_after(image, "word") == Revision("", "v2", "word")
