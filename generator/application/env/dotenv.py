"""A ``.env`` as ``docker run --env-file`` reads it, and what would differ from what was meant.

Docker reads lines of UTF-8 of less than 64 KiB. White space before a name is dropped; a line that
is empty or begins with ``#`` is skipped; everything after the first ``=`` is the value as it is,
quotes and trailing spaces included. A name alone takes its value from the machine. (Docker CLI,
``pkg/kvfile``.) No remark ever holds a value, nor text that may be a part of one.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

LONGEST_LINE = 65_536
"""Bytes, with the line end, at which Docker's reader gives up."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
"""What may be repeated in a remark; anything else may be a piece of a value."""
REST = re.compile(r"[A-Za-z0-9]+==|(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9]+=")
"""A line that looks like a variable and is more likely the end of something in base64."""
ANOTHER = re.compile(r"\s*(export\s+)?[A-Z][A-Z0-9_]*\s*=|\s*#")
"""The beginning of a variable or a comment, where the lines of an unfinished value end."""
ERROR, WARNING = "error", "warning"

LOOKS_WRONG = (
    ("space", r"^\s+\S|\S\s+$|^\s+$", "the white space around the value of {} is part of it."),
    ("comment", r"\S\s+#", "` #` in the value of {} begins no comment: it is part of the value."),
    ("shell", r"\$\{?[A-Za-z_]|\$\(", "the `$` in the value of {} is not replaced by anything."),
    ("backslash", r"\\$", "the `\\` at the end of {} does not join it with the next line."),
)
"""Kinds of value that Docker keeps as they are, and a person may not mean so."""


class Remark(NamedTuple):
    """One thing to say about one line."""

    line: int
    """From 1 on; 0 for the file as a whole."""
    severity: str
    """``error``: the backend would not get what is meant. ``warning``: look again."""
    rule: str
    """A word for the kind of remark, such as ``quotes``."""
    key: str
    """The variable; empty where there is none."""
    message: str


class Variable(NamedTuple):
    """A value and the line, from 1 on, that gives it."""

    line: int
    value: str


@dataclass
class EnvFile:
    """What Docker would take from a file."""

    variables: dict[str, Variable] = field(default_factory=dict)
    """By name; of several lines with one name the last counts."""
    remarks: list[Remark] = field(default_factory=list)

    @property
    def values(self) -> dict[str, str]:
        return {name: variable.value for name, variable in self.variables.items()}

    @property
    def errors(self) -> list[Remark]:
        return [remark for remark in self.remarks if remark.severity == ERROR]

    def wrong(self, line: int, rule: str, message: str, key: str = "") -> None:
        self.remarks.append(Remark(line, ERROR, rule, key, message))

    def odd(self, line: int, rule: str, message: str, key: str = "") -> None:
        self.remarks.append(Remark(line, WARNING, rule, key, message))


def parse(data: bytes) -> EnvFile:
    """Read the bytes of a file; whatever is wrong with it becomes a remark."""
    file = EnvFile()
    if not data:
        file.wrong(0, "empty", "the file is empty.")
    elif b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        file.wrong(line, "binary", "this is no text: it holds a zero byte.")
    else:
        lines, at = list(_lines(file, data)), 0
        while at < len(lines):
            at = _take(file, lines, at) + 1
    return file


def _lines(file: EnvFile, data: bytes) -> Iterator[tuple[int, str]]:
    """Numbered lines as text; what Docker could not take is remarked on and left out."""
    if data.startswith(BOM_UTF8):
        file.wrong(1, "bom", "starts with a byte order mark: save it as UTF-8 without one.")
        data = data.removeprefix(BOM_UTF8)
    lines = data.removesuffix(b"\n").split(b"\n")
    if returns := [n for n, line in enumerate(lines, start=1) if line.endswith(b"\r")]:
        which = "this line ends" if len(returns) == 1 else f"{len(returns)} lines from here on end"
        says = "Docker drops the CR, other readers keep it as part of the value. Save it with LF."
        file.odd(returns[0], "line-ends", f"{which} in CR LF: {says}")
    for number, raw in enumerate(lines, start=1):
        line = raw.removesuffix(b"\r")
        if b"\r" in line:
            says = "holds a carriage return that ends no line for Docker: save it with LF."
            file.wrong(number, "line-ends", says)
        elif len(raw) + 1 >= LONGEST_LINE:
            says = f"has {len(raw):,} bytes, and Docker reads less than {LONGEST_LINE:,} a line."
            file.wrong(number, "too-long", says)
        else:
            try:
                yield number, line.decode()
            except UnicodeDecodeError:
                file.wrong(number, "encoding", "is not UTF-8 text: save the file as UTF-8.")


def _take(file: EnvFile, lines: Sequence[tuple[int, str]], at: int) -> int:
    """Take in the variable that begins at an index; the index of its last line."""
    number, text = lines[at]
    text = text.lstrip()
    name, _, value = text.partition("=")
    if not text or text.startswith("#") or not _takes_name(file, number, text):
        return at
    if name in file.variables:
        first = file.variables[name].line
        says = f"gives {name} again, after line {first}: the last one counts. Keep one."
        file.odd(number, "duplicate", says, name)
    file.variables[name] = Variable(number, value)
    end = _end_of_value(lines, at, value)
    if end > at:
        says = f"the value of {name} goes on to line {lines[end][0]}, and Docker takes each line "
        says += "for a variable of its own: put it on one line, for example in base64."
        file.wrong(number, "multi-line", says, name)
    else:
        _look_at_value(file, number, name, value)
    return end


def _takes_name(file: EnvFile, number: int, text: str) -> bool:
    """Whether a line begins with what Docker takes for a name; if not, a remark says why."""
    name, equals, _ = text.partition("=")
    bare = name.strip()
    # A line without a `=` may be the rest of the value before it.
    shown = bare if equals and NAME.fullmatch(bare) and not REST.fullmatch(text) else ""
    if exported := re.fullmatch(rf"export\s+({NAME.pattern})\s*", name):
        says = "`export` is not known to Docker, which refuses the file: begin the line with "
        file.wrong(number, "export", f"{says}{exported[1]}.", exported[1])
    elif not name:
        file.wrong(number, "no-name", "has no name before the `=`: Docker refuses the file.")
    elif re.search(r"[ \t]", name):
        where = f"white space between {shown} and the `=`" if shown else "white space in the name"
        says = f"{where}: Docker refuses the file. (The rest of a value? It must be on one line.)"
        file.wrong(number, "space-in-name", says, shown)
    elif not equals and NAME.fullmatch(bare):
        says = "has no `=`: Docker takes the value from the instance, which has none. "
        file.wrong(number, "no-value", f"{says}(The rest of a value? It must be on one line.)")
    elif not shown:
        says = "does not begin with a name of letters, digits and underscores and a `=`. "
        file.wrong(number, "odd-name", f"{says}(The rest of a value? It must be on one line.)")
    else:
        return True
    return False


def _end_of_value(lines: Sequence[tuple[int, str]], at: int, value: str) -> int:
    """The index of the line on which a value ends that was meant to have several; else ``at``."""
    quote = value[:1] if value[:1] in {"'", '"', "`"} else ""
    if quote and (len(value) == 1 or not value.rstrip().endswith(quote)):
        last = quote
    elif value.startswith("-----BEGIN") and "-----END" not in value:
        last = "-----"
    else:
        return at
    for index in range(at + 1, len(lines)):
        text = lines[index][1].rstrip()
        if ANOTHER.match(text):
            return at
        if text.endswith(last):
            return index
    return at


def _look_at_value(file: EnvFile, number: int, name: str, value: str) -> None:
    quote = value[:1]
    if not value:
        file.odd(number, "empty-value", f"{name} is empty: the backend gets an empty text.", name)
    elif quote in {"'", '"', "`"}:
        closed = len(value) > 1 and value.endswith(quote)
        what = "the quotes around" if closed else f"the {quote} that begins"
        says = f"{what} the value of {name} would be part of it: leave quotes out."
        file.wrong(number, "quotes", says, name)
    for rule, pattern, message in LOOKS_WRONG:
        if re.search(pattern, value):
            file.odd(number, rule, message.format(name), name)
