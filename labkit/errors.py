"""The error tree: every failure labkit foresees, each saying what, where and what to do next.

    LabkitError
    ├── SettingsError      a setting, identity or file of the user's is wrong
    ├── ClockError         virtual time was asked to do what time does not do
    ├── JournalError       a journal is damaged, or is not a journal
    ├── ManifestError      a Kubernetes manifest or scenario file is malformed
    ├── QueryError         a query could not be understood or answered
    ├── DatasetError       a recording is damaged, or could not be made
    ├── EngineError        a real engine (PostgreSQL, …) could not be run
    ├── SandboxError       the sandbox as a whole
    │   ├── SandboxNotRunning
    │   ├── SandboxAlreadyRunning
    │   └── SandboxUnreachable
    ├── CourseError        releasing, collecting or grading
    │   └── SubmissionError    one trainee's submission; the batch goes on
    └── kube.status.StatusError    what the Kubernetes API answers as a Status object

Errors are raised freely and translated once, at the boundary where they leave: the command line
prints them and exits 1, a face turns them into its protocol's own error, the notebook shows them
without a traceback.
"""


class LabkitError(Exception):
    """A failure labkit foresees.

    ``what`` is one sentence; ``where`` names the file, line, object or address; ``remedy`` is the
    next thing the reader should do.
    """

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.remedy:
            lines.append(f"  → {self.remedy}")
        return "\n".join(lines)


class SettingsError(LabkitError):
    """A setting, an identity or a configuration file is wrong."""


class ClockError(LabkitError):
    """Virtual time was asked to go backwards, or to jump where it may not."""


class JournalError(LabkitError):
    """A journal is damaged, or the file is not a journal."""


class ManifestError(LabkitError):
    """A manifest or scenario file is malformed; ``where`` names file and field."""


class QueryError(LabkitError):
    """A query could not be understood or answered."""


class DatasetError(LabkitError):
    """A recording is damaged or unknown, or could not be made; ``where`` names the file or address."""


class EngineError(LabkitError):
    """A real engine could not be started, or stopped answering."""


class SandboxError(LabkitError):
    """The sandbox could not do what was asked."""


class SandboxNotRunning(SandboxError):
    """No sandbox runs in this home."""


class SandboxAlreadyRunning(SandboxError):
    """A sandbox already runs in this home."""


class SandboxUnreachable(SandboxError):
    """The sandbox is said to run, but does not answer."""


class CourseError(LabkitError):
    """Releasing, collecting or grading an assignment failed."""


class SubmissionError(CourseError):
    """One submission cannot be graded; it is set aside and the batch goes on."""
