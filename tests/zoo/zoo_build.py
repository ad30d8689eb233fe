"""Compiles the zoo for the Python that runs this, into `target/zoo/…`. Nothing is written beside the sources."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Missing(Exception):
    """The zoo cannot be built here; the message says why."""


def build() -> Path:
    """The folder with the extension module `zoo`; it is compiled unless that was done from the same text."""
    include = Path(sysconfig.get_paths()["include"])
    if not (include / "Python.h").is_file():
        raise Missing(f"this Python has no headers: there is no Python.h in {include}")
    compiler = find_compiler()
    sources = sorted((HERE / "c").glob("*.c"))
    folder = ROOT / "target" / "zoo" / f"{sysconfig.get_config_var('SOABI')}-{sys.hexversion:x}"
    target = folder / f"zoo{sysconfig.get_config_var('EXT_SUFFIX')}"
    command = [*compiler, "-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-fPIC", "-shared", f"-I{include}", *map(str, sources)]
    if sys.platform == "darwin":
        command += ["-undefined", "dynamic_lookup"]
    texts = [path.read_bytes() for path in [*sources, HERE / "c" / "zoo.h"]]
    stamp = folder / "stamp"
    digest = hashlib.sha256(b"\0".join([*texts, *map(str.encode, command), sys.version.encode()])).hexdigest()
    if target.is_file() and stamp.is_file() and stamp.read_text() == digest:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    # Another session may be doing the same, and a process may have the old one mapped.
    fresh = target.with_name(f"{target.name}.{hashlib.sha256(digest.encode()).hexdigest()[:8]}")
    done = subprocess.run([*command, "-o", str(fresh)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{compiler[0]} could not compile the zoo:\n{done.stderr}")
    fresh.replace(target)
    stamp.write_text(digest)
    return folder


def find_compiler() -> list[str]:
    """The compiler that built this Python, or any."""
    configured = (sysconfig.get_config_var("CC") or "").split()
    for command in [configured[:1], ["cc"], ["gcc"], ["clang"]]:
        if command and shutil.which(command[0]):
            return command
    raise Missing("there is no C compiler (cc, gcc, clang)")


if __name__ == "__main__":
    print(build())
