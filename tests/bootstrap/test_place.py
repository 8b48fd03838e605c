"""Where a machine gets no network of its own, the tests go on and say so."""

from pathlib import Path

import pytest

from . import conftest
from .conftest import NotInItsOwnNetworkWarning
from .place import own_network, why_not


def test_a_boot_on_a_shared_network_warns_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest, "why_not", lambda: "the kernel says no")
    place = conftest._place_of_birth(tmp_path)
    with pytest.warns(NotInItsOwnNetworkWarning, match="the kernel says no"):
        machine = place.__enter__()
    assert machine.run().returncode == 0
    assert machine.cloud.signals() == ["SUCCESS"]
    assert not machine.place.is_own
    place.__exit__(None, None, None)


def test_without_the_programs_for_it_there_is_no_own_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    why_not.cache_clear()
    assert why_not() == "unshare and nsenter (util-linux) are not installed"
    why_not.cache_clear()


def test_a_network_of_its_own_has_the_metadata_address_at_once() -> None:
    if why_not():
        return
    with own_network() as one, own_network() as other:
        names = [sorted(s.getsockname()[0] for s in p.listeners.values()) for p in (one, other)]
    assert names[0] == names[1] == ["0.0.0.0", "127.0.0.1", "169.254.169.254"]
