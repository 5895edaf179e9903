"""A course: the folder with ``nbgrader_config.py``, and nbgrader's settings read from it."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from labkit.errors import CourseError

CONFIG = "nbgrader_config.py"
_TRAINEE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True)
class Course:
    """A course's root folder and its nbgrader settings."""

    root: Path
    config: Config

    @classmethod
    def find(cls, start: Path) -> "Course":
        """The course that holds ``start``: the nearest folder upward with ``nbgrader_config.py``."""
        start = start.resolve()
        for folder in (start, *start.parents):
            if (folder / CONFIG).is_file():
                return cls(folder, _load(folder))
        raise CourseError(
            f"no {CONFIG} here or above",
            where=str(start),
            remedy="run this in the instructor's clone, or name it by --course",
        )

    def step(self, name: str) -> Path:
        """The folder of one of nbgrader's steps: source, release, submitted, autograded, feedback."""
        return self.root / str(self.config.CourseDirectory.get(f"{name}_directory", name))

    @contextmanager
    def scratch(self) -> Iterator[str]:
        """A folder for a while, named from the root as nbgrader names its steps; hidden beside graded work."""
        folder = self.step("autograded")
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".scratch-") as made:
            yield str(Path(made).relative_to(self.root))


def check_trainee(name: str) -> str:
    """``name`` if it can be a trainee's: it becomes a folder and a glob; else :class:`CourseError`."""
    if not _TRAINEE.fullmatch(name):
        raise CourseError(
            f"{name!r} cannot be a trainee's name",
            remedy="use up to 64 letters, digits and ._@-, beginning with a letter or digit",
        )
    return name


def _load(folder: Path) -> Config:
    try:
        return PyFileConfigLoader(CONFIG, path=str(folder)).load_config()
    except (SyntaxError, NameError, TypeError, AttributeError, ValueError) as error:
        raise CourseError(
            f"cannot be read: {error}", where=str(folder / CONFIG), remedy="correct the line, or restore the file"
        ) from error
