r"""What a trainee may send to psql: a filter that knows which lines could reach the host.

psql runs shell commands (``\!``, ``\g |``, backticks, ``\set`` in a prompt), reads and writes files
(``\i``, ``\o``, ``\copy``, ``\lo_import``) and connects elsewhere (``\c``). All of these need a
backslash or a backtick. So the filter does not follow quotes, comments and dollar quotes: *every*
backslash counts as the start of a meta-command, and must start one that is on the list and reach
to the end of its line. Some harmless text, such as ``E'\n'``, is refused; nothing hides.

Text can also enter psql's lexer from a variable (``:name`` is expanded and read again, backslashes
included). Variables set by ``-v`` pass this filter; those that psql sets hold no text of the
user's but ``LAST_ERROR_MESSAGE``, which must not be named. (``src/bin/psql/psqlscanslash.l`` and
``src/fe_utils/psqlscan.l`` of PostgreSQL 18.)
"""

import re
from dataclasses import dataclass

_WORD = r"[^\\`:|\x00-\x1f\x7f]*"
PRINT_OPTIONS = (
    *("border", "columns", "csv_fieldsep", "expanded", "fieldsep", "footer", "format", "linestyle", "null"),
    *("numericlocale", "recordsep", "tableattr", "title", "tuples_only", "unicode_border_linestyle"),
    *("unicode_column_linestyle", "unicode_header_linestyle", "xheader_width"),
)
_SHOWING = (
    rf"d[a-zA-Z]{{0,8}}[S+x]{{0,3}}(\s+{_WORD})?",
    rf"(l|list)[x+]{{0,2}}(\s+{_WORD})?",
    rf"(z|sf|sf\+|sv|sv\+)(\s+{_WORD})?",
    r"(x|t|a|timing)(\s+(on|off|auto))?",
    r"(conninfo|copyright|errverbose|p|q|quit|r|reset)",
    r"(h|help)(\s+[A-Za-z *]*)?",
    r"\?(\s+(commands|options|variables))?",
    rf"pset(\s+({'|'.join(PRINT_OPTIONS)})(\s+[^\\`:\x00-\x1f\x7f]*)?)?",
    r"echo(\s+[^\\`:\x00-\x1f\x7f]*)?",
)
_META = re.compile(rf"\\(({'|'.join(_SHOWING)})\s*;?|gx?)\s*", re.ASCII)
r"""A semicolon after ``\g`` would be the name of a file to write to."""
_NAME = re.compile(r"\\([^\s\\;]*)")
_BLANKS = re.compile(r"[ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
LONGEST_LINE = 1_000_000


@dataclass(frozen=True)
class Refusal:
    """Why a line does not reach psql; ``whole`` if the line was a meta-command and nothing else."""

    reason: str
    whole: bool = False

    def __str__(self) -> str:
        return self.reason


def refusal(text: str) -> Refusal | None:
    """Why ``text`` (one line or several) may not be sent, or ``None`` if it may."""
    for line in text.split("\n"):
        if found := _line(line.removesuffix("\r")):
            return found
    return None


def _line(line: str) -> Refusal | None:
    if _CONTROL.search(line):
        return Refusal("a control character cannot be sent here")
    if "`" in line:
        return Refusal("a backtick (`) is not accepted here, because psql may run what it encloses")
    if "LAST_ERROR_MESSAGE" in line.upper():
        return Refusal("the variable LAST_ERROR_MESSAGE cannot be used here")
    if len(line) > LONGEST_LINE:
        return Refusal(f"a line may have {LONGEST_LINE:,} characters at most")
    start = line.find("\\")
    # Runs of blanks are one to psql too; left in, they would make the match take quadratic time.
    if start < 0 or _META.fullmatch(_BLANKS.sub(" ", line[start:])):
        return None
    name = _NAME.match(line, start)
    command = f"\\{name[1]}" if name else "\\"
    return Refusal(
        f"{command} is not available here: only meta-commands that show or format something are "
        "(\\d, \\l, \\x, \\timing, \\pset, …), one at the end of a line, and no other backslash",
        whole=not line[:start].strip(),
    )
