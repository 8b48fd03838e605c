"""The connection to AWS, and what its refusals mean to a person."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event
from typing import Any

import boto3
from botocore import exceptions as wrong
from botocore.config import Config
from botocore.parsers import ResponseParserError
from botocore.session import Session

from generator.cloud.clients import Client
from generator.cloud.rights import action_of, advice
from generator.cloud.text import plain
from generator.errors import ClinicError

CONFIG = Config(
    retries={"mode": "adaptive", "max_attempts": 8},
    connect_timeout=10,
    read_timeout=60,
    max_pool_connections=16,
    user_agent_extra="clinic-stack",
)
KNOCKS = 3
"""Attempts after which an address that has never answered is taken for a wrong one."""
NOBODYS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""A session that looks at no profile and no file, in botocore's own terms."""
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
SKEWED = {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheRapidFuture"}
UNKNOWN_KEY = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "AuthFailure",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden", "403"}
SLOW = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"}
SLOW |= {"SlowDown", "ServiceUnavailable", "InternalFailure", "InternalError", "RequestTimeout"}
NO_LOGIN = (
    wrong.NoCredentialsError,
    wrong.PartialCredentialsError,
    wrong.CredentialRetrievalError,
    wrong.NoAuthTokenError,
    wrong.LoginError,
    wrong.SSOError,
    wrong.TokenRetrievalError,
)
UNREACHABLE = (
    wrong.ConnectionError,
    wrong.HTTPClientError,
    wrong.IncompleteReadError,
    ResponseParserError,
)
PAGE = re.compile(rb"\s*<(!doctype )?html", re.IGNORECASE)


@dataclass(frozen=True)
class Aws:
    """One account in one region. Clients are made once; threads may share them."""

    session: boto3.Session
    region: str
    endpoint: str | None = None
    """None leaves the choice to AWS_ENDPOINT_URL and the profile, as the AWS CLI does."""
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _answered: Event = field(default_factory=Event, repr=False)

    @property
    def client(self) -> Client:
        """The client of a service, as ``client("s3")``, with the types of that service."""
        return self.client_named

    def client_named(self, service: str) -> Any:
        """The client of a service that is only known at run time, so without types.

        Every call is retried with growing pauses, at most 8 times, and the first ones at most
        3 times until anything answers.
        """
        if service not in self._clients:
            make: Callable[..., Any] = self.session.client
            try:
                made = make(service, config=CONFIG, endpoint_url=self.endpoint)
            except ValueError as error:
                raise ClinicError(f"AWS_ENDPOINT_URL is no address: {_bare(error)}.") from error
            made.meta.events.register_first("needs-retry", self._heard)
            made.meta.events.register("before-parse", _no_page)
            made.meta.events.register("provide-client-params.s3", self._own_buckets_only)
            self._clients[service] = made
        return self._clients[service]

    def _heard(
        self, response: object, attempts: int, caught_exception: Exception | None, **_: object
    ) -> None:
        """Stop botocore's retries, which go on for a minute, while nothing was ever answered:
        then it is the address or the network, and no pause mends that."""
        if response is not None:
            self._answered.set()
        elif (
            attempts >= KNOCKS
            and isinstance(caught_exception, UNREACHABLE)
            and not self._answered.is_set()
        ):
            raise caught_exception

    def _own_buckets_only(self, params: dict[str, Any], model: Any, **_: object) -> dict[str, Any]:
        """Let S3 refuse a bucket of another account: names are global, and one that was deleted
        may be anybody's today."""
        if "ExpectedBucketOwner" in model.input_shape.members:
            return {"ExpectedBucketOwner": self.account, **params}
        return params

    @cached_property
    def account(self) -> str:
        """The twelve digits of the account whose credentials these are; asks once."""
        return str(self.client("sts").get_caller_identity()["Account"])


def _no_page(response_dict: Mapping[str, Any], **_: object) -> None:
    """Stop where something else than AWS answers, such as a network's page to sign in on: botocore
    would take the page for an answer without content."""
    body = response_dict["body"]
    if response_dict["status_code"] < 300 and isinstance(body, bytes) and PAGE.match(body):
        raise ResponseParserError("a web page answers in its place")


def connect(
    profile: str | None = None,
    region: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Aws:
    """Connect with AWS's own credential chain, or only with ``variables``.

    ``variables`` are those that point at one endpoint (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY, AWS_REGION); then no profile or file of the person is read.
    Raises ClinicError when the profile is unknown or no region is set.
    """
    with explained():
        if variables:
            session = boto3.Session(
                aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
                region_name=region or variables["AWS_REGION"],
                botocore_session=Session(session_vars=NOBODYS),
            )
            return Aws(session, session.region_name, variables["AWS_ENDPOINT_URL"])
        chosen = region or os.environ.get("AWS_REGION")
        session = boto3.Session(profile_name=profile, region_name=chosen)
        if not session.region_name:
            raise wrong.NoRegionError
        return Aws(session, session.region_name)


@contextmanager
def explained(*meant: str) -> Iterator[None]:
    """Turn every refusal of AWS in the block, or in the decorated function, into a sentence.

    ``meant`` are the policies for it, as stems of output/policies/; the deployer's unless given.
    Of those that give a right that is missing, these are named.
    """
    try:
        yield
    except (wrong.BotoCoreError, wrong.ClientError, ResponseParserError) as error:
        raise explain(error, *meant) from error


def explain(error: Exception, *meant: str) -> ClinicError:
    """What an error of botocore means and what to do, in one sentence.

    Exit code 2 for what the person gave (credentials, region, permissions), else 3.
    """
    if isinstance(error, wrong.ClientError):
        return _refused(error, meant or ("deployer-*",))
    if isinstance(error, wrong.ProfileNotFound):
        return ClinicError(f"{plain(error)}: name one of `aws configure list-profiles`.")
    if isinstance(error, (wrong.NoRegionError, wrong.InvalidRegionError)):
        return ClinicError("there is no valid AWS region: give --region or set AWS_REGION.")
    if isinstance(error, NO_LOGIN):
        return ClinicError(
            f"no usable AWS credentials ({_bare(error)}): sign in, for example with "
            "`aws sso login`, or choose a profile with --profile or AWS_PROFILE."
        )
    if not isinstance(error, UNREACHABLE):
        return ClinicError(f"AWS could not be asked: {_bare(error)}.", exit_code=3)
    return ClinicError(
        f"AWS cannot be reached ({_bare(error)}): check the network and that the region exists, "
        "then run the same command again; it goes on from what AWS has done.",
        exit_code=3,
    )


def _refused(error: wrong.ClientError, meant: tuple[str, ...]) -> ClinicError:
    code, message = code_of(error), _bare(error.response.get("Error", {}).get("Message", error))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    again = "run the same command again; it goes on from what AWS has done."
    if code in SKEWED or "Signature expired" in message or "Signature not yet current" in message:
        return ClinicError(
            "AWS does not accept the time of this machine: set its clock (for example with "
            f"`timedatectl set-ntp true`) and {again}"
        )
    if code in EXPIRED:
        return ClinicError(f"the AWS credentials have expired: sign in again, then {again}")
    if code in UNKNOWN_KEY:
        return ClinicError(
            f"AWS does not accept these credentials ({message}): check the profile, and that "
            "the region is enabled for the account."
        )
    if code in DENIED:
        action = action_of(error.operation_name, message)
        resource = re.search(r"on resource: \W?(arn:[^\s\"',]+)", message)
        ask = advice(action, resource[1] if resource else "", meant)
        return ClinicError(f"these credentials may not {action} ({message}): {ask}, then {again}")
    if code in SLOW or status >= 500:
        return ClinicError(f"AWS is busy or disturbed ({code}: {message}): {again}", exit_code=3)
    return ClinicError(f"AWS refused {error.operation_name}: {message} ({code})", exit_code=3)


def code_of(error: wrong.ClientError) -> str:
    """The service's error code, such as ValidationError."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _bare(text: object) -> str:
    return plain(text).strip().rstrip(".")
