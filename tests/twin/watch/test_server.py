"""Who may see the page, and what it may run."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import socket
from pathlib import Path
from typing import cast

import pytest

from generator.twin.twin import Twin
from generator.twin.watch import server
from tests.twin.watch.fake import FakeTwin


@pytest.fixture
def address(tmp_path: Path) -> tuple[int, str]:
    """Port and token of a page."""
    twin = FakeTwin(tmp_path)
    door = socket.create_server(("127.0.0.1", 0))
    made = server.start(cast(Twin, twin), door.detach())
    found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/([\w-]{32})/", made)
    assert found
    return int(found[1]), found[2]


def ask(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    link.request("GET", path, headers=named)
    return link.getresponse()


def test_the_address_that_is_printed_shows_the_page_and_its_state(address: tuple[int, str]) -> None:
    port, token = address
    page = ask(port, f"/{token}/")
    assert page.status == 200
    document = page.read().decode()
    assert "@" not in re.sub(r"<style>.*?</style>", "", document, flags=re.DOTALL)
    assert 'data-part="BackendGroup"' in document
    state = ask(port, f"/{token}/state.json", Sec_Fetch_Site="same-origin")
    assert json.loads(state.read())["environment"] == "seed"
    assert ask(port, f"/{token}/other").status == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "clinic.example"},
        {"Origin": "https://clinic.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_another_site_s_page_sees_nothing(
    address: tuple[int, str], headers: dict[str, str]
) -> None:
    port, token = address
    for name in ("", "state.json"):
        assert ask(port, f"/{token}/{name}", **headers).status == 403


@pytest.mark.parametrize("path", ["/", "/state.json", "//", "/x/state.json", "/%00/"])
def test_who_lacks_the_token_sees_nothing(address: tuple[int, str], path: str) -> None:
    refused = ask(address[0], path)
    assert refused.status == 403
    assert address[1] not in refused.read().decode()


def test_the_page_runs_its_own_script_and_loads_nothing(address: tuple[int, str]) -> None:
    port, token = address
    page = ask(port, f"/{token}/")
    document, policy = page.read().decode(), page.headers["Content-Security-Policy"]
    for kind in ("script", "style"):
        [inside] = re.findall(f"<{kind}>(.*?)</{kind}>", document, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    addresses = set(re.findall(r"https?://[\w./-]+", document))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\s(src|href|style|on\w+)=", document)
