"""Small builds, and a frontend as its bucket and its distribution tell of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from generator.cloud.aws import Aws
from generator.cloud.stacks import find

STACK = "clinic-small"
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Distribution": {
            "Type": "AWS::CloudFront::Distribution",
            "Properties": {
                "DistributionConfig": {
                    "Enabled": True,
                    "Origins": [
                        {
                            "Id": "s3",
                            "DomainName": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
                            "S3OriginConfig": {"OriginAccessIdentity": ""},
                        }
                    ],
                    "DefaultCacheBehavior": {
                        "TargetOriginId": "s3",
                        "ViewerProtocolPolicy": "redirect-to-https",
                        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                    },
                }
            },
        },
    },
    "Outputs": {
        "FrontendBucketName": {"Value": {"Ref": "Bucket"}},
        "DistributionId": {"Value": {"Ref": "Distribution"}},
        "SiteUrl": {"Value": "https://clinic.example"},
    },
}
PAGE = """<!doctype html>
<html lang="es">
  <head>
    <script type="module" crossorigin src="/assets/{main}"></script>
    <link rel="stylesheet" href="/assets/index-D8b4DHJx.css">
  </head>
  <body><div id="root"></div></body>
</html>
"""


def build(release: str = "A", **more: str) -> dict[str, str]:
    """Files of a build by key; another ``release`` (a letter) has other chunks."""
    main, agenda = f"index-Bk{release}3xQ9z.js", f"agenda-C1{release}oPw7d.js"
    return {
        "index.html": PAGE.format(main=main),
        f"assets/{main}": f'import("./{agenda}");const release="{release}";',
        f"assets/{agenda}": f'export const agenda="{release}";',
        "assets/index-D8b4DHJx.css": "body{margin:0}",
        "robots.txt": "User-agent: *\n",
        **more,
    }


def make(aws: Aws) -> None:
    """A stack with an empty bucket and a distribution."""
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))
    shortly: Any = {"Delay": 0.05, "MaxAttempts": 400}  # seconds; the stubs take whole ones only
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig=shortly)


def write(folder: Path, files: Mapping[str, str | bytes] | None = None) -> Path:
    """A folder with just these files."""
    files = build() if files is None else files
    if folder.exists():
        for old in sorted(folder.rglob("*"), reverse=True):
            old.rmdir() if old.is_dir() else old.unlink()
    for key, text in files.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


class Frontend:
    """What visitors would get, and what it was told."""

    def __init__(self, aws: Aws) -> None:
        self.aws, self.s3 = aws, aws.client("s3")

    @cached_property
    def outputs(self) -> dict[str, str]:
        stack = find(self.aws, STACK)
        assert stack
        return stack.outputs

    @property
    def bucket(self) -> str:
        return self.outputs["FrontendBucketName"]

    def there(self) -> set[str]:
        told = self.s3.list_objects_v2(Bucket=self.bucket)
        return {item["Key"] for item in told.get("Contents", [])}

    def files(self) -> dict[str, str]:
        """Text of every object but the hidden one."""
        return {key: self.text(key) for key in self.there() if not key.startswith(".")}

    def text(self, key: str) -> str:
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body.decode()

    def headers(self, key: str) -> tuple[str, str]:
        """Content type and cache control."""
        told = self.s3.head_object(Bucket=self.bucket, Key=key)
        return told["ContentType"], told["CacheControl"]

    def put(self, key: str, text: str, **more: Any) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode(), **more)

    def invalidations(self) -> list[list[str]]:
        """Paths of each, oldest first."""
        api, distribution = self.aws.client("cloudfront"), self.outputs["DistributionId"]
        told = api.list_invalidations(DistributionId=distribution)["InvalidationList"]
        found = [
            api.get_invalidation(DistributionId=distribution, Id=item["Id"])["Invalidation"]
            for item in told.get("Items", [])
        ]
        ordered = sorted(found, key=lambda one: one["InvalidationBatch"]["CallerReference"][-19:])
        return [one["InvalidationBatch"]["Paths"]["Items"] for one in ordered]

    def broken(self) -> set[str]:
        """What the live page needs, chunks of chunks too, and the bucket does not have."""
        there, missing = self.there(), set[str]()
        ahead, seen = ["index.html"] if "index.html" in there else [], set[str]()
        while ahead:
            for name in re.findall(r"[\w-]+-[\w-]{8}\.(?:js|css)", self.text(ahead.pop())):
                key = f"assets/{name}"
                if key not in there:
                    missing.add(key)
                elif key not in seen:
                    seen.add(key)
                    ahead.append(key)
        return missing
