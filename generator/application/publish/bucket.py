"""The frontend's bucket, through obstore: its synchronous calls from threads.

Credentials, region, endpoint and certificates are those that boto3 would use. What S3 refuses is
turned into botocore's own error, so that it is explained as everywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import obstore
from botocore import exceptions as wrong
from botocore.configprovider import ConfiguredEndpointProvider
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import AlreadyExistsError, BaseError, InvalidPathError, PreconditionError
from obstore.store import S3Store

from generator.application.publish.headers import INDEX
from generator.application.publish.plan import BucketContent, History, Object
from generator.cloud.aws import Aws
from generator.errors import ClinicError, quote

HISTORY = ".superseded.json"
"""Where History is. The site answers 404 for hidden files."""
CREDENTIALS_LIVE = timedelta(minutes=5)
"""boto3 renews them 10 minutes before they expire, so 5 never outlive them."""
RETRIES: dict[str, Any] = {
    "max_retries": 7,
    "retry_timeout": timedelta(minutes=2),
    "backoff": {"max_backoff": timedelta(seconds=5)},
}
TIMEOUTS = {"connect_timeout": "10s", "timeout": "10min", "read_timeout": "60s"}


class ChangedError(Exception):
    """Somebody else has replaced the object since it was looked at."""


class Bucket:
    """The objects of one bucket. Threads may share it."""

    def __init__(self, aws: Aws, name: str, owner: str) -> None:
        """``owner``: the account whose bucket it must be."""
        self.name = name
        endpoint = aws.endpoint or _configured_endpoint(aws)
        url = endpoint.rstrip("/") or _regional_endpoint(aws.region)
        # Said twice, or the environment would have the last word.
        config = {"region": aws.region, "endpoint": url, "aws_endpoint_url_s3": url}
        options: dict[str, Any] = {**TIMEOUTS, "allow_http": bool(endpoint)}
        if bundle := aws.session._session.get_config_variable("ca_bundle"):
            options["root_certificate"] = Path(bundle).expanduser().read_bytes()
        store = partial(
            S3Store,
            name,
            config=cast(Any, config),
            retry_config=cast(Any, RETRIES),
            credential_provider=Boto3CredentialProvider(aws.session, ttl=CREDENTIALS_LIVE),
        )
        # obstore 0.12 signs such headers in every call but the listing, and S3 refuses what is not
        # signed (arrow-rs-object-store#484, #708).
        self._unowned = store(client_options=cast(Any, options))
        headers = {"x-amz-expected-bucket-owner": owner}
        self._store = store(client_options=cast(Any, options | {"default_headers": headers}))

    def look(self, pool: Executor) -> BucketContent:
        """The bucket's content, by three calls at once. The listing is only used once the other
        two, which name the owner, were answered."""
        index = pool.submit(self.attributes, INDEX)
        history = pool.submit(self._history)
        objects = self._list()
        known = index.result()
        return BucketContent(objects, history.result(), {INDEX: known} if known is not None else {})

    def attributes(self, key: str) -> Mapping[str, str] | None:
        """Headers and metadata of an object; None if it does not exist."""
        with self._explained("GetObject", key):
            try:
                response = obstore.get(self._store, key, options=cast(Any, {"head": True}))
            except FileNotFoundError:
                return None
            return dict(response.attributes)

    def put(self, key: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """Create or replace an object."""
        self._put(key, data, attributes, None)

    def put_over(
        self, old: Object | None, key: str, data: bytes, attributes: Mapping[str, str]
    ) -> None:
        """Replace exactly ``old``, or create if that is None; else ChangedError."""
        mode = {"e_tag": f'"{old.etag}"'} if old else "create"
        try:
            self._put(key, data, attributes, mode)
        except (AlreadyExistsError, PreconditionError, FileNotFoundError) as error:
            raise ChangedError(key) from error

    def remember(self, history: History) -> None:
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        self.put(HISTORY, history.dumps(), headers)

    def remove(self, keys: list[str]) -> None:
        """Delete objects, a thousand a call; the bucket keeps the versions for its own time."""
        with self._explained("DeleteObject"):
            obstore.delete(self._store, keys)

    def _put(self, key: str, data: bytes, attributes: Mapping[str, str], mode: Any) -> None:
        # In one piece, or the ETag would be no sum of the content.
        put = partial(obstore.put, self._store, use_multipart=False, mode=mode)
        with self._explained("PutObject", key):
            put(key, data, attributes=dict(attributes))

    def _list(self) -> dict[str, Object]:
        with self._explained("ListObjectsV2"):
            return {
                entry["path"]: Object(_bare(entry["e_tag"]), entry["size"], entry["last_modified"])
                for page in obstore.list(self._unowned)
                for entry in page
                # The console marks a folder by an empty object.
                if entry["path"] != HISTORY and (entry["size"] or "." in entry["path"])
            }

    def _history(self) -> History:
        with self._explained("GetObject", HISTORY):
            try:
                return History.loads(bytes(obstore.get(self._store, HISTORY).bytes()))
            except FileNotFoundError:
                return History()

    @contextmanager
    def _explained(self, operation: str, key: str = "") -> Iterator[None]:
        try:
            yield
        except (AlreadyExistsError, PreconditionError):
            raise
        except InvalidPathError as error:
            raise ClinicError(
                f"{self.name} holds an object whose name no site can have "
                f"({str(error).splitlines()[0]}): delete it."
            ) from error
        except (BaseError, FileNotFoundError, PermissionError) as error:
            if isinstance(error, FileNotFoundError) and "NoSuchKey" in str(error):
                raise
            raise self._explain(error, operation, key) from error

    def _explain(self, error: Exception, operation: str, key: str) -> Exception:
        """The same as botocore would have raised it."""
        sentence = str(error).partition("\n\nDebug source")[0]
        status = re.search(r"non-2xx status code: (\d+)", sentence)
        if not status:
            return wrong.ConnectionError(error=OSError(sentence.rpartition(" - ")[2]))
        code = re.search(r"<Code>([^<]+)</Code>", sentence) or status
        message = re.search(r"<Message>([^<]+)</Message>", sentence)
        why = message[1].rstrip(".") if message else "refused"
        response: dict[str, Any] = {
            "Error": {"Code": code[1], "Message": f"{why}: {quote(f'{self.name}/{key}')}"},
            "ResponseMetadata": {"HTTPStatusCode": int(status[1])},
        }
        return wrong.ClientError(cast(Any, response), operation)


def _configured_endpoint(aws: Aws) -> str:
    """AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the profile's, as botocore finds them."""
    session = aws.session._session
    if session.get_config_variable("ignore_configured_endpoint_urls"):
        return ""
    endpoint = ConfiguredEndpointProvider(
        full_config=session.full_config, scoped_config=session.get_scoped_config(), client_name="s3"
    )
    return str(endpoint.provide() or "")


def _regional_endpoint(region: str) -> str:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://s3.{region}.{suffix}"


def _bare(etag: str | None) -> str:
    return (etag or "").strip('"')
