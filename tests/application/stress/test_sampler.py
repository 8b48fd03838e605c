"""Requests go to a server on loopback, and every kind of failure is an answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from generator.application.stress.sampler import Sampler, ask, checked_url
from generator.errors import ClinicError

from .site import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.mark.parametrize(("status", "good"), [(200, True), (204, True), (302, False), (503, False)])
def test_only_2xx_is_a_good_answer(site: Site, status: int, good: bool) -> None:
    site.status = status
    answer = ask(site.url)
    assert answer.good == good
    assert answer.milliseconds > 0
    assert site.paths == ["/api"]


def test_a_closed_port_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert not ask(f"http://127.0.0.1:{port}/").good


def test_an_answer_that_is_not_http_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.listen()
        address = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        plain = Sampler(address, pace=60)
        with plain:
            silent.accept()[0].close()
    assert plain.take()[:2] == (1, 1)


def test_answers_are_taken_once_with_the_median_of_the_good_ones(site: Site) -> None:
    with Sampler(site.url) as asking:
        pass
    requests, failures, latency = asking.take()
    assert (requests, failures) == (len(site.paths), 0)
    assert latency
    assert asking.take() == (0, 0, None)


@pytest.mark.parametrize("url", ["", "clinic.example/api", "ftp://x/y", "https:///api"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ClinicError, match="is no address"):
        checked_url(url)


def test_an_address_stays_as_it_is() -> None:
    assert checked_url("https://clinic.example/api") == "https://clinic.example/api"
