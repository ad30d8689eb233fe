"""Exporters that tell the ledger of their exports themselves."""

import gc

import pytest

import onloan
from onloan import _onloan

suite = pytest.importorskip("onloan_suite")


def registered(exporter):
    exporter.register()
    return exporter


def laid_out(**keywords):
    return registered(suite.laid_out("writable", bytes(range(48)), copies=True, **keywords))


#: Exporters that are registered, each of another make.
EXPORTERS = {
    "Buffer": lambda: onloan.Buffer(bytes(48), registered=True),
    "Buffer of values": lambda: onloan.Buffer([1.5] * 6, format="d", registered=True),
    "Buffer.zeros": lambda: onloan.Buffer.zeros((4, 12), registered=True),
    "Buffer.lazy": lambda: onloan.Buffer.lazy(lambda: bytes(48), registered=True),
    "frozen": lambda: registered(suite.FrozenCell("writable", bytes(48))),
    "frozen, read-only": lambda: registered(suite.FrozenCell("read_only", bytes(48))),
    "not frozen": lambda: registered(suite.OrdinaryCell("writable", bytes(48))),
    "subclass": lambda: registered(type("Own", (suite.FrozenCell,), {})("writable", bytes(48))),
    "hooks": lambda: registered(suite.Hooked("writable", bytes(48), first=lambda data: None, release=lambda left: None, last=lambda data: None)),
    "any storage": lambda: laid_out(),
    "a copy for each": lambda: laid_out(shape=[6, 4], strides=[8, 2]),
    "lazy": lambda: registered(suite.Produced("read_only", lambda: bytes(48))),
    "replaceable": lambda: registered(suite.Replaceable("writable", bytes(48), suite.Witness())),
}


@pytest.fixture
def lent(request):
    return EXPORTERS[request.param]()


every_exporter = pytest.mark.parametrize("lent", EXPORTERS, indirect=True)


@pytest.fixture(autouse=True)
def off_the_record():
    assert not onloan.is_tracing()
    gc.collect()
    before = _onloan.trace_bytes()[1]
    yield
    onloan.stop()
    gc.collect()
    # What the test has acquired is back, and off the record.
    assert _onloan.trace_bytes()[1] == before

class Keeper:
    """Somebody who has things."""

    kept: list = []
