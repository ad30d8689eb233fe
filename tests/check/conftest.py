"""What the tests of the checker share: the command in a process of its own, and targets in files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def command(tmp_path):
    """Runs `onloan check` where `wicked.py` can be imported: exit code, standard output, standard error."""
    (tmp_path / "wicked.py").write_text((HERE / "wicked.txt").read_text(encoding="utf-8"), encoding="utf-8")

    def run(*arguments, **environment):
        done = subprocess.run(
            [sys.executable, "-m", "onloan", "check", *arguments],
            capture_output=True,
            text=True,
            timeout=240,
            cwd=tmp_path,
            env={**os.environ, **environment},
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def judged(command):
    """The targets of the JSON document, and the exit code."""

    def run(*arguments):
        code, out, err = command(*arguments, "--json")
        document = json.loads(out)
        assert document["schema"] == 1 and document["python"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}")
        assert "Traceback" not in err
        return code, document["targets"]

    return run
