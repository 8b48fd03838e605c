"""What AWS answered, without a value: by operation the statuses, error codes and attributes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from generator.cloud.aws import Aws

Calls = dict[str, dict[str, Any]]
"""By service.Operation: ``count``, ``statuses`` (HTTP), ``errors`` (codes), ``attributes``."""


class CallRecorder:
    """Listens to botocore. The objects of a publication go another way, past it."""

    def __init__(self, held: Calls | None = None) -> None:
        self.calls: Calls = held or {}
        self._lock = threading.Lock()

    def listen(self, aws: Aws) -> None:
        """Begin with a connection that has made no client yet: each copies the listeners."""
        aws.session.events.register("after-call.*", self._answered)

    def _answered(self, http_response: Any, parsed: Any, model: Any, **_: Any) -> None:
        name = f"{model.service_model.service_name}.{model.name}"
        with self._lock:
            known = self.calls.setdefault(
                name, {"count": 0, "statuses": [], "errors": [], "attributes": []}
            )
            known["count"] += 1
            _add(known["statuses"], http_response.status_code)
            if http_response.status_code >= 300:
                _add(known["errors"], str(parsed.get("Error", {}).get("Code", "")))
            elif model.output_shape is not None:
                for path in attributes(model.output_shape, parsed):
                    _add(known["attributes"], path)


def attributes(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """The names on the way to everything that an answer holds; keys of a map are data, not names.

    ``[]`` stands for an item of a list.
    """
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, inner in value.items():
            if name in shape.members and inner is not None:
                yield from attributes(shape.members[name], inner, f"{path}.{name}".lstrip("."))
    elif shape.type_name == "list" and isinstance(value, list):
        for inner in value:
            yield from attributes(shape.member, inner, f"{path}[]")
    elif path:
        yield path


def _add(held: list[Any], value: Any) -> None:
    if value not in held:
        held.append(value)
        held.sort()
