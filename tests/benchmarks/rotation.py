"""What a rotation costs those who log in, with the times of an instance and of RDS.

    python -m tests.benchmarks.rotation

Eight minutes, as root, with what tests/bootstrap/docker_host.py and postgres.py need.
"""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bootstrap.rotation import BUSY, QUIET, site
from tests.bootstrap.rotation_services import Times

# Of RDS an assumption: AWS says only that the change is asynchronous, and that the status is
# resetting-master-credentials meanwhile. The rest: the units', the program's, the function's own.
REAL = Times(status=10, applied=40, done=60, timer=60, spread=20, drain=70, pause=5)


def main() -> None:
    """Print what each rotation cost."""
    with TemporaryDirectory(prefix="clinic-rotation") as folder, ExitStack() as stack:
        here = stack.enter_context(site(Path(folder), REAL, QUIET))
        for name, rate in (("quiet", 2), ("busy", 24)):
            if name == "busy":
                here.configure(BUSY)
            said = here.rotation(rate)
            print(
                f"{name} ({rate}/s): {len(said.answers)} logins, "
                f"{sum(map(len, said.failed.values()))} failed in {len(said.failed)} seconds; "
                f"{said.connections} new connections; function {said.rotated:.0f} s, "
                f"switched everywhere after {said.switched:.0f} s",
                flush=True,
            )
            for second, wrong in said.failed.items():
                print(f"  second {second}: {len(wrong)}, {wrong[0]}")


if __name__ == "__main__":
    main()
