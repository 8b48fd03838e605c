"""Whether EventBridge gets its events to the topics that its rules name.

EventBridge states no condition keys when it publishes: "You can't use Condition blocks in Amazon
SNS topic policies for EventBridge" (EventBridge user guide, eb-use-resource-based), and neither
aws:SourceAccount nor aws:SourceArn in a key's policy is "supported for EventBridge-to-encrypted
topics" (SNS developer guide, sns-key-management). What is allowed under a condition only is dropped
without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from generator.checks.reach.facts import Reach
from generator.checks.reach.names import Names
from generator.model.iam import Statement, covers

EVENTBRIDGE = "events.amazonaws.com"
EVENT = "event"
PUBLISH = ("sns:Publish",)
ENCRYPT = ("kms:Decrypt", "kms:GenerateDataKey")
TRUE_OF_NOTHING = ("StringNot", "NumericNot", "DateNot", "ArnNot", "NotIpAddress", "ForAllValues:")
"""How the operators begin that hold when the key that they ask for is not stated."""


def facts(names: Names, own: Mapping[str, list[Statement]]) -> Iterator[Reach]:
    """Every rule that sends to a topic, and the policies that refuse its events."""
    topics = names.of_type("AWS::SNS::Topic")
    for rule, properties in names.of_type("AWS::Events::Rule").items():
        for target in properties.get("Targets", []):
            topic = names.target(target.get("Arn"))
            if topic in topics:
                key = names.target(topics[topic].get("KmsMasterKeyId"))
                why = [
                    *_in_the_way(topic, PUBLISH, own.get(topic, [])),
                    *(_in_the_way(key, ENCRYPT, own[key]) if key in own else ()),
                ]
                yield Reach(names.called(rule), names.called(topic), EVENT, (rule,), False, (*why,))


def _in_the_way(resource: str, actions: Iterable[str], own: Iterable[Statement]) -> Iterator[str]:
    spellings = ("*", f"${{{resource}}}", f"${{{resource}.Arn}}", f"${{{resource}.TopicArn}}")
    for action in actions:
        fitting = [s for s in own if _names_it(s) and covers(s, action, spellings)]
        yield from (f"{s.name} refuses {action}" for s in fitting if not s.allows and _holds(s))
        allowing = [s for s in fitting if s.allows]
        if not allowing:
            yield f"no policy of {resource} lets {EVENTBRIDGE} do {action}"
        elif not any(map(_holds, allowing)):
            where = " and ".join(s.name for s in allowing)
            yield f"{where} lets it do {action} under a condition, which EventBridge never meets"


def _names_it(statement: Statement) -> bool:
    named = bool({("Service", EVENTBRIDGE), ("*", "*")} & set(statement.principals))
    return named != statement.not_principals


def _holds(statement: Statement) -> bool:
    """Whether its conditions hold for a request that states no keys."""
    return all(
        operator.endswith("IfExists")
        or operator.startswith(TRUE_OF_NOTHING)
        or (operator == "Null" and values == ("true",))
        for operator, _, values in statement.conditions
    )
