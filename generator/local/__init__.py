"""The embedded AWS endpoint: ministack on 127.0.0.1, with a small adapter for what it lacks.

A rehearsal against it proves that references and outputs resolve across stacks, that change sets,
updates, rollbacks, failed deletes and stack sets take AWS's course with AWS's events, and that each
resource can be read back through its service.

A distribution serves its bucket, with its policy, function, headers and redirects; an instance
refresh replaces instances that are mere entries, and heeds alarms.

It proves nothing about values: but for a database's version and snapshot, a wrong one passes, so
the linters carry that. Warm pools and RDS event subscriptions are remembered, not served, and a
rule loses its prefix list. Nothing boots: no instance, no database, no signal. Siblings are created
one by one, unchanged resources report an update too, and no change set shows children's changes.
"""

from generator.local.endpoint import Endpoint, EndpointError, embedded_endpoint

__all__ = ["Endpoint", "EndpointError", "embedded_endpoint"]
