"""A slice of foreign memory: only where it is proven that nobody changes it."""

import array
import subprocess
import sys

import onloan_suite_view as rust
import pytest

DATA = bytes(range(64))


def test_bytes_never_change():
    assert rust.slice_of(DATA, "u8") == list(DATA)
    assert rust.slice_of(b"", "u8") == []


def test_bytes_are_recognised_through_memoryviews():
    view = memoryview(DATA)
    for part in view, view[3:9], memoryview(view)[1:], view.toreadonly():
        assert rust.slice_of(part, "u8") == list(part)
    # The bytes of a `bytes` begin at a multiple of eight.
    assert rust.slice_of(view.cast("I"), "u32") == view.cast("I").tolist()
    assert rust.slice_of(view.cast("B", [8, 8]), "u8") == list(DATA)


def test_what_may_change_is_no_slice():
    class Bytes(bytes):
        pass

    for exporter in (
        bytearray(DATA),
        memoryview(bytearray(DATA)),
        memoryview(bytearray(DATA)).toreadonly(),
        array.array("B", DATA),
        Bytes(DATA),
        memoryview(Bytes(DATA)),
    ):
        assert rust.look(exporter, "u8")["vec"] == list(DATA)
        assert rust.slice_of(exporter, "u8") is None


def test_numpy_is_no_proof_though_it_says_read_only():
    np = pytest.importorskip("numpy")
    table = np.frombuffer(DATA, "u1")
    assert not table.flags.writeable
    # NumPy lends as itself, and `flags.writeable` can be set again.
    assert rust.slice_of(table, "u8") is None


def test_what_is_not_in_a_row_or_not_aligned_is_no_slice():
    view = memoryview(DATA)
    assert rust.slice_of(view[::2], "u8") is None
    assert rust.slice_of(view[::-1], "u8") is None
    # Of eight places one after the other, the items are aligned at one.
    aligned = [rust.slice_of(view[start : start + 8].cast("d"), "f64") for start in range(8)]
    assert sum(slice is not None for slice in aligned) == 1


def test_an_exporter_that_names_bytes_as_its_object_proves_nothing():
    # `Liar` lends memory of its own, whoever it names.
    liar = rust.Liar()
    assert rust.slice_of(liar, "u16") is None


def test_a_read_only_cell_is_a_proof_and_a_writable_one_is_none():
    assert rust.slice_of(rust.lend_cell([1, 2, 3], False), "u32") == [1, 2, 3]
    assert rust.slice_of(rust.lend_cell([1, 2, 3], True), "u32") is None
    # Through a `memoryview` it is the `memoryview` that lends, and that is not looked through.
    assert rust.slice_of(memoryview(rust.lend_cell([1, 2, 3], False)), "u32") is None


def test_a_cell_is_recognised_by_a_module_that_was_compiled_apart():
    suite = pytest.importorskip("onloan_suite")
    assert suite.__file__ != rust.__file__
    for of in suite.FrozenCell, suite.OrdinaryCell:
        cell = of("read_only", [1, 2, 3])
        assert rust.slice_of(cell, "u8") == [1, 2, 3]
        assert cell.exports == 0
        assert rust.slice_of(of("writable", [1, 2, 3]), "u8") is None
        assert rust.slice_of(of("exclusive", [1, 2, 3]), "u8") is None


def test_a_mapped_file_is_no_proof_though_it_is_read_only(tmp_path):
    suite = pytest.importorskip("onloan_suite")
    path = tmp_path / "data"
    path.write_bytes(DATA)
    mapped = suite.map_file(path, "read_only", "read_only", 0, len(DATA))
    assert memoryview(mapped).readonly
    assert rust.look(mapped, "u8")["vec"] == list(DATA)
    assert rust.slice_of(mapped, "u8") is None


def test_a_subclass_that_lends_something_else_is_no_proof():
    if sys.version_info < (3, 12):
        pytest.skip("PEP 688 is of Python 3.12")
    suite = pytest.importorskip("onloan_suite")
    mutable = bytearray(b"abc")

    class Other(suite.Base):
        def __buffer__(self, flags):
            return memoryview(mutable).toreadonly()

    other = Other([1, 2, 3])
    assert rust.look(other, "u8")["vec"] == list(b"abc")
    assert rust.slice_of(other, "u8") is None


def test_the_table_is_made_by_whoever_comes_first():
    pytest.importorskip("onloan_suite")
    lend = {"view": "rust.lend_cell([5], False), 'u32'", "suite": "suite.FrozenCell('read_only', [5]), 'u8'"}
    for imports in ("import onloan_suite_view as rust, onloan_suite as suite", "import onloan_suite as suite, onloan_suite_view as rust"):
        for order in ("view", "suite"), ("suite", "view"), ("view", "suite", "view"):
            looks = ", ".join(f"rust.slice_of({lend[module]})" for module in order)
            program = f"{imports}\nimport sys\nprint([{looks}], len(sys.modules['onloan._capsule'].__dict__['providers'].__class__.__mro__))"
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
            assert done.stdout == f"{[[5]] * len(order)} 2\n"


@pytest.mark.parametrize("planted", ["None", "object()", "type(sys)('onloan._capsule')", "42"])
def test_something_else_in_the_place_of_the_table_only_hides_it(planted):
    program = f"""
import sys
import onloan_suite_view as rust
module = type(sys)("onloan._capsule")
module.providers = {planted}
sys.modules["onloan._capsule"] = module
print(rust.slice_of(rust.lend_cell([5], False), "u32"), rust.slice_of(b"a", "u8"))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "None [97]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the test protects a page by mprotect")
def test_a_module_of_an_older_version_is_asked_what_it_knows_and_no_more():
    pytest.importorskip("onloan_suite")
    pytest.importorskip("onloan")
    program = """
import ctypes, mmap
import onloan_suite as suite, onloan_suite_view as rust

rust.slice_of(rust.lend_cell([5], False), "u32")
get = ctypes.pythonapi.PyCapsule_GetPointer
get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
import sys
table = get(sys.modules["onloan._capsule"].providers, b"onloan._capsule.providers")
first = ctypes.c_void_p.from_address(table + 8)

asked = []
@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def steady(buffer, stretch):
    asked.append(buffer)
    return 0

# What the first version had: 24 bytes, at the very end of memory that may be read.
page = mmap.PAGESIZE
memory = mmap.mmap(-1, 2 * page)
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(start + page), page, 0) == 0
old = start + page - 24
ctypes.c_uint32.from_address(old).value, ctypes.c_uint32.from_address(old + 4).value = 1, 24
ctypes.c_void_p.from_address(old + 8).value = first.value
ctypes.c_void_p.from_address(old + 16).value = ctypes.cast(steady, ctypes.c_void_p).value
first.value = old

print(rust.slice_of(suite.FrozenCell("read_only", [1, 2]), "u8"), rust.slice_of(memoryview(bytearray(b"a")).toreadonly(), "u8"), len(asked))
cell = suite.FrozenCell("read_only", [1, 2])
cell.register()
import onloan
onloan.start()
print(rust.slice_of(cell, "u8"), len(asked))
view = memoryview(cell)
print(len(onloan.exports(cell)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[1, 2] None 1\n[1, 2] 1\n1\n", "")
