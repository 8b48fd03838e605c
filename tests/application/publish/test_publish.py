"""A build reaches its bucket, and only what has changed."""

from __future__ import annotations

from pathlib import Path

from generator.application.publish.publish import Wishes, publish

from .sites import STACK, Frontend, build


def run(site: Frontend, dist: Path, **wishes: object) -> None:
    publish(lambda: site.aws, STACK, dist, Wishes(**wishes))  # type: ignore[arg-type]


def test_a_build_is_published_with_its_headers(site: Frontend, dist: Path) -> None:
    run(site, dist)
    assert site.files() == build()
    assert site.headers("index.html") == ("text/html; charset=utf-8", "no-cache")
    assert site.headers("robots.txt") == ("text/plain; charset=utf-8", "no-cache")
    assert site.headers("assets/index-BkA3xQ9z.js") == (
        "text/javascript; charset=utf-8",
        "public, max-age=31536000, immutable",
    )
    assert site.invalidations() == [["/index.html", "/robots.txt"]]
