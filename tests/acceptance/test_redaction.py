"""Nothing that must not leave is left in a text, however it stands there."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import quote

import pytest

from generator.acceptance.redaction import Redactor

SECRET = "s3cr+t/wor d-that.is=long"


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"x{SECRET}y",
        quote(SECRET, safe=""),
        b64encode(SECRET.encode()).decode(),
        f"JWT_SECRET={SECRET}",
    ],
)
def test_a_known_secret_is_blanked_in_every_coding(text: str) -> None:
    redactor = Redactor()
    redactor.add("secret", [SECRET])
    clean = redactor.text(text)
    assert text not in clean
    assert "<secret-1>" in clean


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("AKIAIOSFODNN7EXAMPLE signed", "AKIAIOSFODNN7EXAMPLE"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.dBjftJeZ4CVP", "eyJzdWIiOjF9"),
        ("postgres://owner:pw@10.0.1.2/clinic", "owner:pw"),
        ("DB_PASSWORD=hunter2", "hunter2"),
        ('{"password": "hunter2"}', "hunter2"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
        ("arn:aws:iam::123456789012:role/x", "123456789012"),
        ("clinic-artifacts-123456789012-us-east-1", "123456789012"),
        ("told ana.perez+aws@clinica-dental.com.bo", "clinica-dental"),
        ("told ana.perez+aws@clinica-dental.com.bo", "ana.perez"),
        ("told ana@clinica.com.bo", "ana@"),
        ("https://d111111abcdef8.cloudfront.net/api", "d111111abcdef8"),
        ("https://ana:pw@clinic.example.com/", "clinic.example.com"),
        ("*.clinic.example.com", "example"),
        ("_acme.clinic.example.com.", "example"),
        ("clinic.example.com.2026", "example"),
        ("Clinic.Example.COM", "Example"),
        ("db.c1x2.us-east-1.rds.amazonaws.com:5432", "c1x2"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/backend:1", "amazonaws"),
        ("from 54.239.28.85 it was refused", "54.239.28.85"),
    ],
)
def test_what_looks_like_one_is_blanked_without_being_known(text: str, gone: str) -> None:
    assert gone in text
    assert gone not in Redactor().text(text)


@pytest.mark.parametrize(
    "text",
    [
        "db.t4g.micro",
        "assets/index-a1b2c3.js",
        "root.json",
        "10.0.0.0/16",
        "NetworkStack/Vpc",
        "arn:aws:ecs:us-east-1::task",
        "CREATE_COMPLETE",
        "2026-11-25T00:29:20.333000+00:00",
        "secretsmanager.DescribeSecret",
        "the backend dies without JWT_SECRET",
    ],
)
def test_what_the_comparison_needs_stays(text: str) -> None:
    assert Redactor().text(text) == text


def test_names_of_fields_blank_their_values_and_numbers_can_be_accounts() -> None:
    redactor = Redactor()
    made = redactor.value(
        {"DatabasePassword": "hunter2", "account": 123456789012, "n": 3, "in": [{"token": "abcd"}]}
    )
    assert json.loads(json.dumps(made)) == {
        "DatabasePassword": "<secret-1>",
        "account": "<account-1>",
        "n": 3,
        "in": [{"token": "<secret-2>"}],
    }


def test_a_value_has_the_same_label_everywhere() -> None:
    redactor = Redactor()
    first, second = redactor.text("a.example.com b.example.com"), redactor.text("b.example.com")
    assert first == "<host-1> <host-2>"
    assert second == "<host-2>"


def test_a_host_that_is_known_is_blanked_whatever_its_case_and_ending() -> None:
    redactor = Redactor()
    redactor.add("host", ["Clinica.Example.Health"])
    assert "linica" not in redactor.text("to CLINICA.example.HEALTH, and xclinica.example.healthy")


def test_short_and_common_values_of_a_file_stay() -> None:
    redactor = Redactor()
    redactor.add("secret", ["true", "3000", "86400", "production", ""])
    assert redactor.text("true production 3000 86400") == "true production 3000 86400"
