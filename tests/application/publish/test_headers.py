"""Content types and caching follow from a file's name."""

from __future__ import annotations

import string

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from generator.application.publish.headers import (
    IMMUTABLE,
    OTHER,
    TYPES,
    WORD,
    cache_control,
    content_type,
    is_hashed,
)

patient = settings(deadline=None, suppress_health_check=list(HealthCheck))
"""On a busy machine an example may take long."""
BASE64 = string.ascii_letters + string.digits + "_-"


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("assets/index-DiwrgTda.js", "text/javascript; charset=utf-8"),
        ("worker.mjs", "text/javascript; charset=utf-8"),
        ("assets/index-D8b4DHJx.css", "text/css; charset=utf-8"),
        ("assets/index-DiwrgTda.js.map", "application/json"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("logo.SVG", "image/svg+xml"),
        ("photo.avif", "image/avif"),
        ("inter.woff2", "font/woff2"),
        ("inter.woff", "font/woff"),
        ("engine.wasm", "application/wasm"),
        ("favicon.ico", "image/x-icon"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("strange.xyz", OTHER),
        ("zip", OTHER),
        ("v1.2/html", OTHER),
    ],
)
def test_a_file_has_the_content_type_of_its_suffix(key: str, wanted: str) -> None:
    assert content_type(key) == wanted


def test_every_text_says_its_character_set() -> None:
    for suffix, kind in TYPES.items():
        assert kind.startswith("text/") == kind.endswith("; charset=utf-8"), suffix


@pytest.mark.parametrize(
    "key",
    [
        "assets/index-DiwrgTda.js",
        "assets/react-CHdo91hT.svg",
        "assets/index-D-k2_xYz.css",
        "assets/index-abc12345.js",
        "assets/vendor-4f3c2b1a.js",
        "assets/index-abc123.js",
        "assets/inter-latin-400-normal-C38fXH4l.woff2",
        "assets/index-DiwrgTda.js.map",
        "assets/index-DiwrgTda.css.br",
        "static/js/main.8a7d2f31.js",
        "static/js/787.28cb0dcd.chunk.js",
        "static/media/logo.6ce24c58023cc2f8fd88fe9d219db6c6.svg",
        "workbox-58bd4dca.js",
        "js/app-BcNkq3vW.js",
        "portal/assets/index-DiwrgTda.js",
    ],
)
def test_a_name_with_a_hash_is_kept_for_a_year(key: str) -> None:
    assert cache_control(key) == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "key",
    [
        "index.html",
        "about-DiwrgTda.html",
        "assets/index.js",
        "assets/logo-darkmode.svg",
        "assets/photo-iphone14.jpg",
        "assets/banner-1200x630.png",
        "assets/report-20240101.pdf",
        "assets/section-Section1.png",
        "og-1200x630.png",
        "android-chrome-512x512.png",
        "apple-touch-icon.png",
        "mockup-iPhone14.png",
        "sw.js",
        "registerSW.js",
        "manifest.webmanifest",
        "my-component.js",
        "robots.txt",
    ],
)
def test_a_name_that_a_person_gave_is_asked_for_anew(key: str) -> None:
    assert cache_control(key) == "no-cache"


@patient
@given(st.text(BASE64, min_size=8, max_size=8), st.sampled_from(["js", "css", "woff2", "svg"]))
def test_whatever_hash_a_bundler_writes_into_assets_is_seen(name: str, suffix: str) -> None:
    assume(not WORD.fullmatch(name))
    assert cache_control(f"assets/index-{name}.{suffix}") == IMMUTABLE


@patient
@given(st.from_regex(r"[a-z]{1,12}(-[a-z]{1,12}){0,3}", fullmatch=True))
def test_words_are_no_hash_anywhere(stem: str) -> None:
    for folder in ("", "assets/", "static/js/", "img/"):
        assert not is_hashed(f"{folder}{stem}.js")
