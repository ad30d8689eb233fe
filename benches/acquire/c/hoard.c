/* Hoard: many exports at once, kept in memory that was allocated and touched beforehand.
 *
 *   hoard = Hoard(capacity)
 *   hoard.acquire(object, flags, n) -> (nanoseconds, bytes by which the C heap grew)
 *   hoard.release()                 -> nanoseconds; gives all of them back, the oldest first
 *   len(hoard)                      -> how many are out
 *
 * The growth is what mallinfo2 says right before and after the loop; None where the C library has no mallinfo2. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
#include <malloc.h>
#define HAS_MALLINFO2 1
#else
#define HAS_MALLINFO2 0
#endif

typedef struct {
    PyObject_HEAD
    Py_buffer *views;
    Py_ssize_t capacity;
    Py_ssize_t out;
} Hoard;

static long long
now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (long long)at.tv_sec * 1000000000LL + at.tv_nsec;
}

static long long
heap_in_use(void)
{
#if HAS_MALLINFO2
    struct mallinfo2 heap = mallinfo2();
    return (long long)(heap.uordblks + heap.hblkhd);
#else
    return 0;
#endif
}

static PyObject *
hoard_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    Py_ssize_t capacity;
    if (!PyArg_ParseTuple(args, "n", &capacity)) {
        return NULL;
    }
    Hoard *self = (Hoard *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->views = capacity > 0 ? calloc((size_t)capacity, sizeof(Py_buffer)) : NULL;
    if (self->views == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    memset(self->views, 0xA5, (size_t)capacity * sizeof(Py_buffer));
    self->capacity = capacity;
    return (PyObject *)self;
}

static void
give_back(Hoard *self)
{
    for (Py_ssize_t i = 0; i < self->out; i++) {
        PyBuffer_Release(&self->views[i]);
    }
    self->out = 0;
}

static void
hoard_dealloc(Hoard *self)
{
    PyTypeObject *type = Py_TYPE(self);
    give_back(self);
    free(self->views);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
hoard_acquire(Hoard *self, PyObject *args)
{
    PyObject *exporter;
    int flags;
    Py_ssize_t n;
    if (!PyArg_ParseTuple(args, "Oin", &exporter, &flags, &n)) {
        return NULL;
    }
    if (n < 0 || n > self->capacity - self->out) {
        return PyErr_Format(PyExc_ValueError, "%zd more do not fit: %zd of %zd are out", n, self->out, self->capacity);
    }
    long long heap = heap_in_use();
    long long start = now();
    for (Py_ssize_t i = 0; i < n; i++) {
        if (PyObject_GetBuffer(exporter, &self->views[self->out], flags) < 0) {
            return NULL;
        }
        self->out++;
    }
    long long end = now();
    heap = heap_in_use() - heap;
    if (HAS_MALLINFO2) {
        return Py_BuildValue("(LL)", end - start, heap);
    }
    return Py_BuildValue("(LO)", end - start, Py_None);
}

static PyObject *
hoard_release(Hoard *self, PyObject *Py_UNUSED(ignored))
{
    long long start = now();
    give_back(self);
    return PyLong_FromLongLong(now() - start);
}

static Py_ssize_t
hoard_length(Hoard *self)
{
    return self->out;
}

static PyMethodDef hoard_methods[] = {
    {"acquire", (PyCFunction)hoard_acquire, METH_VARARGS, "acquire(object, flags, n) -> (ns, heap growth or None)"},
    {"release", (PyCFunction)hoard_release, METH_NOARGS, "release() -> ns"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot hoard_slots[] = {
    {Py_tp_new, hoard_new},
    {Py_tp_dealloc, hoard_dealloc},
    {Py_tp_methods, hoard_methods},
    {Py_sq_length, hoard_length},
    {0, NULL},
};

static PyType_Spec hoard_spec = {"acquire_hoard.Hoard", sizeof(Hoard), 0, Py_TPFLAGS_DEFAULT, hoard_slots};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "acquire_hoard", .m_size = -1};

PyMODINIT_FUNC
PyInit_acquire_hoard(void)
{
    PyObject *self = PyModule_Create(&module);
    PyObject *type = PyType_FromSpec(&hoard_spec);
    if (self == NULL || type == NULL || PyModule_AddObjectRef(self, "Hoard", type) < 0) {
        Py_XDECREF(type);
        Py_CLEAR(self);
    }
    else {
        Py_DECREF(type);
    }
    return self;
}
