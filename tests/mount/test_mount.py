"""The mount itself, where somebody asks for it: it takes ten minutes."""

import os
import subprocess
import sys
import warnings

import pytest

COMMAND = "python -m tests.mount"


class NoRealMountWarning(UserWarning):
    """The documents were not mounted by a real kernel."""


def test_a_real_kernel_mounts_the_documents() -> None:
    if not os.environ.get("CLINIC_MOUNT"):
        reason = f"no real NFS client tried: set CLINIC_MOUNT=1, or run {COMMAND}"
        warnings.warn(reason, NoRealMountWarning, stacklevel=1)
        pytest.skip(reason)
    done = subprocess.run([sys.executable, "-m", "tests.mount"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
