"""Content type and caching of a file, by its name alone.

Types are listed here, since a machine's own table differs from another's. A file may be kept for a
year if its name holds a hash of its content; one that only seems to would be wrong in every browser
for that year, so a name has to look like what a bundler writes, the more so outside the folders
that bundlers fill.
"""

from __future__ import annotations

import hashlib
import re

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"
INDEX = "index.html"
OTHER = "application/octet-stream"
TEXT = "; charset=utf-8"
TYPES = {
    "aac": "audio/aac",
    "apng": "image/apng",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "cjs": f"text/javascript{TEXT}",
    "css": f"text/css{TEXT}",
    "csv": f"text/csv{TEXT}",
    "eot": "application/vnd.ms-fontobject",
    "gif": "image/gif",
    "glb": "model/gltf-binary",
    "gz": "application/gzip",
    "htm": f"text/html{TEXT}",
    "html": f"text/html{TEXT}",
    "ico": "image/x-icon",
    "ics": f"text/calendar{TEXT}",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": f"text/javascript{TEXT}",
    "json": "application/json",
    "jxl": "image/jxl",
    "map": "application/json",
    "md": f"text/markdown{TEXT}",
    "mjs": f"text/javascript{TEXT}",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "ogg": "audio/ogg",
    "otf": "font/otf",
    "pdf": "application/pdf",
    "png": "image/png",
    "rss": "application/rss+xml",
    "svg": "image/svg+xml",
    "ttf": "font/ttf",
    "txt": f"text/plain{TEXT}",
    "vtt": f"text/vtt{TEXT}",
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xhtml": "application/xhtml+xml",
    "xml": "application/xml",
    "zip": "application/zip",
}
"""Content types by suffix. Scripts carry the type that the HTML standard names."""
CODE = {"js", "mjs", "css", "wasm"}
BESIDE = {"map", "br", "gz"}
"""What lies beside a chunk and is named after it: index-DiwrgTda.js.map."""
BUNDLED = re.compile(r"(^|/)(assets|static|_app|_astro|_next|_nuxt|chunks)/")
"""Folders that bundlers fill: Vite, webpack, SvelteKit, Astro, Next, Nuxt."""
HEX = re.compile(r"[-._](?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{6,64}$")
LONG_HEX = re.compile(r"[-._](?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8,64}$")
BASE64 = re.compile(r"[-.]([A-Za-z0-9_-]{8}|[A-Za-z0-9_]{9,22})$")
"""What Rollup, esbuild and Rolldown put at the end of a name."""
WORD = re.compile(r"[a-z_-]+|[a-z]{5,}[0-9]{1,3}|[A-Z][a-z]+[0-9]{1,3}|[0-9_-]+|[0-9]+x[0-9]+")
"""Ends of names that people give: darkmode, version2, Section1, 20240101, 1200x630."""
MIXED = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])")


def content_type(key: str) -> str:
    """By the suffix; upper and lower case are the same."""
    return TYPES.get(_suffix(key), OTHER)


def cache_control(key: str) -> str:
    """A year if the name holds a hash; else each use asks whether it has changed."""
    return IMMUTABLE if is_hashed(key) else REVALIDATED


def is_hashed(key: str) -> bool:
    """Whether another content would have another name."""
    suffix = _suffix(key)
    if suffix in ("html", "htm"):
        return False
    name = key.rpartition("/")[2]
    stem = name[: len(name) - len(suffix) - 1]
    if suffix in BESIDE:
        stem, _, inner = stem.rpartition(".")
        suffix = inner.lower()
    stem = re.sub(r"\.(chunk|min|bundle|module)$", "", stem)
    base64 = BASE64.search(stem)
    if BUNDLED.search(key):
        return bool(HEX.search(stem) or _random(base64))
    return bool(LONG_HEX.search(stem) or (suffix in CODE and _random(base64, MIXED)))


def _random(match: re.Match[str] | None, also: re.Pattern[str] | None = None) -> bool:
    """Whether an ending is none that a person would give, and long ones beyond any doubt."""
    if not match or WORD.fullmatch(match[1]):
        return False
    pattern = also or (MIXED if len(match[1]) > 8 else None)
    return not pattern or bool(pattern.match(match[1]))


def _suffix(key: str) -> str:
    _, dot, suffix = key.rpartition("/")[2].rpartition(".")
    return suffix.lower() if dot else ""


RULES = hashlib.sha256(
    repr((TYPES, IMMUTABLE, REVALIDATED, BUNDLED, HEX, LONG_HEX, BASE64, WORD, MIXED)).encode()
).hexdigest()[:16]
"""Which rules these are. A bucket that was filled under others is looked at file by file."""
