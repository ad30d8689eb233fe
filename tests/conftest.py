"""What all tests share: a browser. That this file is here lets each of them import what lies beside it."""

import sys

import pytest
from browser import Browser, executable


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Headless Chromium without a network."""
    if executable() is None:
        pytest.skip("Chromium is not installed")
    if sys.platform == "win32":
        pytest.skip("the pipe to the browser is made as on Unix")
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser
