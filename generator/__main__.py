"""``python -m generator`` and the console command ``clinic``."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from io import TextIOWrapper

from generator.errors import ClinicError, reason

INTERRUPTED = 130
"""128 + SIGINT, as a shell reports it."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
MEND = "make room, or send it elsewhere."


def main() -> None:
    """Run the command line; every end that is no defect is an exit code and at most a sentence."""
    if isinstance(sys.stdout, TextIOWrapper):  # letters that a terminal does not know
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = _interrupted()
    except BrokenPipeError:
        _drop_output()
        code = 1
    except OSError as error:
        # What was opened by name is explained where it was opened; this is stdout itself.
        if error.filename is not None or error.errno not in FULL:
            raise
        _drop_output()
        print(f"clinic: the output cannot be written ({reason(error)}): {MEND}", file=sys.stderr)
        code = 2
    # From here on there is nobody to catch an interrupt.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Python looks for garbage twice more on its way out, a tenth of the whole run.
    gc.freeze()
    sys.exit(code)


def _drop_output() -> None:
    """Nobody takes it any more; Python would complain once more when it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupted() -> int:
    print("clinic: interrupted", file=sys.stderr)
    return INTERRUPTED


def _run() -> int:
    # Imported here, so that a Ctrl-C this early is one like any other.
    import click

    from generator.cli import clinic

    try:
        return clinic.main(prog_name="clinic", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return _interrupted()
    except ClinicError as trouble:
        print(f"clinic: {trouble}", file=sys.stderr)
        return trouble.exit_code


if __name__ == "__main__":
    main()
