"""Scripts that run in a Python of their own."""

import subprocess
import sys
import textwrap


def run(script, *options):
    """Runs `script` to the end of its interpreter: exit code, standard output, standard error."""
    command = [sys.executable, *options, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def printed(script, *options):
    """What the script prints, if it ends well and says nothing else."""
    code, out, err = run(script, *options)
    assert (code, err) == (0, ""), (code, out, err)
    return out.splitlines()
