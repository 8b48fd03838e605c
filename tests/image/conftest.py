"""The image is built once for all tests that run it."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .daemon import base_image, daemon, why_not
from .instance import ADDRESSES, Instance, dockerfile_base
from .postgresql import postgresql

Build = Callable[[str], Instance]


class DefaultImageNotBuiltWarning(UserWarning):
    """The default Dockerfile was not tried with a real Docker."""


def demand_docker() -> None:
    """Skip with a warning where no image can be built."""
    if reason := why_not():
        warnings.warn(
            f"the default image was not built: {reason}", DefaultImageNotBuiltWarning, stacklevel=1
        )
        pytest.skip(f"the default image was not built: {reason}")


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    demand_docker()
    folder = tmp_path_factory.mktemp("docker")
    yield folder
    # Images are gigabytes; pytest would keep those of three runs.
    shutil.rmtree(folder)


@pytest.fixture(scope="package")
def instance(folder: Path) -> Iterator[Instance]:
    """Yield an instance whose container runs the default image."""
    with daemon(folder, own_network=False) as (address, _):
        base_image(address, dockerfile_base())
        Instance(folder, address).build()
    with running(folder) as instance, postgresql(instance.inside()) as authority:
        instance.authority = authority
        instance.start()
        yield instance


@contextmanager
def running(folder: Path) -> Iterator[Instance]:
    with daemon(folder, own_network=True) as (address, process):
        instance = Instance(folder, address, process)
        try:
            yield instance
        finally:
            instance.docker("rm", "-f", *ADDRESSES)
