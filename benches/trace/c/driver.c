/* The stopwatch, and exports that no object of Python holds.
 *
 *   time_pair(object, flags, iterations, warm_up)  -> nanoseconds of this thread: acquire and release in a C loop
 *   time_open(type, object, iterations, warm_up)   -> the same of type(object), .release()
 *   refill(object, flags, n)                       -> acquires n times into one and the same Py_buffer, and keeps all
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "stopwatch.h"

static PyObject *
time_pair(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *exporter;
    int flags;
    Py_ssize_t iterations, warm_up;
    if (!PyArg_ParseTuple(args, "Oinn", &exporter, &flags, &iterations, &warm_up)) {
        return NULL;
    }
    if (pairs(exporter, flags, warm_up) < 0) {
        return NULL;
    }
    long long start = thread_time();
    int failed = pairs(exporter, flags, iterations);
    long long elapsed = thread_time() - start;
    return failed < 0 ? NULL : PyLong_FromLongLong(elapsed);
}

/* A consumer that moves each struct elsewhere would leave its memory as this leaves it, without 80 bytes for each. */
static PyObject *
refill(PyObject *Py_UNUSED(module), PyObject *args)
{
    static Py_buffer view;
    PyObject *exporter;
    int flags;
    Py_ssize_t n;
    if (!PyArg_ParseTuple(args, "Oin", &exporter, &flags, &n)) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        if (PyObject_GetBuffer(exporter, &view, flags) < 0) {
            return NULL;
        }
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"time_pair", time_pair, METH_VARARGS, "time_pair(object, flags, iterations, warm_up) -> ns"},
    {"time_open", time_open, METH_VARARGS, "time_open(type, object, iterations, warm_up) -> ns"},
    {"refill", refill, METH_VARARGS, "refill(object, flags, n): n exports that stay out"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "trace_driver",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC
PyInit_trace_driver(void)
{
    return PyModule_Create(&module);
}
