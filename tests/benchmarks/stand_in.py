"""A stand-in for S3, CloudFormation and CloudFront that answers late.

    python -m tests.benchmarks.stand_in

It prints its port, and then serves from memory on 127.0.0.1 until standard input closes. Every
answer comes after LATENCY. Everything else is as cheap as can be: no signature is checked, nothing
is validated, so that it is not the bottleneck of whoever is measured against it.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

LATENCY = 0.03
"""Seconds."""
BUCKET, DISTRIBUTION = "site", "E1STANDIN"
PAGE = 1000
STACK = f"""<DescribeStacksResponse><DescribeStacksResult><Stacks><member>
<StackName>clinic-bench</StackName><StackId>arn:aws:cloudformation:us-east-1:111122223333:stack/clinic-bench/1</StackId>
<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>
<member><OutputKey>FrontendBucketName</OutputKey><OutputValue>{BUCKET}</OutputValue></member>
<member><OutputKey>DistributionId</OutputKey><OutputValue>{DISTRIBUTION}</OutputValue></member>
<member><OutputKey>SiteUrl</OutputKey><OutputValue>https://clinic.example</OutputValue></member>
</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""
Answer = tuple[int, dict[str, str], bytes]


class Store:
    """What was put, and how often each kind of call was made."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[str, int, str, dict[str, str], bytes]] = {}
        self.invalidations: dict[str, tuple[str, bytes]] = {}
        self.counts: dict[str, int] = {}
        self.keys: list[str] | None = None

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        path, _, query = target.partition("?")
        self.counts[method] = self.counts.get(method, 0) + 1
        if path == "/_counts":
            counts, self.counts = self.counts, {}
            return 200, {}, repr(counts).encode()
        if path == "/_cpu":
            return 200, {}, repr(time.process_time()).encode()
        if path == "/_empty":
            self.objects.clear()
            self.invalidations.clear()
            self.keys, self.counts = None, {}
            return 200, {}, b""
        if path.startswith("/2020-05-31/distribution/"):
            return self._cdn(method, path, body)
        if path == "/" and method == "POST":
            return 200, {"Content-Type": "text/xml"}, STACK.encode()
        key = unquote(path).lstrip("/").partition("/")[2]
        if not key:
            return self._bucket(method, parse_qs(query, keep_blank_values=True))
        return self._object(method, key, headers, body)

    def _object(self, method: str, key: str, headers: dict[str, str], body: bytes) -> Answer:
        if method == "PUT":
            etag = hashlib.md5(body).hexdigest()
            kept = {k: v for k, v in headers.items() if k.startswith("x-amz-meta-")}
            kept |= {k: headers[k] for k in ("content-type", "cache-control") if k in headers}
            if key not in self.objects:
                self.keys = None
            data = body if key.startswith(".") else b""
            now = datetime.now(UTC)
            self.objects[key] = (etag, len(body), f"{now:%Y-%m-%dT%H:%M:%S.000Z}", kept, data)
            return 200, {"ETag": f'"{etag}"'}, b""
        if key not in self.objects:
            return 404, {}, b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>"
        etag, size, _, kept, data = self.objects[key]
        told = {"ETag": f'"{etag}"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT", **kept}
        return 200, told, data if method == "GET" else bytes(size)

    def _bucket(self, method: str, query: dict[str, list[str]]) -> Answer:
        xml = {"Content-Type": "application/xml"}
        if "location" in query:
            return 200, xml, b"<LocationConstraint>us-east-1</LocationConstraint>"
        if method == "HEAD":
            return 200, {"x-amz-bucket-region": "us-east-1"}, b""
        if self.keys is None:
            self.keys = sorted(self.objects)
        start = int(query.get("continuation-token", ["0"])[0])
        some = self.keys[start : start + PAGE]
        more = start + PAGE < len(self.keys)
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{self.objects[key][2]}</LastModified>"
            f"<ETag>&quot;{self.objects[key][0]}&quot;</ETag><Size>{self.objects[key][1]}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
            for key in some
        )
        token = f"<NextContinuationToken>{start + PAGE}</NextContinuationToken>" if more else ""
        text = (
            f"<ListBucketResult><Name>{BUCKET}</Name><Prefix></Prefix><KeyCount>{len(some)}</KeyCount>"
            f"<MaxKeys>{PAGE}</MaxKeys><IsTruncated>{str(more).lower()}</IsTruncated>{token}{items}"
            "</ListBucketResult>"
        )
        return 200, xml, text.encode()

    def _cdn(self, method: str, path: str, body: bytes) -> Answer:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        last = path.rpartition("/")[2]
        if method == "POST":
            name = f"I{len(self.invalidations)}"
            batch = body[body.index(b"<Paths>") : body.index(b"</InvalidationBatch>")]
            self.invalidations[name] = (now, batch)
            return 201, {}, self._invalidation(name)
        if last != "invalidation":
            return 200, {}, self._invalidation(last)
        items = "".join(
            f"<InvalidationSummary><Id>{name}</Id><CreateTime>{when}</CreateTime>"
            "<Status>Completed</Status></InvalidationSummary>"
            for name, (when, _) in self.invalidations.items()
        )
        text = (
            "<InvalidationList><Marker></Marker><MaxItems>100</MaxItems><IsTruncated>false"
            f"</IsTruncated><Quantity>{len(self.invalidations)}</Quantity><Items>{items}</Items>"
            "</InvalidationList>"
        )
        return 200, {}, text.encode()

    def _invalidation(self, name: str) -> bytes:
        when, batch = self.invalidations[name]
        told = f"<Id>{name}</Id><Status>Completed</Status><CreateTime>{when}</CreateTime>".encode()
        inner = b"<InvalidationBatch>" + batch + b"</InvalidationBatch>"
        return b"<Invalidation>" + told + inner + b"</Invalidation>"


class Connection(asyncio.Protocol):
    """HTTP/1.1 with what clients of S3 send: lengths, chunks, and the wish to be told to go on."""

    def __init__(self, store: Store) -> None:
        self.store, self.buffer = store, bytearray()
        self.loop = asyncio.get_running_loop()
        self.told_to_go_on = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self._next():
            pass

    def _next(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        lines = self.buffer[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if "expect" in headers and not self.told_to_go_on:
            self.told_to_go_on = True
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._body(end + 4, headers)
        if body is None:
            return False
        self.told_to_go_on = False
        method, target, _ = lines[0].split(" ")
        late = 0.0 if target.startswith("/_") else LATENCY
        answer = self.store.answer(method, target, headers, body)
        self.loop.call_later(late, self._write, method, answer)
        return True

    def _body(self, start: int, headers: dict[str, str]) -> bytes | None:
        """The body once it is all there, taken out of the buffer with its head."""
        if headers.get("transfer-encoding") == "chunked":
            stop = self.buffer.find(b"0\r\n\r\n", start)
            if stop < 0:
                return None
            body, after = _unchunked(bytes(self.buffer[start : stop + 5])), stop + 5
        else:
            after = start + int(headers.get("content-length", 0))
            if len(self.buffer) < after:
                return None
            body = bytes(self.buffer[start:after])
        del self.buffer[:after]
        signed = headers.get("x-amz-content-sha256", "").startswith("STREAMING")
        return _unchunked(body) if signed else body

    def _write(self, method: str, answer: Answer) -> None:
        status, headers, body = answer
        head = [f"HTTP/1.1 {status} OK", f"Content-Length: {len(body)}"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        text = "\r\n".join(head).encode() + b"\r\n\r\n"
        self.transport.write(text if method == "HEAD" else text + body)


def _unchunked(data: bytes) -> bytes:
    parts, at = list[bytes](), 0
    while True:
        end = data.index(b"\r\n", at)
        size = int(data[at:end].split(b";")[0], 16)
        if not size:
            return b"".join(parts)
        parts.append(data[end + 2 : end + 2 + size])
        at = end + 4 + size


async def main() -> None:
    loop, store = asyncio.get_running_loop(), Store()
    server = await loop.create_server(lambda: Connection(store), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
