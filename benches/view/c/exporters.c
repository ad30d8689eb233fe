/* Two exporters that nobody else makes.
 *
 *   Doubles()   one row of 8 doubles. Data, shape, strides and format are static and nothing is counted but the
 *               exports, so that what a consumer adds is seen. Read-only.
 *   Rows(rows)  a table of pointers to rows of bytes, all of one length: two dimensions, the first with a suboffset.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>

enum { LENGTH = 8 };

static double contents[LENGTH];
static Py_ssize_t doubles_shape[1] = {LENGTH};
static Py_ssize_t doubles_strides[1] = {sizeof(double)};
static char doubles_format[] = "d";

typedef struct {
    PyObject_HEAD
    Py_ssize_t exports;
} Doubles;

static int
asks(int flags, int flag)
{
    return (flags & flag) == flag;
}

static int
doubles_getbuffer(Doubles *self, Py_buffer *view, int flags)
{
    if (asks(flags, PyBUF_WRITABLE)) {
        PyErr_SetString(PyExc_BufferError, "WRITABLE was asked for, the memory is read-only");
        view->obj = NULL;
        return -1;
    }
    view->buf = contents;
    view->obj = Py_NewRef(self);
    view->len = sizeof contents;
    view->itemsize = sizeof(double);
    view->readonly = 1;
    view->ndim = 1;
    view->format = asks(flags, PyBUF_FORMAT) ? doubles_format : NULL;
    view->shape = asks(flags, PyBUF_ND) ? doubles_shape : NULL;
    view->strides = asks(flags, PyBUF_STRIDES) ? doubles_strides : NULL;
    view->suboffsets = NULL;
    view->internal = NULL;
    self->exports++;
    return 0;
}

static void
doubles_releasebuffer(Doubles *self, Py_buffer *Py_UNUSED(view))
{
    self->exports--;
}

static void
doubles_dealloc(Doubles *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

/* `data` has the rows one after the other, out of order so that the table is needed: the last row lies first. */
typedef struct {
    PyObject_HEAD
    char *data;
    char **table;
    Py_ssize_t shape[2];
    Py_ssize_t strides[2];
    Py_ssize_t suboffsets[2];
} Rows;

static PyObject *
rows_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(keywords))
{
    PyObject *rows;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &rows)) {
        return NULL;
    }
    Py_ssize_t count = PyList_GET_SIZE(rows);
    Py_ssize_t length = count > 0 ? PyBytes_Size(PyList_GET_ITEM(rows, 0)) : 0;
    if (length < 0) {
        return NULL;
    }
    Rows *self = (Rows *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->data = PyMem_Malloc((size_t)(count * length) + 1);
    self->table = PyMem_Malloc((size_t)count * sizeof(char *) + 1);
    if (self->data == NULL || self->table == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        char *bytes;
        Py_ssize_t size;
        if (PyBytes_AsStringAndSize(PyList_GET_ITEM(rows, i), &bytes, &size) < 0) {
            Py_DECREF(self);
            return NULL;
        }
        if (size != length) {
            PyErr_SetString(PyExc_ValueError, "rows of different lengths");
            Py_DECREF(self);
            return NULL;
        }
        self->table[i] = self->data + (count - 1 - i) * length;
        memcpy(self->table[i], bytes, (size_t)length);
    }
    self->shape[0] = count;
    self->shape[1] = length;
    self->strides[0] = sizeof(char *);
    self->strides[1] = 1;
    self->suboffsets[0] = 0;
    self->suboffsets[1] = -1;
    return (PyObject *)self;
}

static int
rows_getbuffer(Rows *self, Py_buffer *view, int flags)
{
    if (!asks(flags, PyBUF_INDIRECT) || asks(flags, PyBUF_WRITABLE) || asks(flags, PyBUF_C_CONTIGUOUS) ||
        asks(flags, PyBUF_F_CONTIGUOUS) || asks(flags, PyBUF_ANY_CONTIGUOUS)) {
        PyErr_SetString(PyExc_BufferError, "rows behind pointers, to be read: ask for INDIRECT");
        view->obj = NULL;
        return -1;
    }
    view->buf = self->table;
    view->obj = Py_NewRef(self);
    view->len = self->shape[0] * self->shape[1];
    view->itemsize = 1;
    view->readonly = 1;
    view->ndim = 2;
    view->format = asks(flags, PyBUF_FORMAT) ? "B" : NULL;
    view->shape = self->shape;
    view->strides = self->strides;
    view->suboffsets = self->suboffsets;
    view->internal = NULL;
    return 0;
}

static void
rows_dealloc(Rows *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyMem_Free(self->table);
    PyMem_Free(self->data);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot doubles_slots[] = {
    {Py_bf_getbuffer, doubles_getbuffer},
    {Py_bf_releasebuffer, doubles_releasebuffer},
    {Py_tp_dealloc, doubles_dealloc},
    {0, NULL},
};

static PyType_Slot rows_slots[] = {
    {Py_tp_new, rows_new},
    {Py_bf_getbuffer, rows_getbuffer},
    {Py_tp_dealloc, rows_dealloc},
    {0, NULL},
};

static PyType_Spec doubles_spec = {"view_exporters.Doubles", sizeof(Doubles), 0, Py_TPFLAGS_DEFAULT, doubles_slots};
static PyType_Spec rows_spec = {"view_exporters.Rows", sizeof(Rows), 0, Py_TPFLAGS_DEFAULT, rows_slots};

static int
add(PyObject *module, const char *name, PyType_Spec *spec)
{
    PyObject *type = PyType_FromSpec(spec);
    if (type == NULL) {
        return -1;
    }
    int failed = PyModule_AddObjectRef(module, name, type);
    Py_DECREF(type);
    return failed;
}

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "view_exporters", .m_size = -1};

PyMODINIT_FUNC
PyInit_view_exporters(void)
{
    PyObject *self = PyModule_Create(&module);
    for (int i = 0; i < LENGTH; i++) {
        contents[i] = i;
    }
    if (self != NULL && (add(self, "Doubles", &doubles_spec) < 0 || add(self, "Rows", &rows_spec) < 0)) {
        Py_CLEAR(self);
    }
    return self;
}
