"""Files that a backend would start with, all of them made up."""

from __future__ import annotations

from pathlib import Path

SECRET = "an-obviously-fake-signing-key-of-forty-"
KEY = "an-obviously-fake-gemini-key"
GOOD = f"JWT_SECRET={SECRET}\nGEMINI_API_KEY={KEY}\nJWT_EXPIRATION_TIME=86400\n"
WHOLE = f"{GOOD}BASE_URL=https://clinic.example\n"
"""Nothing is to be said of it, whatever environment it is for."""
VALUES = (SECRET, KEY)
"""What nobody may see who has not asked for it."""
PARAMS = Path(__file__).parents[3] / "params"


def write(folder: Path, text: str | bytes, name: str = ".env") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o600)
    return path
