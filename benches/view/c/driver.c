/* The stopwatch: one operation in a C loop, the GIL held, nothing else inside. Each takes (…, iterations, warm_up) and
 * returns nanoseconds for all iterations: of this thread's own time, as the peers in Rust and Cython do, so that what
 * else the machine runs meanwhile does not count.
 *
 *   time_call(callable, arguments, …)      the callable with a tuple of arguments
 *   time_open(type, object, …)             type(object), .release()
 *   time_get(object, key, …)               object[key]
 *   time_set(object, key, value, …)        object[key] = value
 *   time_iterate(object, …)                for item in object: pass
 *   time_equal(one, two, …)                one == two
 *
 * Of buffers that are acquired before the clock starts:
 *
 *   time_memcpy(target, source, …)         of buffers without gaps
 *   time_memcmp(one, two, …)               of buffers without gaps, which must be equal
 *   time_to_contiguous(target, source, …)  PyBuffer_ToContiguous
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "stopwatch.h"

/* The memory may have changed: no iteration may be taken for a repetition of the one before. */
#define CHANGED() __asm__ volatile("" ::: "memory")

static PyObject *
time_call(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *callable, *arguments;
    Py_ssize_t iterations, warm_up;
    long long elapsed;
    if (!PyArg_ParseTuple(args, "OO!nn", &callable, &PyTuple_Type, &arguments, &iterations, &warm_up)) {
        return NULL;
    }
    PyObject *const *first = &PyTuple_GET_ITEM(arguments, 0);
    size_t count = (size_t)PyTuple_GET_SIZE(arguments);
    TIMED({
        PyObject *result = PyObject_Vectorcall(callable, first, count, NULL);
        if (result == NULL) {
            return NULL;
        }
        Py_DECREF(result);
    })
    return PyLong_FromLongLong(elapsed);
}

static PyObject *
time_get(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *object, *key;
    Py_ssize_t iterations, warm_up;
    long long elapsed;
    if (!PyArg_ParseTuple(args, "OOnn", &object, &key, &iterations, &warm_up)) {
        return NULL;
    }
    TIMED({
        PyObject *item = PyObject_GetItem(object, key);
        if (item == NULL) {
            return NULL;
        }
        Py_DECREF(item);
    })
    return PyLong_FromLongLong(elapsed);
}

static PyObject *
time_set(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *object, *key, *value;
    Py_ssize_t iterations, warm_up;
    long long elapsed;
    if (!PyArg_ParseTuple(args, "OOOnn", &object, &key, &value, &iterations, &warm_up)) {
        return NULL;
    }
    TIMED({
        if (PyObject_SetItem(object, key, value) < 0) {
            return NULL;
        }
    })
    return PyLong_FromLongLong(elapsed);
}

static PyObject *
time_iterate(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *object, *item;
    Py_ssize_t iterations, warm_up;
    long long elapsed;
    if (!PyArg_ParseTuple(args, "Onn", &object, &iterations, &warm_up)) {
        return NULL;
    }
    TIMED({
        PyObject *iterator = PyObject_GetIter(object);
        if (iterator == NULL) {
            return NULL;
        }
        while ((item = PyIter_Next(iterator)) != NULL) {
            Py_DECREF(item);
        }
        Py_DECREF(iterator);
        if (PyErr_Occurred()) {
            return NULL;
        }
    })
    return PyLong_FromLongLong(elapsed);
}

static PyObject *
time_equal(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *one, *two;
    Py_ssize_t iterations, warm_up;
    long long elapsed;
    if (!PyArg_ParseTuple(args, "OOnn", &one, &two, &iterations, &warm_up)) {
        return NULL;
    }
    TIMED({
        PyObject *equal = PyObject_RichCompare(one, two, Py_EQ);
        if (equal == NULL) {
            return NULL;
        }
        Py_DECREF(equal);
    })
    return PyLong_FromLongLong(elapsed);
}

/* Two buffers, and how often. */
typedef struct {
    Py_buffer one, two;
    Py_ssize_t iterations, warm_up;
} Pair;

/* Acquires both; 0 on success, and then `close_pair` is due. */
static int
open_pair(PyObject *args, Pair *pair, int one_flags, int two_flags)
{
    PyObject *one, *two;
    if (!PyArg_ParseTuple(args, "OOnn", &one, &two, &pair->iterations, &pair->warm_up)) {
        return -1;
    }
    if (PyObject_GetBuffer(one, &pair->one, one_flags) < 0) {
        return -1;
    }
    if (PyObject_GetBuffer(two, &pair->two, two_flags) < 0) {
        PyBuffer_Release(&pair->one);
        return -1;
    }
    if (pair->one.len != pair->two.len) {
        PyErr_SetString(PyExc_ValueError, "two buffers of different lengths");
        PyBuffer_Release(&pair->two);
        PyBuffer_Release(&pair->one);
        return -1;
    }
    return 0;
}

static void
close_pair(Pair *pair)
{
    PyBuffer_Release(&pair->two);
    PyBuffer_Release(&pair->one);
}

static PyObject *
time_memcpy(PyObject *Py_UNUSED(module), PyObject *args)
{
    Pair pair;
    if (open_pair(args, &pair, PyBUF_WRITABLE, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    Py_ssize_t iterations = pair.iterations, warm_up = pair.warm_up;
    long long elapsed;
    TIMED({
        memcpy(pair.one.buf, pair.two.buf, (size_t)pair.one.len);
        CHANGED();
    })
    close_pair(&pair);
    return PyLong_FromLongLong(elapsed);
}

static PyObject *
time_memcmp(PyObject *Py_UNUSED(module), PyObject *args)
{
    Pair pair;
    if (open_pair(args, &pair, PyBUF_SIMPLE, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    Py_ssize_t iterations = pair.iterations, warm_up = pair.warm_up;
    long long elapsed;
    int differ = 0;
    TIMED({
        differ |= memcmp(pair.one.buf, pair.two.buf, (size_t)pair.one.len);
        CHANGED();
    })
    close_pair(&pair);
    if (differ) {
        PyErr_SetString(PyExc_AssertionError, "memcmp says that the buffers differ");
        return NULL;
    }
    return PyLong_FromLongLong(elapsed);
}

static PyObject *
time_to_contiguous(PyObject *Py_UNUSED(module), PyObject *args)
{
    Pair pair;
    if (open_pair(args, &pair, PyBUF_WRITABLE, PyBUF_FULL_RO) < 0) {
        return NULL;
    }
    Py_ssize_t iterations = pair.iterations, warm_up = pair.warm_up;
    long long elapsed;
    TIMED({
        if (PyBuffer_ToContiguous(pair.one.buf, &pair.two, pair.two.len, 'C') < 0) {
            goto failed;
        }
    })
    close_pair(&pair);
    return PyLong_FromLongLong(elapsed);
failed:
    close_pair(&pair);
    return NULL;
}

static PyMethodDef methods[] = {
    {"time_call", time_call, METH_VARARGS, "time_call(callable, arguments, iterations, warm_up) -> ns"},
    {"time_open", time_open, METH_VARARGS, "time_open(type, object, iterations, warm_up) -> ns"},
    {"time_get", time_get, METH_VARARGS, "time_get(object, key, iterations, warm_up) -> ns"},
    {"time_set", time_set, METH_VARARGS, "time_set(object, key, value, iterations, warm_up) -> ns"},
    {"time_iterate", time_iterate, METH_VARARGS, "time_iterate(object, iterations, warm_up) -> ns"},
    {"time_equal", time_equal, METH_VARARGS, "time_equal(one, two, iterations, warm_up) -> ns"},
    {"time_memcpy", time_memcpy, METH_VARARGS, "time_memcpy(target, source, iterations, warm_up) -> ns"},
    {"time_memcmp", time_memcmp, METH_VARARGS, "time_memcmp(one, two, iterations, warm_up) -> ns"},
    {"time_to_contiguous", time_to_contiguous, METH_VARARGS, "time_to_contiguous(target, source, iterations, warm_up) -> ns"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "view_driver",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC
PyInit_view_driver(void)
{
    return PyModule_Create(&module);
}
