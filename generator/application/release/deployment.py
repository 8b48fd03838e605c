"""The image of a deployment: built before it begins, pushed as soon as its registry exists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from generator.application.release.build import check, is_there, make, run, sign_in
from generator.cloud.aws import Aws
from generator.cloud.environment import Environment
from generator.cloud.stacks import find
from generator.errors import ClinicError, quote
from generator.report import Report


def built(
    aws: Aws, env: Environment, context: Path, report: Report
) -> Callable[[str], None] | None:
    """Build ``context`` for the tag that BackendImage names; what pushes it to a repository, by
    the repository's name. None if the stack's registry has the tag already.

    ClinicError (2) for a BackendImage that is no such tag, or without Docker; (1) if building or
    signing in fails: nothing has been deployed then.
    """
    tag = env.parameters("").get("BackendImage", "")
    if not tag.startswith(":"):
        raise ClinicError(
            f"--build pushes a tag of the stack's own registry, and BackendImage of {env.name} is "
            f"{quote(tag)}: set it to one such as :1, or roll an image out with `clinic release "
            f"{env.name} --build`."
        )
    docker, local = check(context), f"{env.stack}{tag}"
    stack = find(aws, env.stack)
    repository = stack.outputs.get("ImageRepositoryUri", "") if stack else ""
    if repository and is_there(aws, f"{repository}{tag}"):
        _known(f"{repository}{tag}", env, report)
        return None
    nothing = "Nothing was deployed."
    make(docker, context, local, report, nothing)
    registry = sign_in(aws, docker, after=nothing)

    def push(name: str) -> None:
        image = f"{registry}/{name}{tag}"
        if is_there(aws, image):
            _known(image, env, report)
            return
        after = (
            "A deployment that has begun goes on in AWS, and its instances wait 15 minutes for the "
            "image: the same command follows it and pushes again."
        )
        report.say(f"Pushing {image}")
        run([docker, "tag", local, image], after=after)
        run([docker, "push", "--quiet", image], after=after)
        report.tell("image", image=image)

    return push


def _known(image: str, env: Environment, report: Report) -> None:
    report.say(
        f"{image} is in the registry already, and what a tag is there does not change: nothing is "
        f"pushed. For other content give BackendImage a new tag, or use `clinic release {env.name} "
        "--build`."
    )
