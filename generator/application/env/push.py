"""Puts a checked file where the instances look for it, if it is not there already."""

from __future__ import annotations

from dataclasses import replace

from generator.application.env import fingerprint
from generator.application.env.check import Checked
from generator.application.env.deployed import FINGERPRINT, Deployed, bucket_of, look
from generator.cloud.aws import Aws
from generator.layers.identity import ENV_FILE
from generator.report import Report


def push(aws: Aws, stack: str, checked: Checked, report: Report) -> bool:
    """Send the file and its fingerprint; whether anything had to be sent.

    The file goes first: a push that is cut after it leaves a version without a fingerprint, and
    the next push sends both again.
    """
    deployed = look(aws, bucket_of(aws, stack))
    known = deployed.fingerprint
    if known and known.is_of(checked.data):
        version = known.version
        report.say(f"{stack} has this file already (version {version}): nothing was sent.")
        report.tell("push", stack=stack, sent=False, version=version, changes={})
        return False
    changes = known.differences(checked.values) if known else {"added": [*checked.values]}
    version = _send(aws, deployed, checked, changes)
    report.say(f"{stack}: {checked.path} is now {ENV_FILE} in {deployed.bucket}.")
    report.say(f"version {version}")
    for how, names in changes.items():
        if names:
            report.say(f"{how + ':':<9} {', '.join(names)}")
    report.say("Instances notice it within two minutes and restart one after the other.")
    report.tell("push", stack=stack, sent=True, version=version, changes=changes)
    return True


def _send(aws: Aws, deployed: Deployed, checked: Checked, changes: dict[str, list[str]]) -> str:
    s3 = aws.client("s3")
    # The bucket's own default encrypts: with the customer's key where the stack has one.
    sent = s3.put_object(
        Bucket=deployed.bucket,
        Key=ENV_FILE,
        Body=checked.data,
        ContentType="text/plain; charset=utf-8",
    )
    made = fingerprint.make(checked.data, checked.values)
    made = replace(made, version=sent["VersionId"], changes=changes)
    # Not with the customer's key: whoever reads this needs no right to decrypt the file itself.
    s3.put_object(
        Bucket=deployed.bucket,
        Key=FINGERPRINT,
        Body=made.to_json(),
        ContentType="application/json",
        ServerSideEncryption="AES256",
    )
    return made.version
