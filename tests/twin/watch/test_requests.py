"""Requests by path and status, as the CDN logs them."""

from __future__ import annotations

from pathlib import Path

from generator.twin.network import EDGE
from generator.twin.watch import requests
from generator.twin.watch.requests import Requests


def line(path: str, status: int = 200, at: float = 100.0, origin: str = "10.0.0.11:80") -> str:
    return f"{at:.3f} 198.51.100.10 GET {path} {status} 0.004 {origin}\n"


def read(log: Path, *lines: str) -> Requests:
    log.write_text("".join(lines))
    made = Requests(log)
    made.read()
    return made


def test_requests_are_counted_by_path_and_status_without_what_a_query_says(tmp_path: Path) -> None:
    log = tmp_path / "log"
    made = read(log, line("/", at=80), line("/api?token=secret"), line("/api", 502), line("/api"))
    state = made.state(now=101.0)
    assert state["paths"] == [
        {"path": "/api", "statuses": {"200": 2, "502": 1}},
        {"path": "/", "statuses": {"200": 1}},
    ]
    assert (state["total"], state["statuses"]) == (4, {"200": 3, "502": 1})
    assert state["per_second"] == 0.3  # the one at 80 s is older than what is averaged
    assert "secret" not in str(state)


def test_a_line_that_is_half_written_is_counted_once_when_it_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "log"
    whole = line("/api")
    made = read(log, whole, whole[:20])
    assert made.state(100)["total"] == 1
    with log.open("a") as stream:
        stream.write(whole[20:])
    made.read()
    made.read()
    assert made.state(100)["total"] == 2


def test_a_browser_s_request_is_counted_where_the_cdn_answers_it(tmp_path: Path) -> None:
    way_in = line("/api", origin=f"{EDGE}:443")
    assert read(tmp_path / "log", way_in, line("/api")).state(100)["total"] == 1


def test_many_paths_are_few_rows_and_no_request_is_left_out(tmp_path: Path) -> None:
    many = [line(f"/api/pacientes/{number}") for number in range(requests.PATHS + 20)]
    state = read(tmp_path / "log", *many).state(100)
    assert len(state["paths"]) == requests.ROWS + 1
    assert sum(sum(one["statuses"].values()) for one in state["paths"]) == len(many)


def test_what_is_no_request_at_all_is_not_counted(tmp_path: Path) -> None:
    assert read(tmp_path / "log", "100.0 a  400\n").state(100)["total"] == 0
