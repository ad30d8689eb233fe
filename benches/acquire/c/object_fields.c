/* What a real C exporter adds to the floor: data, length and shape live in the object, so that each instance has its
 * own; the type compiles in two forms, with a plain count and with an atomic one (-DATOMIC_COUNT=1).
 *
 * The rows of these two say which part of a ratio is the price of the language and which is the price of a promise:
 * an atomic add costs the same in C. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>

#ifndef ATOMIC_COUNT
#error "pass -DATOMIC_COUNT=0 or 1"
#endif
#if ATOMIC_COUNT
#include <stdatomic.h>
#define MODULE "acquire_atomic_count"
#define INIT PyInit_acquire_atomic_count
typedef _Atomic Py_ssize_t count_t;
#define UP(count) atomic_fetch_add_explicit(&(count), 1, memory_order_acquire)
#define DOWN(count) atomic_fetch_sub_explicit(&(count), 1, memory_order_release)
#define VALUE(count) atomic_load_explicit(&(count), memory_order_relaxed)
#else
#define MODULE "acquire_object_fields"
#define INIT PyInit_acquire_object_fields
typedef Py_ssize_t count_t;
#define UP(count) ((count)++)
#define DOWN(count) ((count)--)
#define VALUE(count) (count)
#endif

typedef struct {
    PyObject_HEAD
    unsigned char *data;
    Py_ssize_t shape[1];
    Py_ssize_t strides[1];
    int readonly;
    count_t exports;
} Fields;

static PyObject *
fields_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    const char *contents;
    Py_ssize_t length;
    int readonly;
    if (!PyArg_ParseTuple(args, "y#p", &contents, &length, &readonly)) {
        return NULL;
    }
    Fields *self = (Fields *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->data = malloc(length > 0 ? (size_t)length : 1);
    if (self->data == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    memcpy(self->data, contents, (size_t)length);
    self->shape[0] = length;
    self->strides[0] = 1;
    self->readonly = readonly;
    return (PyObject *)self;
}

static void
fields_dealloc(Fields *self)
{
    PyTypeObject *type = Py_TYPE(self);
    free(self->data);
    type->tp_free(self);
    Py_DECREF(type);
}

static int
fields_getbuffer(Fields *self, Py_buffer *view, int flags)
{
    if (self->readonly && (flags & PyBUF_WRITABLE) == PyBUF_WRITABLE) {
        PyErr_SetString(PyExc_BufferError, "WRITABLE was asked for, the memory is read-only");
        view->obj = NULL;
        return -1;
    }
    view->buf = self->data;
    view->obj = Py_NewRef(self);
    view->len = self->shape[0];
    view->itemsize = 1;
    view->readonly = self->readonly;
    view->ndim = 1;
    view->format = (flags & PyBUF_FORMAT) == PyBUF_FORMAT ? "B" : NULL;
    view->shape = (flags & PyBUF_ND) == PyBUF_ND ? self->shape : NULL;
    view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? self->strides : NULL;
    view->suboffsets = NULL;
    view->internal = NULL;
    UP(self->exports);
    return 0;
}

static void
fields_releasebuffer(Fields *self, Py_buffer *Py_UNUSED(view))
{
    DOWN(self->exports);
}

static PyObject *
fields_exports(Fields *self, void *Py_UNUSED(closure))
{
    return PyLong_FromSsize_t(VALUE(self->exports));
}

static PyGetSetDef getters[] = {
    {"exports", (getter)fields_exports, NULL, "exports that are out", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, fields_new},
    {Py_tp_dealloc, fields_dealloc},
    {Py_tp_getset, getters},
    {Py_bf_getbuffer, fields_getbuffer},
    {Py_bf_releasebuffer, fields_releasebuffer},
    {0, NULL},
};

static PyType_Spec spec = {MODULE ".Exporter", sizeof(Fields), 0, Py_TPFLAGS_DEFAULT, slots};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = MODULE, .m_size = -1};

PyMODINIT_FUNC
INIT(void)
{
    PyObject *self = PyModule_Create(&module);
    PyObject *type = PyType_FromSpec(&spec);
    if (self == NULL || type == NULL || PyModule_AddObjectRef(self, "Exporter", type) < 0) {
        Py_XDECREF(type);
        Py_CLEAR(self);
    }
    else {
        Py_DECREF(type);
    }
    return self;
}
