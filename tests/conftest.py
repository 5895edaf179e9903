"""What holds for every test."""

import signal


def pytest_configure() -> None:
    """Take SIGINT back: a runner in the background hands it on ignored, and Ctrl-C is among what is tested."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
