"""What the backend needs in its ``.env``: the file held against ``params/env.schema.json``.

The schema is JSON Schema (draft 2020-12) of an object of texts. Its annotations: ``readOnly`` the
stack supplies this key, ``deprecated`` the backend never reads it, ``x-advice`` what to say when
the part beside it is broken, ``x-severity`` how bad that is. The library's own messages hold the
value, so none of them is ever shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from generator.application.env.dotenv import ERROR, WARNING, EnvFile, Remark
from generator.application.env.supplied import SUPPLIED, is_taken_out
from generator.errors import ClinicError, quote, reason
from generator.parameters.files import nearest

FILE = "env.schema.json"

Schema = dict[str, Any]


def load(folder: Path) -> Schema | None:
    """The schema in the folder of parameter files; None if there is none. ClinicError if it is
    no schema."""
    path = folder / FILE
    try:
        schema = json.loads(path.read_bytes())
        Draft202012Validator.check_schema(schema)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ClinicError(f"{quote(str(path))} cannot be read ({reason(error)}).") from error
    except (ValueError, RecursionError) as error:
        raise ClinicError(f"{path} is not valid JSON: {error}.") from error
    except SchemaError as error:
        where = "/".join(map(str, error.absolute_path)) or "the schema itself"
        raise ClinicError(f"{path} is no JSON Schema: {where}: {error.message}.") from error
    if not isinstance(schema, dict):
        raise ClinicError(f"{path} must be a schema of an object with `properties`.")
    return schema


def remarks(file: EnvFile, schema: Schema) -> Iterator[Remark]:
    """What the schema has to say about a file that was read, in no order."""
    properties: Schema = schema.get("properties", {})
    for key, (line, _) in file.variables.items():
        yield from _key(file, key, line, properties)
    earlier = set[Remark]()
    for error in Draft202012Validator(schema).iter_errors(_ours(file)):
        earlier.update(_broken(file, error, properties))
    # One thing is said once, as the worst that it is.
    yield from {(r.key, r.message): r for r in sorted(earlier, reverse=True)}.values()


def _ours(file: EnvFile) -> dict[str, str]:
    """What the file decides; the stack's own keys are not its business."""
    return {key: value for key, value in file.values.items() if not is_taken_out(key)}


def _key(file: EnvFile, key: str, line: int, properties: Schema) -> Iterator[Remark]:
    known: Schema = properties.get(key, {})
    if key in SUPPLIED:
        says = f"{key} is supplied by {SUPPLIED[key]}: the value here is not used. Leave it out."
        yield Remark(line, WARNING, "supplied", key, says)
    elif known.get("deprecated"):
        yield Remark(line, WARNING, "unused", key, f"{key} is never read: leave it out.")
    elif is_taken_out(key):
        near = nearest(key, SUPPLIED)
        hint = f" ({near} is supplied by the stack.)" if near else ""
        says = f"{key} does not reach the backend: the instance takes every DB_ key out.{hint}"
        yield Remark(line, WARNING, "supplied", key, says)
    elif key not in properties:
        missing = [name for name in properties if name not in file.variables]
        near = nearest(key, missing)
        hint = f"did you mean {near}?" if near else "is it misspelt, or new?"
        says = f"{key} is no key that {FILE} knows: {hint}"
        yield Remark(line, WARNING, "unknown", key, says)


def _broken(file: EnvFile, error: ValidationError, properties: Schema) -> Iterator[Remark]:
    part: Schema = error.schema if isinstance(error.schema, dict) else {}
    severity = WARNING if part.get("x-severity") == WARNING else ERROR
    advice = part.get("x-advice")
    if error.validator == "required" and not error.path:
        for key in error.validator_value:
            if key not in file.variables:
                yield Remark(0, severity, "missing", key, _missing(file, key, advice, properties))
        return
    key = str(error.path[0]) if error.path else ""
    line = file.variables[key].line if key in file.variables else 0
    if error.validator == "minLength" and not file.values.get(key):
        why = properties.get(key, {}).get("description", "it must have a value.")
        yield Remark(line, severity, "no-value", key, f"{key} is empty: {why}")
        return
    says = advice or f"does not fit the schema's {_rule(error)}"
    yield Remark(line, severity, str(error.validator), key, f"{key or 'the file'} {says}.")


def _missing(file: EnvFile, key: str, advice: str | None, properties: Schema) -> str:
    strangers = [name for name in file.variables if name not in properties]
    near = nearest(key, strangers)
    why = f"{key} {advice}." if advice else f"{key} is missing."
    about = properties.get(key, {}).get("description", "")
    hint = f" Is {near} meant for it?" if near else ""
    return f"{why}{hint} {about}".rstrip()


def _rule(error: ValidationError) -> str:
    """A keyword and what it asks for, such as ``enum ["a", "b"]``; never the value."""
    asked = json.dumps(error.validator_value, ensure_ascii=False)
    return f"{error.validator} {asked if len(asked) <= 80 else ''}".rstrip()


def described(schema: Mapping[str, Any] | None) -> dict[str, str]:
    """What each key is for."""
    properties = (schema or {}).get("properties", {})
    return {key: about.get("description", "") for key, about in properties.items()}
