"""CPython's own tests, run with onloan.View in memoryview's place.

The installed interpreter's test module is taken as it is: its source, through its own import loader, is parsed, the *name* memoryview is replaced by
another one, and the result is executed as a module of its own. Nothing installed is edited, copied or patched.

    source of test.test_buffer ── ast ──▶ memoryview → _the_view ── exec ──▶ a fresh module ── unittest ──▶ Outcome

Inside of functions called ``__buffer__`` the name stays: PEP 688 wants a builtin memoryview from there.

Some tests assert that memoryview *cannot* do something: ``assertRaises(NotImplementedError, …)``, or that it cannot be pickled. A superset can. Such an
expectation also accepts success, TypeError, ValueError and IndexError here; each time that it does is counted as an accepted absence, and the rest of the
test runs.
"""

import ast
import contextlib
import dataclasses
import importlib
import importlib.machinery
import sys
import types
import unittest

NAME = "_the_view"

#: Tests of what memoryview *is*, not of what it does, with the reason.
INTRINSIC = {
    ("test.test_buffer", "test_memoryview_sizeof"): "the size of memoryview's own C struct",
    ("test.test_buffer", "test_c_buffer"): "__buffer__ of a C type returns a builtin memoryview, which is asserted by isinstance",
    ("test.test_picklebuffer", "test_raw"): "PickleBuffer.raw() returns a builtin memoryview",
    ("test.test_picklebuffer", "test_raw_ndarray"): "PickleBuffer.raw() returns a builtin memoryview",
    ("test.test_picklebuffer", "test_raw_non_contiguous"): "PickleBuffer.raw() returns a builtin memoryview",
}


#: Tests that say with another exception than NotImplementedError that something is absent.
ABSENT = {("test.test_memoryview", "test_pickle"): TypeError}

#: What was run in this process, for a summary at the end.
OUTCOMES = []


@dataclasses.dataclass
class Outcome:
    """What came of one module."""

    module: str
    run: int
    skipped: int
    intrinsic: list[str]
    accepted: list[str]
    elsewhere: list[str]
    failures: list[tuple[str, str]]

    def summary(self):
        """One line."""
        return (
            f"{self.module}: {self.run} run, {self.skipped} skipped by themselves, "
            f"{len(self.intrinsic)} intrinsic left out, {len(self.accepted)} accepted absences, "
            f"{len(self.elsewhere)} fail with memoryview too, {len(self.failures)} failed"
        )


class Rename(ast.NodeTransformer):
    """memoryview → the other name, but not inside of ``__buffer__``."""

    def __init__(self):
        self.renamed = 0

    def visit_FunctionDef(self, node):
        return node if node.name == "__buffer__" else self.generic_visit(node)

    def visit_Name(self, node):
        if node.id == "memoryview" and isinstance(node.ctx, ast.Load):
            self.renamed += 1
            return ast.copy_location(ast.Name(NAME, ast.Load()), node)
        return node


def load(name, view, lenient=True):
    """The installed module `name` with `view` for memoryview, and the list in which accepted absences are noted.

    None for the module if it is not installed.
    """
    parent = name.rpartition(".")[0]
    try:
        path = importlib.import_module(parent).__path__
    # Some packages of newer versions are single modules in older ones.
    except (ModuleNotFoundError, AttributeError):
        return None, []
    # Not importlib.util.find_spec: test runners put hooks of their own in front.
    spec = importlib.machinery.PathFinder.find_spec(name, path)
    if spec is None:
        return None, []
    source = spec.loader.get_source(name)
    rename = Rename()
    tree = ast.fix_missing_locations(rename.visit(ast.parse(source, spec.origin)))
    if not rename.renamed:
        raise LookupError(f"{name} never names memoryview: running it would prove nothing")
    module = types.ModuleType(name + "__with_view")
    module.__file__ = spec.origin
    module.__package__ = spec.parent
    module.__dict__[NAME] = view
    # unittest and pickle look modules up by name.
    sys.modules[module.__name__] = module
    exec(compile(tree, spec.origin, "exec"), module.__dict__)
    accepted = []
    if lenient:
        for value in list(vars(module).values()):
            if isinstance(value, type) and issubclass(value, unittest.TestCase) and value.__module__ == module.__name__:
                value.assertRaises = accepting(name, value.assertRaises, accepted)
    return module, accepted


class Absence:
    """``with self.assertRaises(expected)`` that also accepts that it works, or that it is refused for another reason."""

    def __init__(self, test, expected, accepted):
        self.test = test
        self.expected = expected
        self.accepted = accepted
        self.exception = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, _traceback):
        self.exception = value
        if kind is not None and issubclass(kind, self.expected):
            return True
        if kind is None or issubclass(kind, (TypeError, ValueError, IndexError)):
            self.accepted.append(f"{self.test.id()}: {'works' if kind is None else kind.__name__}")
            return True
        return False


def accepting(name, strict, accepted):
    """`assertRaises` of a class of the module `name`, wrapped."""
    if getattr(strict, "accepts_absences", False):
        return strict

    def assertRaises(self, expected, *args, **kwargs):
        if expected not in (NotImplementedError, ABSENT.get((name, self._testMethodName))):
            return strict(self, expected, *args, **kwargs)
        absence = Absence(self, expected, accepted)
        if not args:
            return absence
        function, *args = args
        with absence:
            function(*args, **kwargs)
        return None

    assertRaises.accepts_absences = True
    return assertRaises


@contextlib.contextmanager
def resources():
    """All of `test.support`'s resources that need nothing but time, and not our hypothesis.

    CPython's tests take an installed hypothesis of whatever version, and change its profile for everybody; without one they use their own examples.
    """
    from test import support

    before, ours = support.use_resources, sys.modules.get("hypothesis")
    support.use_resources = ["cpu"]
    sys.modules["hypothesis"] = None
    try:
        yield
    finally:
        support.use_resources = before
        if ours is None:
            del sys.modules["hypothesis"]
        else:
            sys.modules["hypothesis"] = ours


def run(name, view, only=None):
    """Runs the module `name`; None if it is not installed."""
    with resources():
        module, accepted = load(name, view)
        if module is None:
            return None
        suite = unittest.TestSuite()
        intrinsic = []
        for test in tests_of(unittest.defaultTestLoader.loadTestsFromModule(module)):
            method = test.id().rsplit(".", 1)[-1]
            if (name, method) in INTRINSIC:
                intrinsic.append(method)
            elif only is None or only in test.id():
                suite.addTest(test)
        result = unittest.TestResult()
        suite.run(result)
    failures = [(test.id(), text) for test, text in result.failures + result.errors]
    failures += [(test.id(), "succeeded unexpectedly") for test in result.unexpectedSuccesses]
    # Of a test that fails here with memoryview as well, View is not the reason.
    known = {test for test, _ in failures} and failing_with_memoryview(name, {test for test, _ in failures})
    elsewhere = [test for test, _ in failures if test in known]
    failures = [(test, text) for test, text in failures if test not in known]
    outcome = Outcome(name, result.testsRun, len(result.skipped), intrinsic, accepted, elsewhere, failures)
    OUTCOMES.append(outcome)
    return outcome


def failing_with_memoryview(name, tests):
    """Which of these tests of the module fail with the builtin memoryview, loaded in the same way."""
    with resources():
        module, _ = load(name, memoryview, lenient=False)
        suite = unittest.TestSuite(
            test for test in tests_of(unittest.defaultTestLoader.loadTestsFromModule(module)) if test.id() in tests
        )
        result = unittest.TestResult()
        suite.run(result)
    return {test.id() for test, _ in result.failures + result.errors} | {test.id() for test in result.unexpectedSuccesses}


def tests_of(suite):
    """The single tests of a suite."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


if __name__ == "__main__":
    import onloan

    for argument in sys.argv[1:]:
        name, _, only = argument.partition(":")
        outcome = run(name, onloan.View, only or None)
        if outcome is None:
            print(f"{name}: not installed")
            continue
        for test, text in outcome.failures:
            print(f"== {test}\n{text}")
        print(outcome.summary())
