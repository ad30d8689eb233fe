// An exporter as pybind11's documentation shows it: py::buffer_protocol() and def_buffer.
#include <numeric>
#include <vector>

#include <pybind11/pybind11.h>

namespace py = pybind11;

struct Exporter {
    std::vector<unsigned char> data;
    bool readonly;

    Exporter(py::ssize_t length, bool readonly) : data(static_cast<size_t>(length)), readonly(readonly) {
        std::iota(data.begin(), data.end(), static_cast<unsigned char>(0));
    }
};

PYBIND11_MODULE(pybind11_peer, module) {
    py::class_<Exporter>(module, "Exporter", py::buffer_protocol())
        .def(py::init<py::ssize_t, bool>())
        .def_buffer([](Exporter &self) {
            return py::buffer_info(self.data.data(), static_cast<py::ssize_t>(self.data.size()), self.readonly);
        });
}
