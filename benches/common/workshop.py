"""Brings the peers onto this machine: pip packages into the venv, compiled parts into `target/bench/NAME/…`.

Nothing is written beside the sources. Whatever cannot be had raises `Missing` with the reason; the run decides whether
it can do without.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).resolve().parents[2]
#: What the parts in C may include, beside Python's headers.
HEADERS = Path(__file__).resolve().parent / "c"


class Missing(Exception):
    """Something cannot be had here; the message says what and why."""


class Workshop:
    """Compilers and folders of the benchmark whose folder is `here`.

    `library` is the folder with the built extension modules, on `sys.path` once the workshop exists. It is kept
    apart for each interpreter, because every part is built against that interpreter's full API.
    """

    #: The parts in C: module name → source and extra flags.
    C_PARTS: ClassVar[dict[str, tuple[str, list[str]]]] = {}

    def __init__(self, here: Path) -> None:
        self.here = here
        self.folder = ROOT / "target" / "bench" / here.name / sysconfig.get_config_var("SOABI")
        self.library = self.folder / "lib"
        self.library.mkdir(parents=True, exist_ok=True)
        self.suffix = sysconfig.get_config_var("EXT_SUFFIX")
        self.cc = find_compiler("CC", "cc", "gcc", "clang")
        self.cxx = find_compiler("CXX", "c++", "g++", "clang++")
        sys.path.insert(0, str(self.library))

    def package(self, name: str) -> None:
        """Installs a package into the venv unless it is there."""
        if version(name) is not None:
            return
        if sys.prefix == sys.base_prefix:
            raise Missing(f"{name} is not installed, and this interpreter is no venv to install it into")
        say(f"installing {name}")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", name]
        done = subprocess.run(pip, capture_output=True, text=True)
        importlib.invalidate_caches()
        if done.returncode != 0:
            raise Missing(f"pip could not install {name}: {last_line(done.stderr)}")

    def c(self, *names: str) -> None:
        """Builds some of `C_PARTS`."""
        for name in names:
            source, flags = self.C_PARTS[name]
            self.compile(self.module(name), self.cc, [self.here / source], flags)

    def cython(self) -> None:
        """Translates the benchmark's Cython module to C and builds it."""
        self.package("cython")
        translated = self.folder / "cython_peer.c"
        command = [
            sys.executable,
            "-m",
            "cython",
            "-3",
            str(self.here / "cython/cython_peer.pyx"),
            "-o",
            str(translated),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Missing(f"cython failed: {last_line(done.stderr)}")
        self.compile(self.module("cython_peer"), self.cc, [translated], [], "cython")

    def onloan(self) -> None:
        """The package of this project, which is nothing that pip could fetch."""
        try:
            importlib.import_module("onloan")
        except ImportError as reason:
            raise Missing(f"the package onloan is not installed in this venv: {reason}") from reason

    def crate(self, name: str) -> None:
        """Builds one of the benchmark's crates as an author does: release, default features, this interpreter's API."""
        cargo = shutil.which("cargo")
        if cargo is None:
            raise Missing("no cargo")
        environment = dict(os.environ, PYO3_PYTHON=sys.executable, PYO3_BUILD_EXTENSION_MODULE="1")
        environment["CARGO_TARGET_DIR"] = str(self.folder / "cargo")
        if sys.platform == "darwin":
            environment["RUSTFLAGS"] = "-Clink-arg=-undefined -Clink-arg=dynamic_lookup"
        say(f"cargo build {name}")
        command = [cargo, "build", "--release", "--quiet", "--manifest-path", str(self.here / name / "Cargo.toml")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            say(done.stderr)
            raise Missing(f"cargo build {name} failed: {first_error(done.stderr)}")
        extension = "dylib" if sys.platform == "darwin" else "so"
        replace(self.folder / "cargo/release" / f"lib{name}.{extension}", self.module(name))

    def module(self, name: str) -> Path:
        """Where an extension module is put."""
        return self.library / f"{name}{self.suffix}"

    def compile(
        self,
        target: Path,
        compiler: list[str] | None,
        sources: list[Path],
        flags: list[str],
        package: str | None = None,
    ) -> None:
        """One shared library from its sources, unless the same command has already made it from the same text."""
        if compiler is None:
            raise Missing("no C or C++ compiler")
        link = sysconfig.get_config_var("LDSHARED").split()[1:]
        includes = [f"-I{sysconfig.get_paths()['include']}", f"-I{HEADERS}"]
        command = [*compiler, "-O2", "-DNDEBUG", "-fPIC", "-Wall", *includes, *flags]
        command += [*map(str, sources), *link, "-o", str(target)]
        made_from = "\n".join([*command, sys.version, str(package and version(package))]).encode()
        digest = hashlib.sha256(made_from + b"".join(part.read_bytes() for part in [*sources, *sorted(HEADERS.iterdir())])).hexdigest()
        stamp = target.with_name(target.name + ".stamp")
        if target.exists() and stamp.exists() and stamp.read_text() == digest:
            return
        name = target.name.split(".")[0]
        say(f"compiling {name}")
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            say(done.stderr)
            raise Missing(f"{compiler[0]} could not compile {name}: {first_error(done.stderr)}")
        stamp.write_text(digest)


def find_compiler(variable: str, *names: str) -> list[str] | None:
    """The compiler that built this Python, or the first of `names` that is on the path."""
    configured = (sysconfig.get_config_var(variable) or "").split()
    for command in [configured, *([name] for name in names)]:
        if command and shutil.which(command[0]):
            return command
    return None


def version(package: str) -> str | None:
    """The installed version of a package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def locked(crate: Path, dependency: str) -> str | None:
    """The version of a dependency that the crate in a folder was built with."""
    packages = tomllib.loads((crate / "Cargo.lock").read_text())["package"]
    return next((package["version"] for package in packages if package["name"] == dependency), None)


def replace(source: Path, target: Path) -> None:
    """Copies without writing into a file that a running process may have mapped."""
    fresh = target.with_name(target.name + ".new")
    shutil.copyfile(source, fresh)
    fresh.replace(target)


def first_error(text: str) -> str:
    """The line of a compiler's output that says what was wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line), lines[-1] if lines else "no message")


def last_line(text: str) -> str:
    """The last line that says anything."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def say(line: str) -> None:
    """Talk goes to stderr, data to stdout."""
    print(line, file=sys.stderr, flush=True)
