// The two ways in which a nanobind extension exports: a nb::ndarray that it returns, and slots written by hand.
#include <numeric>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

namespace nb = nanobind;

static std::vector<unsigned char> counted(size_t length) {
    std::vector<unsigned char> data(length);
    std::iota(data.begin(), data.end(), static_cast<unsigned char>(0));
    return data;
}

template <typename Scalar>
static auto ndarray(size_t length) {
    auto *data = new std::vector<unsigned char>(counted(length));
    nb::capsule owner(data, [](void *p) noexcept { delete static_cast<std::vector<unsigned char> *>(p); });
    return nb::ndarray<nb::array_api, Scalar, nb::ndim<1>>(data->data(), {length}, owner);
}

struct Exporter {
    std::vector<unsigned char> data;
    Py_ssize_t shape[1];
    Py_ssize_t strides[1];
    bool readonly;
    Py_ssize_t exports;

    Exporter(size_t length, bool readonly)
        : data(counted(length)), shape{static_cast<Py_ssize_t>(length)}, strides{1}, readonly(readonly), exports(0) {}
};

static int getbuffer(PyObject *self, Py_buffer *view, int flags) {
    auto *exporter = nb::inst_ptr<Exporter>(self);
    if (exporter->readonly && (flags & PyBUF_WRITABLE)) {
        PyErr_SetString(PyExc_BufferError, "WRITABLE was asked for, the memory is read-only");
        view->obj = nullptr;
        return -1;
    }
    view->buf = exporter->data.data();
    view->obj = Py_NewRef(self);
    view->len = exporter->shape[0];
    view->itemsize = 1;
    view->readonly = exporter->readonly;
    view->ndim = 1;
    view->format = (flags & PyBUF_FORMAT) == PyBUF_FORMAT ? const_cast<char *>("B") : nullptr;
    view->shape = (flags & PyBUF_ND) == PyBUF_ND ? exporter->shape : nullptr;
    view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? exporter->strides : nullptr;
    view->suboffsets = nullptr;
    view->internal = nullptr;
    exporter->exports++;
    return 0;
}

static void releasebuffer(PyObject *self, Py_buffer *) { nb::inst_ptr<Exporter>(self)->exports--; }

static PyType_Slot slots[] = {
    {Py_bf_getbuffer, reinterpret_cast<void *>(getbuffer)},
    {Py_bf_releasebuffer, reinterpret_cast<void *>(releasebuffer)},
    {0, nullptr},
};

NB_MODULE(nanobind_peer, module) {
    module.def("writable", &ndarray<unsigned char>);
    module.def("read_only", &ndarray<const unsigned char>);
    nb::class_<Exporter>(module, "Exporter", nb::type_slots(slots))
        .def(nb::init<size_t, bool>())
        .def_ro("exports", &Exporter::exports);
}
