from __future__ import annotations

import dukpy
import pytest

from generator.shipped import text

CODE = text("generator.functions", "route_spa.js")


def answer(uri: str) -> dict:
    return dukpy.evaljs(f"{CODE}; handler({{request: {{uri: dukpy.uri}}}})", uri=uri)


@pytest.mark.parametrize("page", ["/", "/inicio", "/pacientes/12", "/agenda/", "/v1.2/x"])
def test_a_page_of_the_application_is_the_index(page):
    assert answer(page)["uri"] == "/index.html"


@pytest.mark.parametrize("file", ["/index.html", "/assets/index-Bx3.js", "/a/b.c/logo.svg", "/x."])
def test_a_file_stays_what_it_is(file):
    assert answer(file)["uri"] == file


@pytest.mark.parametrize("hidden", ["/.env", "/.git", "/assets/.env.production"])
def test_a_hidden_file_does_not_exist(hidden):
    assert answer(hidden)["statusCode"] == 404


def test_the_code_fits_into_a_cloudfront_function():
    assert len(CODE.encode()) <= 10_240
