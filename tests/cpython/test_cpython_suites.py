"""CPython's own tests of memoryview pass with onloan.View in its place."""

import loader
import onloan
import pytest


def judge(name, view=onloan.View, only=None):
    outcome = loader.run(name, view, only)
    if outcome is None:
        pytest.skip(f"{name} is not installed with this Python")
    return outcome


@pytest.mark.parametrize("name", ["test.test_memoryview", "test.test_buffer"])
def test_what_cpython_asserts_of_memoryview_holds_for_view(name):
    outcome = judge(name)
    assert outcome.failures == []
    # So that a module in which nothing was found does not pass.
    assert outcome.run - outcome.skipped > 50
    # Each is a place where memoryview cannot do something: as many as the suites of these versions have.
    assert {"test.test_memoryview": 6, "test.test_buffer": 18}[name] == len(outcome.accepted)


def test_the_loader_leaves_the_interpreters_own_module_alone():
    module, _ = loader.load("test.test_memoryview", onloan.View)
    if module is None:
        pytest.skip("test.test_memoryview is not installed with this Python")
    import test.test_memoryview as original

    assert not hasattr(original, loader.NAME)
    assert original is not module
    assert original.OtherTest is not module.OtherTest
    assert original.OtherTest.assertRaises is not module.OtherTest.assertRaises


def test_a_view_that_cannot_slice_is_found():
    """The loader finds faults: a class that delegates to memoryview, but not for slices."""
    class Broken:
        def __init__(self, object):
            self.inner = memoryview(object)

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def __getitem__(self, key):
            return None if isinstance(key, slice) else self.inner[key]

    outcome = judge("test.test_memoryview", Broken, "test_getitem")
    loader.OUTCOMES.remove(outcome)
    assert any("Slice" in test for test, _ in outcome.failures)
    assert not any("BytesMemoryviewTest" in test for test, _ in outcome.failures)
