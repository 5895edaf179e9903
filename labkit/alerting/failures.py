"""How files of rules and of Alertmanager's configuration fail."""

from labkit.errors import LabkitError


class RuleFileError(LabkitError):
    """A rule file is malformed; ``where`` names file, line, group and rule."""


class ConfigError(LabkitError):
    """An ``alertmanager.yml`` is malformed; ``where`` names file, line and field."""
