"""CPython's own tests of memoryview pass with onloan.View in its place."""

import os

import loader
import onloan
import pytest


#: Modules that use memoryview on the way, by what they test.
OTHERS = [
    *("test_array", "test_base64", "test_binascii", "test_bytes", "test_codecs", "test_collections", "test_fileio", "test_float", "test_format"),
    *("test_gzip", "test_hash", "test_hashlib", "test_hmac", "test_int", "test_io", "test_long", "test_marshal", "test_memoryio", "test_patma"),
    *("test_picklebuffer", "test_re", "test_struct", "test_urlparse", "test_xxlimited", "test_zlib"),
    *("test_ctypes.test_frombuffer", "test_ctypes.test_pep3118", "test_ctypes.test_pickling", "test_ctypes.test_strings"),
    *("test_capi.test_abstract", "test_capi.test_bytearray", "test_capi.test_bytes", "test_capi.test_float", "test_capi.test_getargs"),
    *("test_sqlite3.test_dbapi", "test_sqlite3.test_types", "test_sqlite3.test_userfunctions"),
]
#: These take longer than all others together.
LONG = {"test_array", "test_hashlib", "test_io"}


def judge(name, view=onloan.View, only=None):
    try:
        outcome = loader.run(name, view, only)
    except LookupError as reason:
        pytest.skip(str(reason))
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
    assert {"test.test_memoryview": 7, "test.test_buffer": 18}[name] == len(outcome.accepted)


@pytest.mark.parametrize("name", OTHERS)
def test_what_cpython_does_with_a_memoryview_it_does_with_a_view(name):
    if name in LONG and not os.environ.get("ONLOAN_LONG_TESTS"):
        pytest.skip("takes long: set ONLOAN_LONG_TESTS=1 to run it")
    outcome = judge("test." + name)
    assert outcome.failures == []
    assert outcome.run > 0


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
