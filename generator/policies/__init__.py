"""IAM policies for the people and pipelines that deploy: one module per intent.

- ``deployer`` and ``helper``: create, update, delete the stacks (six documents, one role);
  ``deployer-stack-sets`` besides, for whoever has many accounts;
- ``boundary``: the most that a role of the stacks can get, whoever made it;
- ``publisher``: the frontend's files;
- ``releaser``: the backend's image, its ``.env``, and the stack's function that rolls them out;
- ``observer``: what is wrong with the instances;
- ``operator``: load on the instances, and a shell, beside ``observer``;
- ``revealer``: the values in the ``.env``, to read.
"""

from __future__ import annotations

from typing import Any

from generator.policies import (
    boundary,
    deployer,
    helper,
    observer,
    operator,
    publisher,
    releaser,
    revealer,
)

INTENTS = (boundary, deployer, helper, observer, operator, publisher, releaser, revealer)


def documents() -> dict[str, dict[str, Any]]:
    """Every policy document by file stem: ``output/policies/<stem>.json``."""
    return {stem: text for intent in INTENTS for stem, text in intent.documents().items()}
