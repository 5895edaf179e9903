"""Where dashboards are: a file of one's own, the dataset's folder, and those that come with labkit."""

import difflib
import re
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from labkit.errors import ManifestError, QueryError
from labkit.lab.grafana import model
from labkit.lab.grafana.model import Dashboard

_PACKAGE, _FOLDER = "labkit.twin", "observability/dashboards"
"""The product's own dashboards, as data: nothing of the package is imported."""


def read_all(folders: Sequence[Path]) -> list[Dashboard]:
    """The dashboards of the first folder that has any, by title; without one, those of the product."""
    for folder in folders:
        if found := [model.read(path) for path in sorted(folder.glob("*.json"))]:
            return sorted(found, key=lambda one: one.title)
    return sorted(_packaged(), key=lambda one: one.title)


def find(name: str, folders: Sequence[Path]) -> Dashboard:
    """The dashboard with this title or uid, whole or in part, or in this file; raises :class:`QueryError` if it is none's."""
    if name.endswith(".json"):
        return model.read(Path(name).expanduser())
    known = read_all(folders)
    wanted = _plain(name)
    exact = [one for one in known if wanted in {_plain(one.title), _plain(one.uid or "")}]
    found = exact or [one for one in known if wanted and wanted in _plain(one.title)]
    if len(found) == 1:
        return found[0]
    raise QueryError(
        f"{'no' if not found else 'more than one'} dashboard is called {name!r}", remedy=_remedy(name, found or known)
    )


def _packaged() -> Iterable[Dashboard]:
    folder = resources.files(_PACKAGE).joinpath(_FOLDER)
    if not folder.is_dir():
        raise ManifestError(
            "holds no dashboards", where=str(folder), remedy='draw a file: lab.dashboard("my-dashboard.json")'
        )
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    return [model.parse(folder.joinpath(name).read_text(encoding="utf-8"), name) for name in names]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def _remedy(name: str, known: list[Dashboard]) -> str:
    near = difflib.get_close_matches(name, [one.title for one in known], n=1)
    titles = ", ".join(repr(one.title) for one in known)
    return f"did you mean {near[0]!r}? There are: {titles}" if near else f"there are: {titles}"
