"""Packages to be surveyed, made on the spot."""

import importlib.util
import shutil
from pathlib import Path

import pytest


def testbuffer():
    """The file of CPython's `_testbuffer`: two exporter types, one of which breaks rules on purpose."""
    spec = importlib.util.find_spec("_testbuffer")
    if spec is None or not spec.origin or not Path(spec.origin).is_file():
        pytest.skip("this Python has no _testbuffer as a file")
    return Path(spec.origin)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty directory that is on the path of this process, and so of the survey's children."""
    directory = tmp_path / "packages"
    directory.mkdir()
    monkeypatch.syspath_prepend(str(directory))
    return directory


@pytest.fixture
def package(place):
    """Makes a package of some files: `package("name", {"__init__.py": "…"})`."""

    def make(name, files, compiled=()):
        directory = place / name
        for file, text in {"__init__.py": "", **files}.items():
            (directory / file).parent.mkdir(parents=True, exist_ok=True)
            (directory / file).write_text(text, encoding="utf-8")
        for file in compiled:
            (directory / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(testbuffer(), directory / testbuffer().name.replace("_testbuffer", file))
        return name

    return make
