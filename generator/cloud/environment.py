"""What is deployed: the templates of one form, and the parameters of one environment."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator import output
from generator.errors import ClinicError, quote
from generator.parameters import files as parameters

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.literals import CapabilityType
    from mypy_boto3_cloudformation.type_defs import TagTypeDef

CAPABILITIES: list[CapabilityType] = ["CAPABILITY_IAM"]
"""The roles have no names of their own, so CAPABILITY_NAMED_IAM would be too much."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Environment:
    """One environment, ready to be sent."""

    name: str
    values: Mapping[str, str]
    """Checked parameters of the operator, without TemplateBaseUrl."""
    documents: Mapping[str, Document]
    """Templates by file name: root.json and a file per layer, or flat.json alone."""

    @property
    def stack(self) -> str:
        return stack_name(self.name)

    @property
    def nested(self) -> bool:
        return "root.json" in self.documents

    @property
    def top(self) -> str:
        """The file name of the template that the stack itself is made of."""
        return "root.json" if self.nested else "flat.json"

    @property
    def tags(self) -> list[TagTypeDef]:
        return [{"Key": "Environment", "Value": self.name}]

    @cached_property
    def files(self) -> dict[str, bytes]:
        """What is uploaded, by file name."""
        return output.render(self.documents)

    @cached_property
    def digest(self) -> str:
        """sha256 of the whole set of files, as 64 hexadecimal digits."""
        sums = [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in self.files.items()]
        return hashlib.sha256("\n".join(sums).encode()).hexdigest()

    def parameters(self, base: str) -> dict[str, str]:
        """Every parameter of the stack: the operator's values over the template's defaults, so that
        nothing is left over from an earlier deployment. ``base`` is where the set was uploaded."""
        declared = self.documents[self.top]["Parameters"]
        defaults = {k: str(d["Default"]) for k, d in declared.items() if "Default" in d}
        return {**defaults, **self.values} | ({"TemplateBaseUrl": base} if self.nested else {})

    def children(self) -> dict[str, Document]:
        """The templates of the nested stacks by their logical ids in the root (NetworkStack)."""
        return {
            f"{name.removesuffix('.json').capitalize()}Stack": document
            for name, document in self.documents.items()
            if name != self.top
        }

    def with_values(self, **values: str) -> Environment:
        """The same set with some parameters changed."""
        return replace(self, values={**self.values, **values})


def stack_name(name: str) -> str:
    """The name of an environment's stack; the policies know it by its beginning."""
    return f"clinic-{name}"


def name_of(env: str, folder: Path) -> str:
    """The name of ``env``, given by name or by its file, without a look at its parameters;
    ClinicError if there is none or it cannot name a stack."""
    path = parameters.find(env, folder)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,60}", path.stem):
        raise ClinicError(
            f"{quote(path.stem)} cannot name a stack: call the parameter file by up to "
            "60 letters, digits and hyphens."
        )
    return path.stem


def load(env: str, folder: Path, flat: bool = False) -> Environment:
    """Build the set and check the parameters of ``env``; ClinicError if one is wrong."""
    name, path = name_of(env, folder), parameters.find(env, folder)
    made = output.documents()
    values = parameters.load_checked(path, made["flat.json"])
    prefix = "" if flat else "nested/"
    chosen = ["flat.json"] if flat else [name for name in made if name.startswith(prefix)]
    return Environment(name, values, {name.removeprefix(prefix): made[name] for name in chosen})
