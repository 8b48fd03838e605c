"""What a rotation costs those who log in, with a real Docker and a real database: nothing."""

import warnings
from pathlib import Path

import pytest

from . import docker_host, postgres
from .rotation import BUSY, QUICK, QUIET, site


class NoRealRotationWarning(UserWarning):
    """Nobody logged in during a rotation."""


def test_a_rotation_refuses_no_login_on_a_quiet_site_and_on_a_busy_one(tmp_path: Path) -> None:
    if reason := docker_host.lacking() or postgres.lacking():
        warnings.warn(f"no rotation tried here: {reason}", NoRealRotationWarning, stacklevel=1)
        pytest.skip(reason)
    with site(tmp_path, QUICK, QUIET) as here:
        quiet = here.rotation(4)
        assert quiet.failed == {}
        assert len(quiet.users()) == 2, "all logged in as one"
        assert quiet.connections > len(quiet.answers) / 2, "the pool was not idle"
        here.configure(BUSY)
        busy = here.rotation(24)
        assert busy.failed == {}
        assert len(busy.users()) == 2
        assert quiet.users() & busy.users()
        assert len(busy.answers) > 100
