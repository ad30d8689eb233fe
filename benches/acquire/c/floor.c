/* The floor: the least that a C exporter can do and still keep the rules.
 *
 * One row of 64 bytes. Data, shape, strides and format are static, so every address is a constant that the compiler
 * sees. The count of exports is a plain integer: the GIL guards it. Honoured: WRITABLE is refused by ReadOnly; shape,
 * strides and format are NULL unless asked for; every field is filled; view->obj is a new reference, NULL after a
 * refusal. One row without gaps is contiguous in every order, so no other request can fail. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <structmember.h>

enum { LENGTH = 64 };

static unsigned char contents[LENGTH];
static Py_ssize_t shape[1] = {LENGTH};
static Py_ssize_t strides[1] = {1};
static char format[] = "B";

typedef struct {
    PyObject_HEAD
    Py_ssize_t exports;
} Floor;

static inline int
grant(Floor *self, Py_buffer *view, int flags, int readonly)
{
    view->buf = contents;
    view->obj = Py_NewRef(self);
    view->len = LENGTH;
    view->itemsize = 1;
    view->readonly = readonly;
    view->ndim = 1;
    view->format = (flags & PyBUF_FORMAT) == PyBUF_FORMAT ? format : NULL;
    view->shape = (flags & PyBUF_ND) == PyBUF_ND ? shape : NULL;
    view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? strides : NULL;
    view->suboffsets = NULL;
    view->internal = NULL;
    self->exports++;
    return 0;
}

static int
writable_getbuffer(Floor *self, Py_buffer *view, int flags)
{
    return grant(self, view, flags, 0);
}

static int
read_only_getbuffer(Floor *self, Py_buffer *view, int flags)
{
    if ((flags & PyBUF_WRITABLE) == PyBUF_WRITABLE) {
        PyErr_SetString(PyExc_BufferError, "WRITABLE was asked for, the memory is read-only");
        view->obj = NULL;
        return -1;
    }
    return grant(self, view, flags, 1);
}

static void
floor_releasebuffer(Floor *self, Py_buffer *Py_UNUSED(view))
{
    self->exports--;
}

static void
floor_dealloc(Floor *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef members[] = {
    {"exports", T_PYSSIZET, offsetof(Floor, exports), READONLY, "exports that are out"},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot writable_slots[] = {
    {Py_bf_getbuffer, writable_getbuffer},
    {Py_bf_releasebuffer, floor_releasebuffer},
    {Py_tp_dealloc, floor_dealloc},
    {Py_tp_members, members},
    {0, NULL},
};

static PyType_Slot read_only_slots[] = {
    {Py_bf_getbuffer, read_only_getbuffer},
    {Py_bf_releasebuffer, floor_releasebuffer},
    {Py_tp_dealloc, floor_dealloc},
    {Py_tp_members, members},
    {0, NULL},
};

static PyType_Spec writable_spec = {"acquire_floor.Writable", sizeof(Floor), 0, Py_TPFLAGS_DEFAULT, writable_slots};
static PyType_Spec read_only_spec = {"acquire_floor.ReadOnly", sizeof(Floor), 0, Py_TPFLAGS_DEFAULT, read_only_slots};

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

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "acquire_floor", .m_size = -1};

PyMODINIT_FUNC
PyInit_acquire_floor(void)
{
    PyObject *self = PyModule_Create(&module);
    for (int i = 0; i < LENGTH; i++) {
        contents[i] = (unsigned char)i;
    }
    if (self != NULL && (add(self, "Writable", &writable_spec) < 0 || add(self, "ReadOnly", &read_only_spec) < 0)) {
        Py_CLEAR(self);
    }
    return self;
}
