"""Reading Prometheus' rule files: a file that is read is one that ``promtool check rules`` accepts."""

import msgspec

from labkit.alerting import documents, rulecheck
from labkit.alerting.documents import Document, Malformed
from labkit.alerting.failures import RuleFileError
from labkit.alerting.rule import Group, RuleFile
from labkit.errors import LabkitError


class _Groups(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    groups: tuple[Group, ...] = ()


def load(text: str, name: str) -> RuleFile:
    """Read the file called ``name``; raises :class:`RuleFileError` at the first thing upstream would refuse."""
    document = Document()
    try:
        document = documents.read(text)
        groups = document.convert(_Groups).groups if document.data is not None else ()
        _check(document, groups)
    except Malformed as error:
        raise _failed(error, document, name) from error
    return RuleFile(name=name, groups=groups)


def _check(document: Document, groups: tuple[Group, ...]) -> None:
    names: set[str] = set()
    for number, group in enumerate(groups):
        path: documents.Path = ("groups", number)
        if not group.name:
            raise Malformed("Groupname must not be empty", document.line(path), path)
        if group.name in names:
            raise Malformed(f'groupname: "{group.name}" is repeated in the same file', document.line(path), path)
        names.add(group.name)
        rulecheck.labels(document, (*path, "labels"), group.labels)
        for place, rule in enumerate(group.rules):
            rulecheck.rule(document, (*path, "rules", place), rule)


def _failed(error: Malformed, document: Document, name: str) -> LabkitError:
    """The error with the names of group and rule, where it lies in one."""
    inside = []
    match error.path:
        case ("groups", int(group), "rules", int(), *_):
            inside = [_named(document, "group", "groups", group), _named(document, "rule", *error.path[:4])]
        case ("groups", int(group), *_):
            inside = [_named(document, "group", "groups", group)]
    return documents.located(
        error, RuleFileError, name, ", ".join(inside), "correct it; 'promtool check rules FILE' says the same"
    )


def _named(document: Document, kind: str, *path: str | int) -> str:
    """``group "api"``, or its number where it has no name."""
    data = document.data
    for step in path:
        data = data[step] if isinstance(data, dict | list) else None  # type: ignore[index]  # as the path was made
    named = isinstance(data, dict) and (data.get("record") or data.get("alert") or data.get("name"))
    return f'{kind} "{named}"' if isinstance(named, str) else f"{kind} {int(path[-1]) + 1}"
