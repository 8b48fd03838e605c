"""What the instances should run, and where their user data says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from generator import bootstrap
from generator.errors import ClinicError, quote
from generator.layers.backend.user_data import BACKEND_IMAGE, BACKEND_REVISION

LINES = {
    "release": re.compile(r"^# Release (.*)$", re.MULTILINE),
    "image": re.compile(r"^BACKEND_IMAGE='(.*)'$", re.MULTILINE),
    "revision": re.compile(r"^BACKEND_REVISION='(.*)'$", re.MULTILINE),
}
"""The lines at the head of the user data, of which the first of each kind counts."""

REGISTRY = re.compile(r"^IMAGE_REPOSITORY='.+'$", re.MULTILINE)
"""The line that a tag alone needs."""


@dataclass(frozen=True)
class Wish:
    """What a launch template version, or a stack, has instances run."""

    image: str
    """As BackendImage says it: a tag alone (``:1``) is one in the stack's own registry. Empty:
    instances build ``revision`` of the repository."""
    revision: str
    release: str

    @property
    def parameters(self) -> dict[str, str]:
        """The same as the stack's parameters."""
        return {
            "BackendImage": self.image,
            "BackendRevision": self.revision,
            "Release": self.release,
        }

    def __str__(self) -> str:
        return self.image or f"{self.revision} (built at boot, release {self.release})"


@dataclass(frozen=True)
class Order:
    """What a person asked for: an image, or else a revision."""

    image: str = ""
    revision: str = ""

    def __post_init__(self) -> None:
        for what, value, name, such in (
            ("image", self.image, BACKEND_IMAGE, "docker.io/clinic/backend:1.4.2"),
            ("branch or tag", self.revision, BACKEND_REVISION, "main or v1.4.2"),
        ):
            if value and not re.fullmatch(name.AllowedPattern, value):
                raise ClinicError(f"{quote(value)} is no {what}: give one such as {such}.")
        if bool(self.image) == bool(self.revision):
            raise ClinicError("give one of --image, --revision and --build.")

    def is_met(self, wish: Wish) -> bool:
        """Whether that is what was asked for; a revision may move, an image is what it is."""
        if self.image:
            return wish.image == self.image
        return not wish.image and wish.revision == self.revision

    def wish(self, now: Wish, word: str) -> Wish:
        """What it means for instances that run ``now``; ``word`` names a release of a revision."""
        if self.image:
            return Wish(self.image, now.revision, now.release)
        return Wish("", self.revision, word)


def of_stack(parameters: Mapping[str, str]) -> Wish:
    """What a stack's parameters say."""
    return Wish(parameters["BackendImage"], parameters["BackendRevision"], parameters["Release"])


def of_user_data(text: str) -> Wish:
    """What user data says. ClinicError (3) if it is not this project's."""
    found = {name: line.search(text) for name, line in LINES.items()}
    if None in found.values():
        raise ClinicError(
            "the launch template's user data is not what this project writes: run `clinic deploy` "
            "first.",
            exit_code=3,
        )
    return Wish(**{name: line[1] for name, line in found.items() if line})


def known_to(text: str, wish: Wish) -> None:
    """ClinicError (3) if the program in user data cannot come by an image in the way that ``wish``
    needs: earlier ones knew one way.
    """
    way = "pull" if wish.image else "build"
    alone = wish.image.startswith(":") and not REGISTRY.search(text)
    program = bootstrap.unpacked(text)
    # What builds is in the library; a program that has one calls it by this name.
    if alone or not (f"docker {way}" in program or f"{way}_image" in program):
        what = "an image by its tag alone" if alone else "an image"
        raise ClinicError(
            "the launch template's user data is another version's and does not know how to "
            f"{way} {what}: run `clinic deploy` first.",
            exit_code=3,
        )
