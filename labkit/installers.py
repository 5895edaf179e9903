"""Which Python installs, what an installer is told, and what it says in plain words.

Used by ``bootstrap.py`` before anything is installed: standard library only, and a syntax that
Python 3.6 still reads.
"""

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

OLDEST = (3, 11)
CANDIDATES = ("python3.14", "python3.13", "python3.12", "python3.11", "python3")
_PROBE = "import sys, json, venv, ensurepip; print(json.dumps(list(sys.version_info[:2])))"
_VERSION = "import sys, json; print(json.dumps(list(sys.version_info[:2])))"


class Failure(Exception):
    """What is wrong, in one sentence, and what to do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super(Failure, self).__init__(what)
        self.what = what
        self.remedy = remedy


# What an installer's output means: the first pattern found in it decides.
MEANINGS: Tuple[Tuple[str, str, str], ...] = (
    (
        r"No space left on device|Errno 28|os error 28|Disk quota exceeded",
        "the disk is full",
        "free about 1.5 GB (also in the temporary folder, TMPDIR), then run the same command again",
    ),
    (
        r"DO NOT MATCH THE HASHES|Hash mismatch",
        "a downloaded package is not the one that requirements.lock names",
        "run again; if it stays, your package index or a proxy alters packages: tell who runs it",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|invalid peer certificate|UnknownIssuer",
        "the package index shows a certificate that this machine does not trust",
        "behind a proxy that opens TLS, tell pip of its certificate: pip config set global.cert /path/to/ca.pem",
    ),
    (
        r"name resolution|Name or service not known|nodename nor servname|getaddrinfo|NewConnectionError"
        r"|Network is unreachable|Connection refused|ConnectTimeout|Read timed out|ProxyError|Max retries exceeded"
        r"|Connection to \S+ timed out|dns error|Connection reset",
        "the package index cannot be reached",
        "check the network and the proxy (HTTPS_PROXY); a mirror is set by: pip config set global.index-url ADDRESS",
    ),
    (
        r"Permission denied|Errno 13|Read-only file system",
        "a file could not be written",
        "see that this folder and everything in .venv is yours and writable, then run the same command again",
    ),
    (
        r"No matching distribution found|Could not find a version|is not a supported wheel|no usable wheels"
        r"|Failed building wheel|Failed to build",
        "a package has no build for this machine or this Python",
        "use CPython 3.11 to 3.14 on Linux (x86-64 or arm64, glibc) or macOS: PYTHON=/path/to/python3.12 make lab",
    ),
)


def pinned(lock: str, name: str) -> Optional[str]:
    """The lines of ``lock`` that pin ``name``, with its hashes."""
    found = re.search(r"(?m)^{}==(?:.*\\\n)*.*".format(re.escape(name)), lock)
    return found.group(0) + "\n" if found else None


def pip_settings(listing: str) -> Dict[str, str]:
    """``pip config list`` as a dictionary of options without their sections; ``:env:`` is listed last and wins."""
    lines = (re.match(r"([\w:]+)\.([\w-]+)=(['\"].*)", line) for line in listing.splitlines())
    found = [(match.group(1) == ":env:", match.group(2), ast.literal_eval(match.group(3))) for match in lines if match]
    return {option: value for _, option, value in sorted(found)}


# What pip's options are to uv, and those that change nothing of what is installed.
_UV = {
    "index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE", "trusted-host": "UV_INSECURE_HOST",
}  # fmt: skip
_IDLE = {
    "disable-pip-version-check", "default-timeout", "timeout", "retries", "constraint", "no-input", "progress-bar",
    "cache-dir", "no-cache-dir", "break-system-packages", "root-user-action", "user", "require-virtualenv", "quiet",
    "no-color", "no-warn-script-location",
}  # fmt: skip


def uv_settings(settings: Dict[str, str]) -> Optional[Dict[str, str]]:
    """The settings of pip as uv's environment, or ``None`` if one of them has no counterpart."""
    if set(settings) - set(_UV) - _IDLE:
        return None
    return {_UV[option]: " ".join(value.split()) for option, value in settings.items() if option in _UV}


def explain(what: str, output: str, log: Optional[Path]) -> Failure:
    """What the output of a failed installer means."""
    for pattern, meaning, remedy in MEANINGS:
        if re.search(pattern, output):
            return Failure("{} failed: {}".format(what, meaning), remedy)
    tail = "\n".join("     | " + line for line in output.strip().splitlines()[-12:])
    where = "the whole output is in {}".format(log) if log else "it is above"
    return Failure("{} failed:\n{}".format(what, tail), "run the same command again; {}".format(where))


def find_python(environ: Dict[str, str], candidates: Sequence[str] = CANDIDATES) -> str:
    """The interpreter to use: ``PYTHON`` if that is set, else the newest that is new enough and has venv."""
    named = environ.get("PYTHON")
    lacking = old = None  # type: Optional[str]
    for name in [named] if named else candidates:
        path = shutil.which(name, path=environ.get("PATH"))
        version = _version(path, _VERSION) if path else None
        if path is None or version is None:
            continue
        if tuple(version) < OLDEST:
            old = old or "{} is Python {}".format(path, ".".join(map(str, version)))
        elif _version(path, _PROBE) is None:
            lacking = lacking or "{}.{}".format(*version)
        else:
            return path
    if lacking:
        raise Failure(
            "Python {} was found, but not its venv module".format(lacking),
            "on Debian and Ubuntu: sudo apt install python{}-venv; then run the same command again".format(lacking),
        )
    if named and not old:
        raise Failure("PYTHON={} is not a Python that runs".format(named), "give the path of a Python 3.11 or newer")
    raise Failure(
        "Python 3.11 or newer is needed; {}".format(old or "no Python was found"),
        "install one (apt install python3 python3-venv; brew install python), or name it: PYTHON=/path/to/python3.12 make lab",
    )


def _version(python: str, code: str) -> Optional[List[int]]:
    try:
        ended = subprocess.run(
            [python, "-I", "-c", code],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True, timeout=20,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return list(json.loads(ended.stdout)) if ended.returncode == 0 else None
