"""Credentials in an ``alertmanager.yml``, which Alertmanager itself shows nobody: it writes ``<secret>`` for them."""

import re
from typing import Any

import yaml

from labkit.errors import DatasetError

HIDDEN = "<secret>"
"""What upstream shows of a secret."""

_SECRET = re.compile(r"(?:.*_)?(?:password|secret|token|key|credentials)|(?:slack_)?api_url")
_USER = re.compile(r"(?<=://)[^/@\s]+@")


def masked(text: str, file: str) -> str:
    """The configuration without its credentials; one that has none stays as it is, comments and all."""
    try:
        known = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DatasetError(f"no YAML: {error}", where=file, remedy="name an alertmanager.yml") from error
    shown = _shown(known)
    return text if shown == known else yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=120)


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: HIDDEN if _hides(key, one) else _shown(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return _USER.sub(f"{HIDDEN}@", value) if isinstance(value, str) else value


def _hides(key: Any, value: Any) -> bool:
    """Whether a field is a secret; one whose name ends in ``_file`` says only where it lies."""
    return value is not None and not isinstance(value, dict | list) and _SECRET.fullmatch(str(key)) is not None
