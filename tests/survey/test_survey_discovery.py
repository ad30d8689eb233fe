"""Looking through packages: exporters are found, also hidden and late ones, whatever the package does meanwhile."""

import sys
import threading
import time

import pytest

from onloan.survey.discovery import discover
from onloan.survey.packages import UnknownPackage, installed, named
from onloan.survey.recipes import known, recipes

pep688 = pytest.mark.skipif(sys.version_info < (3, 12), reason="classes of Python lend from 3.12 on")


def looked(name, **options):
    (found,) = named(name)
    return discover(found, **options)


def exporter(found, name):
    (one,) = [one for one in found.exporters if one.type == name]
    return one


def test_a_package_without_exporters_has_none(package):
    found = looked(package("plain", {"module.py": "x = 1"}))
    assert found.exporters == [] and found.problems == [] and not found.failed


def test_types_of_an_extension_module_are_found_whatever_they_call_themselves(package):
    # _testbuffer's types are of no module; that of the file it was copied to made them.
    found = looked(package("compiled", {}, compiled=["_testbuffer"]))
    static = exporter(found, "staticarray")
    assert static.made_by == "compiled._testbuffer" and static.shown == "compiled._testbuffer.staticarray"
    assert not static.release_slot and static.guessed
    assert static.targets[0].startswith("compiled._testbuffer:staticarray(")
    assert exporter(found, "ndarray").release_slot


def test_extension_modules_that_nobody_imports_are_imported(package):
    found = looked(package("deep", {"inner/__init__.py": "raise ImportError('only below')", "far/__init__.py": ""}, compiled=["far/_testbuffer"]))
    assert exporter(found, "staticarray").made_by == "deep.far._testbuffer"


def test_what_belongs_to_tests_is_not_imported(package):
    found = looked(package("tested", {"tests/__init__.py": ""}, compiled=["tests/_testbuffer"]))
    assert found.exporters == [] and found.problems == []


@pep688
def test_classes_with_buffer_methods_are_found_and_made(package):
    source = "class Lent:\n def __init__(self, data): self.data = data\n def __buffer__(self, flags): return memoryview(self.data)\n"
    found = looked(package("pythonic", {"inner.py": source}))
    lent = exporter(found, "pythonic.inner.Lent")
    assert lent.targets == ('pythonic.inner:Lent(b"on loan!")',) and lent.base is None


@pep688
def test_a_subclass_is_an_exporter_of_its_own_only_if_it_lends_in_its_own_way(package):
    source = """
class First:
    def __buffer__(self, flags): return memoryview(b"abc")
class Same(First):
    pass
class Other(First):
    def __buffer__(self, flags): return memoryview(b"xyz")
"""
    found = looked(package("heirs", {"__init__.py": source}))
    assert [one.type for one in found.exporters] == ["heirs.First", "heirs.Other"]
    assert exporter(found, "heirs.First").inherited == ("heirs.Same",)


def test_heirs_of_builtin_exporters_are_no_exporters_of_the_package(package):
    found = looked(package("heir", {"__init__.py": "import array, ctypes\nclass A(array.array): pass\nclass B(bytes): pass\nclass C(ctypes.Structure): pass"}))
    assert found.exporters == []


def test_types_that_appear_on_first_use_are_found(package):
    use = "def compress(data):\n from ._testbuffer import staticarray\n return staticarray()\n"
    found = looked(package("late", {"__init__.py": use}, compiled=["_testbuffer"]))
    assert {one.type for one in found.exporters} == {"ndarray", "staticarray"}


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("raise RuntimeError('not today')", "RuntimeError: not today"),
        ("raise SystemExit('gone')", "SystemExit: gone"),
        ("import os; os._exit(7)", "exit code 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("import time; time.sleep(600)", "nothing was heard for 1 s"),
        ("def (", "SyntaxError"),
    ],
    ids=["raises", "exits", "vanishes", "crashes", "hangs", "is no Python"],
)
def test_a_package_that_does_not_import_is_said_to_and_why(package, source, why):
    found = looked(package("broken", {"__init__.py": source}), seconds=1.0)
    assert found.failed and found.exporters == []
    assert found.problems[0][0] == "broken" and why in found.problems[0][1]


def test_a_module_that_breaks_the_process_does_not_take_the_others_with_it(package):
    # The good module is compiled, and comes after the one that dies.
    files = {"a/__init__.py": "import os; os._exit(3)"}
    found = looked(package("half", files, compiled=["a/_testbuffer", "b/_testbuffer"]))
    assert exporter(found, "staticarray").made_by == "half.b._testbuffer"
    assert ("half.a._testbuffer", "exit code 3") in found.problems and not found.failed


def test_what_a_package_prints_and_writes_does_not_get_out(package, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    source = "import os, sys\nprint('loud'); print('louder', file=sys.stderr); os.write(1, b'loudest'); open('written', 'w').close()"
    assert not looked(package("loud", {"__init__.py": source})).failed
    assert capfd.readouterr() == ("", "") and not (tmp_path / "written").exists()


def test_what_is_left_running_by_an_import_is_ended(package, tmp_path):
    marker = tmp_path / "marker"
    program = f"import os, time; time.sleep(2); open({str(marker)!r}, 'w').close()"
    source = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {program!r}])"
    assert not looked(package("starter", {"__init__.py": source})).failed
    time.sleep(3)
    assert not marker.exists()


def test_a_look_that_is_stopped_ends_at_once(package):
    stop = threading.Event()
    threading.Timer(1, stop.set).start()
    begun = time.monotonic()
    looked(package("slow", {"__init__.py": "import time; time.sleep(600)"}), stop=stop)
    assert time.monotonic() - begun < 30


def test_all_that_is_installed_is_found_without_onloan_itself():
    found = {one.name: one for one in installed()}
    assert "pytest" in found and not found["pytest"].compiled and "onloan" not in found


def test_an_unknown_name_is_no_package():
    for name in ("no_such_package_of_anybody", "", "a b", "..", "os.path"):
        with pytest.raises(UnknownPackage):
            named(name)


def test_a_package_is_found_by_what_it_is_imported_as_and_with_its_version():
    pytest.importorskip("numpy")
    (found,) = named("numpy")
    assert found.version and found.compiled and found.top == ("numpy",)
    assert named("_pytest")[0].name == "pytest"


@pytest.mark.parametrize("name", known())
def test_each_recipe_makes_an_exporter(name):
    pytest.importorskip({"pymongo": "bson", "pyzmq": "zmq", "psycopg2-binary": "psycopg2"}.get(name, name), reason=f"{name} is not installed")
    found = looked(name)
    made = {target for one in found.exporters for target in one.targets}
    failed = dict(found.problems)
    assert {target: failed.get(target) for target in recipes(name) if target not in made} == {}
