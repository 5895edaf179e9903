"""Command lines as the Java tools of Kafka read them: long options, joptsimple's words on error.

Only what these tools use: ``--name value``, ``--name=value``, no abbreviations, other words ignored.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LEFT, _RIGHT = 40, 39


class OptionError(Exception):
    """A command line that the parser rejects; ``java`` is the exception's class."""

    def __init__(self, java: str, message: str) -> None:
        super().__init__(message)
        self.java = f"joptsimple.{java}"


class UsageError(Exception):
    """A command line that makes no sense to the tool, which then prints its usage."""


@dataclass(frozen=True)
class Option:
    """One option: what it is for and, if it takes an argument, what the argument is."""

    about: str
    argument: str | None = None


@dataclass(frozen=True)
class Parsed:
    """The options that were given, with their arguments in order."""

    values: Mapping[str, tuple[str, ...]]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str) -> str | None:
        """The argument of an option, ``None`` if it was not given."""
        given = self.values.get(name, ())
        if len(given) > 1:
            message = f"Found multiple arguments for option {name}, but you asked for only one"
            raise OptionError("MultipleArgumentsForOptionException", message)
        return given[0] if given else None


def parse(argv: Sequence[str], options: Mapping[str, Option]) -> Parsed:
    """Read ``argv`` (without the tool's name); :class:`OptionError` as joptsimple would."""
    values: dict[str, tuple[str, ...]] = {}
    words = iter(argv)
    for word in words:
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            continue
        name, equals, value = word[2:].partition("=") if word.startswith("--") else (word[1], "", "")
        if name not in options:
            raise OptionError("UnrecognizedOptionException", f"{name} is not a recognized option")
        given = values.get(name, ())
        if options[name].argument is not None:
            argument = value if equals else next(words, None)
            if argument is None or (not equals and argument.lstrip("-") in options and argument.startswith("--")):
                message = f"Option {name} requires an argument"
                raise OptionError("OptionMissingRequiredArgumentException", message)
            given = (*given, argument)
        values[name] = given
    return Parsed(values)


def usage(options: Mapping[str, Option]) -> str:
    """The table of options that the tools print."""
    lines = [f"{'Option':<{_LEFT}} {'Description':<{_RIGHT}}", f"{'------':<{_LEFT}} {'-----------':<{_RIGHT}}"]
    for name in sorted(options):
        option = options[name]
        left = f"--{name}" + (f" <String: {option.argument}>" if option.argument else "")
        lefts = textwrap.wrap(left, _LEFT, subsequent_indent="  ")
        rights = textwrap.wrap(option.about, _RIGHT, subsequent_indent="  ")
        for row in range(max(len(lefts), len(rights))):
            cells = [column[row] if row < len(column) else "" for column in (lefts, rights)]
            lines.append(f"{cells[0]:<{_LEFT}} {cells[1]:<{_RIGHT}}")
    return "\n".join(lines) + "\n"
