"""The default Dockerfile is built and run as an instance does it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from . import conftest
from .instance import NAME, Instance

KINDS = (
    *("archivos-adjuntos", "reportes", "plantillas-consentimiento"),
    *("ediciones-imagenes", "backups", "temporal"),
)


def test_the_default_image_does_all_that_its_users_ask(instance: Instance, tmp_path: Path) -> None:
    """One test, since the tests' workers would each build the image."""
    the_backend_is_well_without_privileges(instance)
    for kind in KINDS:
        a_document_of_each_kind_is_read_back(instance, kind)
    an_upload_of_15_megabytes_arrives_whole(instance, tmp_path)
    a_page_is_printed_with_the_images_own_browser(instance)
    docker_starts_it_again_with_its_documents(instance)
    a_new_container_has_the_documents_of_the_one_before(instance)


def the_backend_is_well_without_privileges(instance: Instance) -> None:
    assert instance.ask("/api") == (200, b"well")
    status, body = instance.ask("/api/nope")
    assert (status, json.loads(body)["statusCode"]) == (404, 404)
    assert instance.docker("exec", NAME, "id", "-un") == "node\n"


def a_document_of_each_kind_is_read_back(instance: Instance, kind: str) -> None:
    path = f"/docs-0d3nt/{kind}/receta.pdf"
    sent = f"contents of {kind}"
    assert instance.ask(path, "--data-binary", sent)[0] == 201
    assert instance.ask(path) == (200, sent.encode())


def an_upload_of_15_megabytes_arrives_whole(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "scan").write_bytes(bytes(range(256)) * 60_000)
    path = "/docs-0d3nt/ediciones-imagenes/scan.png"
    assert instance.ask(path, "--data-binary", f"@{tmp_path / 'scan'}")[0] == 201
    assert instance.ask(path)[1] == (tmp_path / "scan").read_bytes()


def a_page_is_printed_with_the_images_own_browser(instance: Instance) -> None:
    status, body = instance.ask("/api/pdf")
    assert (status, body[:5]) == (200, b"%PDF-"), body[:500]


def docker_starts_it_again_with_its_documents(instance: Instance) -> None:
    path = "/docs-0d3nt/reportes/kept.txt"
    instance.ask(path, "--data-binary", "kept")
    instance.docker("restart", NAME)
    instance.wait_healthy()
    assert instance.ask(path) == (200, b"kept")


def a_new_container_has_the_documents_of_the_one_before(instance: Instance) -> None:
    path = "/docs-0d3nt/reportes/kept.txt"
    instance.docker("rm", "-f", NAME)
    instance.start()
    instance.wait_healthy()
    assert instance.ask(path) == (200, b"kept")


def test_where_no_image_can_be_built_the_run_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "why_not", lambda: "no Docker")
    with (
        pytest.warns(conftest.DefaultImageNotBuiltWarning, match="no Docker"),
        pytest.raises(pytest.skip.Exception, match="no Docker"),
    ):
        conftest.demand_docker()
