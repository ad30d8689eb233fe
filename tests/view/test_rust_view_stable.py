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
