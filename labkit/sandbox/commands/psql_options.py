"""psql's command line: the options a trainee may use, read by us, so that psql sees only our own."""

import getopt
import re
from dataclasses import dataclass, field

from labkit.sandbox.commands.psql_text import PRINT_OPTIONS, refusal

_HINT = 'psql: hint: Try "psql --help" for more information.'
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$.-]{0,62}")
_ASKS = re.compile(r"--help(=(commands|options|variables))?|-\?|--version|-V")
_FLAGS = {
    "A": "no-align",
    "E": "echo-hidden",
    "X": "no-psqlrc",
    "a": "echo-all",
    "b": "echo-errors",
    "csv": "csv",
    "e": "echo-queries",
    "l": "list",
    "n": "no-readline",
    "q": "quiet",
    "t": "tuples-only",
    "w": "no-password",
    "x": "expanded",
    "1": "single-transaction",
}
_VALUES = {
    "F": "field-separator",
    "P": "pset",
    "R": "record-separator",
    "U": "username",
    "c": "command",
    "d": "dbname",
    "f": "file",
    "h": "host",
    "p": "port",
    "v": "variable",
}
_REFUSED_FLAGS = {
    "H": "html",
    "S": "single-line",
    "W": "password",
    "s": "single-step",
    "z": "field-separator-zero",
    "0": "record-separator-zero",
}
_REFUSED_VALUES = {"L": "log-file", "T": "table-attr", "o": "output"}
_REFUSED = {**_REFUSED_FLAGS, **_REFUSED_VALUES}
_NAMES = {**_FLAGS, **_VALUES, **_REFUSED}
_VALUED = {**_VALUES, **_REFUSED_VALUES}
_ALWAYS_GIVEN = ("X", "n", "w")
_VARIABLES = (
    *("AUTOCOMMIT", "ECHO", "ECHO_HIDDEN", "FETCH_COUNT", "HIDE_TABLEAM", "HIDE_TOAST_COMPRESSION"),
    *("ON_ERROR_ROLLBACK", "ON_ERROR_STOP", "QUIET", "SHOW_ALL_RESULTS", "SHOW_CONTEXT", "VERBOSITY"),
)


class RefusedError(Exception):
    """The command line is not run; the text says why, in psql's manner."""


@dataclass
class Options:
    """A command line understood: where to connect, and the words to hand to psql, in order."""

    host: str | None = None
    port: str = "5432"
    user: str | None = None
    database: str | None = None
    words: list[str] = field(default_factory=list)
    reads_stdin: bool = True
    stops_on_error: bool = False
    asks: str | None = None
    """``--help``, ``--version`` and the like: psql answers and connects nowhere."""


def parse(argv: tuple[str, ...]) -> Options:
    """Read psql's arguments (without the program's name); :class:`RefusedError` if they may not be run."""
    options = Options()
    for word in argv:
        if re.search("[\0\ud800-\udfff]", word):
            raise RefusedError("psql: error: an argument holds bytes that cannot be sent here")
        if _ASKS.fullmatch(word):
            options.asks = word
            return options
    pairs, positional = _split(argv)
    given = {short for short, _ in pairs}
    options.reads_stdin = ("f", "-") in pairs or not given & {"c", "l"}
    for short, value in pairs:
        _take(options, short, value)
    if positional[:1] and options.database is None:
        _database(options, positional[0])
    if positional[1:2] and options.user is None:
        _user(options, positional[1])
    return options


def _split(argv: tuple[str, ...]) -> tuple[list[tuple[str, str]], list[str]]:
    """(short name, value) of each option in order, and the other words, as GNU getopt reads them."""
    shorts = "".join(f"{short}:" if short in _VALUED else short for short in _NAMES if len(short) == 1)
    longs = [f"{long}=" if short in _VALUED else long for short, long in _NAMES.items()]
    try:
        pairs, positional = getopt.gnu_getopt(list(argv), shorts, [*longs, "set="])
    except getopt.GetoptError as error:
        raise RefusedError(f"psql: {_in_gnu_words(error)}\n{_HINT}") from None
    by_long = {long: short for short, long in _NAMES.items()} | {"set": "v"}
    return [(by_long[name[2:]] if name.startswith("--") else name[1:], value) for name, value in pairs], positional


def _in_gnu_words(error: getopt.GetoptError) -> str:
    option, short = error.opt, len(error.opt) == 1
    if "requires argument" in error.msg:
        return f"option requires an argument -- '{option}'" if short else f"option '--{option}' requires an argument"
    if "not a unique prefix" in error.msg:
        return f"option '--{option}' is ambiguous"
    if "must not have an argument" in error.msg:
        return f"option '--{option}' doesn't allow an argument"
    return f"invalid option -- '{option}'" if short else f"unrecognized option '--{option}'"


def _take(options: Options, short: str, value: str) -> None:
    if short in _REFUSED:
        raise RefusedError(
            f"psql: error: option -{short} (--{_REFUSED[short]}) is not available here\n"
            "psql: hint: the exec reaches the database only, no files; redirect the output of kubectl instead."
        )
    if short in _TAKERS:
        _TAKERS[short](options, value)
    elif short not in _ALWAYS_GIVEN:
        options.words.append(f"-{short}" if len(short) == 1 else f"--{short}")


def _host(options: Options, value: str) -> None:
    options.host = value


def _port(options: Options, value: str) -> None:
    if not re.fullmatch(r"[0-9]{1,5}", value):
        raise RefusedError(f'psql: error: invalid integer value "{value}" for connection option "port"')
    options.port = str(int(value))


def _user(options: Options, value: str) -> None:
    options.user = _plain(value, "-U", "a user name")


def _database(options: Options, value: str) -> None:
    options.database = _plain(value, "-d", "a database name")


def _plain(value: str, option: str, what: str) -> str:
    if not _PLAIN_NAME.fullmatch(value):
        raise RefusedError(
            f'psql: error: invalid value "{value}" for {option}\n'
            f"psql: hint: {what} is expected here, not a connection string, e.g. {option} llm_research."
        )
    return value


def _command(options: Options, value: str) -> None:
    if reason := refusal(value):
        raise RefusedError(f"psql: error: {reason}")
    if value.lstrip().startswith("\\") and "\n" in value:
        raise RefusedError("psql: error: a meta-command has one line\npsql: hint: give each its own -c.")
    options.words += ["-c", value]


def _file(options: Options, value: str) -> None:
    if value != "-":
        raise RefusedError(
            f"psql: error: {value}: Permission denied\n"
            "psql: hint: files cannot be read here; send yours to standard input: "
            "kubectl exec -i … -- psql … < file.sql"
        )
    options.words += ["-f", "-"]


def _variable(options: Options, value: str) -> None:
    name, _, content = value.partition("=")
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in _VARIABLES:
        raise RefusedError(
            f'psql: error: variable "{name}" cannot be set here\n'
            f"psql: hint: use a lower-case name of your own, or one of {', '.join(_VARIABLES)}."
        )
    _harmless(content, "-v")
    options.stops_on_error = options.stops_on_error or name == "ON_ERROR_STOP"
    options.words += ["-v", value]


def _print_option(options: Options, value: str) -> None:
    name, _, content = value.partition("=")
    if name not in PRINT_OPTIONS:
        raise RefusedError(
            f'psql: error: printing option "{name}" cannot be set here\n'
            f"psql: hint: these can: {', '.join(PRINT_OPTIONS)}."
        )
    _harmless(content, "-P")
    options.words += ["-P", value]


def _field_separator(options: Options, value: str) -> None:
    _harmless(value, "-F")
    options.words += ["-F", value]


def _record_separator(options: Options, value: str) -> None:
    _harmless(value, "-R")
    options.words += ["-R", value]


def _harmless(value: str, option: str) -> None:
    reason = "a backslash is not accepted" if "\\" in value else refusal(value)
    if reason:
        raise RefusedError(f"psql: error: invalid value for {option}: {reason}")


_TAKERS = {
    "F": _field_separator,
    "P": _print_option,
    "R": _record_separator,
    "U": _user,
    "c": _command,
    "d": _database,
    "f": _file,
    "h": _host,
    "p": _port,
    "v": _variable,
}
