"""``python -m generator`` and the console command ``clinic``."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from io import TextIOWrapper

from generator.errors import ClinicError, reason
from generator.report import Report

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
        _say(f"the output cannot be written ({reason(error)}): {MEND}")
        code = 2
    # From here on there is nobody to catch an interrupt; one that is ignored stays so (nohup).
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Python looks for garbage twice more on its way out, a tenth of the whole run.
    gc.freeze()
    sys.exit(code)


def _open_streams() -> None:
    """Open what a shell closed (``>&-``), else the next file would be taken for it: nothing comes
    from stdin, and nobody reads stderr. Without stdout ClinicError, before anything is done."""
    closed = sys.stdout is None
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))
    if closed:
        raise ClinicError("there is no stdout: send the output to a file, or to /dev/null.")


def _drop_output() -> None:
    """Nobody takes it any more; Python would complain once more when it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(sentence: str) -> None:
    """On stderr, if there is anybody; the exit code says the rest."""
    try:
        print(f"clinic: {sentence}", file=sys.stderr, flush=True)
    except OSError:
        # What stays in the buffer would turn the exit code into Python's own, 120.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _interrupted() -> int:
    _say("interrupted")
    return INTERRUPTED


def _run() -> int:
    """Run a command and end its report; the exit code."""
    report, trouble = Report(), ""
    try:
        _open_streams()
        code = _called(report)
    except ClinicError as error:
        trouble, code = str(error), error.exit_code
        _say(trouble)
    except KeyboardInterrupt:
        trouble, code = "interrupted", _interrupted()
    except _MisusedError as error:
        trouble, code = str(error), 2
    # What is wrong with the arguments is noticed before the command could say who listens.
    report.json = report.json or bool(trouble and "--json" in sys.argv)
    report.end(code, trouble)
    return code


class _MisusedError(Exception):
    """Arguments that no command understands; the person has been told."""


def _called(report: Report) -> int:
    # Imported here, so that a Ctrl-C this early is one like any other.
    import click

    from generator.commands.cli import clinic

    try:
        return clinic.main(prog_name="clinic", standalone_mode=False, obj=report) or 0
    except click.ClickException as error:
        error.show()
        raise _MisusedError(error.format_message()) from error
    except click.Abort:
        raise KeyboardInterrupt from None


if __name__ == "__main__":
    main()
