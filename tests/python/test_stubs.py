"""The stubs say what the extension module has, and the package holds to its own types."""

import subprocess
import sys
from pathlib import Path

import pytest

import onloan

pytest.importorskip("mypy", reason="mypy is not installed")


def mypy(*arguments, **keywords):
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, **keywords)


def test_the_stub_is_that_of_the_extension_module(tmp_path):
    # Type checkers know an exporter by these methods on all versions; the interpreter has them from 3.12 on.
    missing = "" if sys.version_info >= (3, 12) else r"onloan\._onloan\.(Buffer|View)\.__(release_)?buffer__"
    (tmp_path / "allowed").write_text(missing)
    done = mypy("mypy.stubtest", "onloan._onloan", "--allowlist", str(tmp_path / "allowed"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_is_typed(tmp_path):
    assert Path(onloan.__file__).with_name("py.typed").exists()
    done = mypy("mypy", "--strict", "--cache-dir", str(tmp_path), "-p", "onloan", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
