"""Takes secrets, account ids, e-mail addresses and host names out of what is written down.

What is not known to be harmless is blanked: a word that looks like a host name becomes one, so
evidence can lose a word, but not give one away.
"""

from __future__ import annotations

import ipaddress
import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

HARMLESS = re.compile(r"(?i)true|false|\d{1,5}|production|development|.{0,3}")
"""Values of a .env that are no secrets and stand in many a sentence."""
NAMED = re.compile(r"(?i)password|passwd|secret|token|api_?key|credential")
"""Fields whose value is a secret by their name."""
SECRETS = (
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{12,}\b"),
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"),
    re.compile(r"-----BEGIN [^-]*PRIVATE KEY-----.*?(?:-----END [^-]*-----|\Z)", re.S),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
"""Access key ids, tokens, private keys, a user's name and password in an address."""
ASSIGNED = re.compile(
    r"""(?i)((?:password|passwd|secret|token|api_?key)(?:=|"\s*:\s*"))([^\s"',;&<]+)"""
)
"""NAME=value and "name": "value", as logs and addresses write them."""
EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
ACCOUNT = re.compile(r"(?<![0-9A-Za-z])\d{12}(?![0-9A-Za-z])")
ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
NO_HOSTS = "css|gif|html|ico|jpg|jpeg|js|json|jsonl|map|md|mjs|pdf|png|py|sh|svg|toml|ts|txt|xml|"
NO_HOSTS += "yaml|yml|webp|woff|zip|gz|cjs|log|sql|env|conf|service|socket|"
NO_HOSTS += "nano|micro|small|medium|large|xlarge|metal"
"""Last words of file names and of instance types."""
LABELS = r"(?<![\w-])(?:<[a-z-]+-\d+>\.)?(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+"
FILE = rf"(?:{NO_HOSTS})\b"
HOSTS = (
    re.compile(rf"{LABELS}(?!{FILE})(?:[a-z]{{2,24}}|xn--[a-z0-9-]+)(?![\w-])(?!\.{FILE})"),
    re.compile(rf"(?i){LABELS}(?:com|net|org|io|dev|app|cloud|local|internal)(?![\w-])"),
)


class Redactor:
    """Labels such as ``<host-1>`` for values; the same value has the same label in one run."""

    def __init__(self) -> None:
        self._labels: dict[tuple[str, str], str] = {}
        self._known: dict[str, dict[str, str]] = {}

    def add(self, kind: str, values: Iterable[str]) -> None:
        """Redact these values wherever they occur, also within a longer word."""
        for value in values:
            if not HARMLESS.fullmatch(value):
                label = self._label(kind, value)
                encoded = {quote(value, safe=""), b64encode(value.encode()).decode()}
                held = self._known.setdefault(kind, {})
                held |= dict.fromkeys((value, *encoded), label)

    def text(self, text: str) -> str:
        """``text`` without anything that is known or looks like it must be blanked."""
        text = self._known_in(text, "secret")
        for pattern in SECRETS:
            text = pattern.sub(self._replacing("secret"), text)
        text = ASSIGNED.sub(lambda match: match[1] + self._label("secret", match[2]), text)
        text = EMAIL.sub(self._replacing("e-mail"), text)
        for pattern in HOSTS:
            text = pattern.sub(self._replacing("host"), text)
        text = ADDRESS.sub(self._address, text)
        text = self._known_in(self._known_in(text, "host"), "account")
        return ACCOUNT.sub(self._replacing("account"), text)

    def value(self, value: Any, name: str = "") -> Any:
        """The same for everything inside a value that is to become JSON."""
        if isinstance(value, dict):
            return {self.text(str(k)): self.value(v, str(k)) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        if value is None or isinstance(value, bool):
            return value
        text = str(value)
        if NAMED.search(name) and not HARMLESS.fullmatch(text) and not text.startswith("arn:"):
            return self._label("secret", text)
        clean = self.text(text)
        return value if isinstance(value, (int, float)) and clean == text else clean

    def _known_in(self, text: str, kind: str) -> str:
        known = self._known.get(kind, {})
        for value in sorted(known, key=len, reverse=True):
            pattern = re.escape(value) if len(value) >= 8 else rf"\b{re.escape(value)}\b"
            text = re.sub(pattern, known[value], text, flags=re.IGNORECASE)
        return text

    def _replacing(self, kind: str) -> Callable[[re.Match[str]], str]:
        return lambda match: self._label(kind, match[0])

    def _address(self, match: re.Match[str]) -> str:
        """Public ones; those of a private network are in every template."""
        try:
            public = ipaddress.ip_address(match[0]).is_global
        except ValueError:
            return match[0]
        return self._label("host", match[0]) if public else match[0]

    def _label(self, kind: str, value: str) -> str:
        if re.fullmatch(r"<[a-z-]+-\d+>", value):
            return value
        number = sum(known == kind for known, _ in self._labels) + 1
        return self._labels.setdefault((kind, value.lower()), f"<{kind}-{number}>")
