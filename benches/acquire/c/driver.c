/* The stopwatch: acquire and release in a C loop, the GIL held, nothing else inside.
 *
 *   time_pair(object, flags, iterations, warm_up)           -> nanoseconds for all iterations
 *   time_refused(object, flags, iterations, warm_up, door)  -> nanoseconds, each one refused and cleared
 *   ask(object, flags)                                      -> what one export says, as a tuple
 *   keep(object)                                            -> never freed
 *
 * The doors of a refusal: 0 PyObject_GetBuffer; 1 the type's own bf_getbuffer; 2 bf_getbuffer with view == NULL. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>
#include <time.h>

#include "stopwatch.h"

enum door { BY_GETBUFFER, BY_SLOT, BY_SLOT_NULL_VIEW };

static long long
now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (long long)at.tv_sec * 1000000000LL + at.tv_nsec;
}

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
    long long start = now();
    int failed = pairs(exporter, flags, iterations);
    long long end = now();
    return failed < 0 ? NULL : PyLong_FromLongLong(end - start);
}

/* Returns -1 where the request was granted after all. An exporter that returns 0 with an exception set has refused:
 * bytearray of 3.13.0 does so for 0x100 (gh-126980), and leaves the view as it was. */
static int
refusals(PyObject *exporter, int flags, Py_ssize_t iterations, enum door door)
{
    Py_buffer view;
    memset(&view, 0xA5, sizeof view);
    PyBufferProcs *procs = Py_TYPE(exporter)->tp_as_buffer;
    for (Py_ssize_t i = 0; i < iterations; i++) {
        int answer;
        if (door == BY_GETBUFFER) {
            answer = PyObject_GetBuffer(exporter, &view, flags);
        }
        else {
            answer = procs->bf_getbuffer(exporter, door == BY_SLOT ? &view : NULL, flags);
        }
        if (answer >= 0 && !PyErr_Occurred()) {
            if (door != BY_SLOT_NULL_VIEW) {
                PyBuffer_Release(&view);
            }
            return -1;
        }
        PyErr_Clear();
    }
    return 0;
}

static PyObject *
time_refused(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *exporter;
    int flags, door;
    Py_ssize_t iterations, warm_up;
    if (!PyArg_ParseTuple(args, "Oinni", &exporter, &flags, &iterations, &warm_up, &door)) {
        return NULL;
    }
    if (!PyObject_CheckBuffer(exporter)) {
        return PyErr_Format(PyExc_TypeError, "%s is no exporter", Py_TYPE(exporter)->tp_name);
    }
    int granted = refusals(exporter, flags, warm_up, (enum door)door);
    long long start = now();
    granted |= refusals(exporter, flags, iterations, (enum door)door);
    long long end = now();
    if (granted) {
        return PyErr_Format(PyExc_AssertionError, "%s grants the request 0x%x", Py_TYPE(exporter)->tp_name, flags);
    }
    return PyLong_FromLongLong(end - start);
}

static PyObject *
extents(const Py_ssize_t *values, int ndim)
{
    if (values == NULL) {
        Py_RETURN_NONE;
    }
    PyObject *tuple = PyTuple_New(ndim);
    for (int i = 0; tuple != NULL && i < ndim; i++) {
        PyObject *value = PyLong_FromSsize_t(values[i]);
        if (value == NULL) {
            Py_CLEAR(tuple);
            break;
        }
        PyTuple_SET_ITEM(tuple, i, value);
    }
    return tuple;
}

/* (contents, itemsize, readonly, ndim, format, shape, strides, suboffsets); raises what the exporter raises. */
static PyObject *
ask(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *exporter;
    int flags, door = BY_GETBUFFER;
    if (!PyArg_ParseTuple(args, "Oi|i", &exporter, &flags, &door)) {
        return NULL;
    }
    Py_buffer view;
    memset(&view, 0xA5, sizeof view);
    int answer;
    if (door == BY_GETBUFFER) {
        answer = PyObject_GetBuffer(exporter, &view, flags);
    }
    else {
        answer = Py_TYPE(exporter)->tp_as_buffer->bf_getbuffer(exporter, door == BY_SLOT ? &view : NULL, flags);
    }
    if (answer < 0 || PyErr_Occurred()) {
        return NULL;
    }
    PyObject *seen = NULL;
    if (door != BY_SLOT_NULL_VIEW) {
        seen = Py_BuildValue("(y#niizNNN)", (const char *)view.buf, view.len, view.itemsize, view.readonly, view.ndim,
                             view.format, extents(view.shape, view.ndim), extents(view.strides, view.ndim),
                             extents(view.suboffsets, view.ndim));
        PyBuffer_Release(&view);
    }
    else {
        PyErr_SetString(PyExc_AssertionError, "bf_getbuffer took a NULL view");
    }
    return seen;
}

static PyObject *
keep(PyObject *Py_UNUSED(module), PyObject *object)
{
    Py_INCREF(object);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"time_pair", time_pair, METH_VARARGS, "time_pair(object, flags, iterations, warm_up) -> ns"},
    {"time_refused", time_refused, METH_VARARGS, "time_refused(object, flags, iterations, warm_up, door) -> ns"},
    {"ask", ask, METH_VARARGS, "ask(object, flags[, door]) -> the fields of one export"},
    {"keep", keep, METH_O, "keep(object): never freed"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "acquire_driver",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC
PyInit_acquire_driver(void)
{
    return PyModule_Create(&module);
}
