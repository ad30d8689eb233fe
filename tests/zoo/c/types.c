/* Subclasses that replace one slot of two, and exporters that lend what another exporter lends them. */
#include "zoo.h"

/* A base that does all of it right: arrays for each export, freed by its release. */
static int
get_with_arrays(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0 && zoo_copy_arrays(view) < 0) {
        animal(self)->exports--;
        Py_CLEAR(view->obj);
        PyErr_NoMemory();
        return -1;
    }
    return status;
}

/* Does nothing of what the base's release does, because there seems to be nothing to do. */
static void
release_of_subclass(PyObject *Py_UNUSED(self), Py_buffer *Py_UNUSED(view))
{
}

/* The base's release frees view->internal, where the subclass keeps something else. */
static int
get_with_own_internal(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0) {
        view->internal = self;
    }
    return status;
}

/* The exporter counts, and what view->obj names has nothing to count down. */
static int
dress_with_friend(Animal *self)
{
    self->friend = PyBytes_FromString("the owner of a constant");
    return self->friend == NULL ? -1 : zoo_constant(self);
}

static int
redirects_and_counts(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get_constant(self, view, flags);
    if (status == 0) {
        animal(self)->exports++;
        Py_SETREF(view->obj, Py_NewRef(animal(self)->friend));
    }
    return status;
}

static PyObject *
reopen(PyObject *self, PyObject *Py_UNUSED(args))
{
    return zoo_locked(animal(self)) ? NULL : Py_NewRef(Py_None);
}

static PyMethodDef reopening[] = {
    {"close", reopen, METH_NOARGS, "close(): refused while exports are out"},
    {NULL, NULL, 0, NULL},
};

/* A bytearray has the memory. */
static int
dress_with_bytearray(Animal *self)
{
    self->friend = PyByteArray_FromStringAndSize("what the inner object has", 24);
    return self->friend == NULL ? -1 : 0;
}

static PyObject *
append_to_inner(PyObject *self, PyObject *Py_UNUSED(args))
{
    PyObject *inner = animal(self)->friend;
    if (PyByteArray_Resize(inner, PyByteArray_GET_SIZE(inner) + 4096) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
clear_inner(PyObject *self, PyObject *Py_UNUSED(args))
{
    return PyByteArray_Resize(animal(self)->friend, 0) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyMethodDef inner_growing[] = {
    {"append", append_to_inner, METH_VARARGS, "append(value): as the inner object allows"},
    {"clear", clear_inner, METH_NOARGS, "clear(): as the inner object allows"},
    {NULL, NULL, 0, NULL},
};

/* Puts itself into view->obj, and forgets that the inner buffer is out. */
static int
get_inner_for_itself(PyObject *self, Py_buffer *view, int flags)
{
    int status = PyObject_GetBuffer(animal(self)->friend, view, flags);
    if (status == 0) {
        Py_SETREF(view->obj, Py_NewRef(self));
    }
    return status;
}

/* Asks the inner object where its memory is, and lets it go again. */
static int
get_inner_and_let_go(PyObject *self, Py_buffer *view, int flags)
{
    Py_buffer inner;
    view->obj = NULL;
    if (PyObject_GetBuffer(animal(self)->friend, &inner, PyBUF_WRITABLE) < 0) {
        return -1;
    }
    int status = PyBuffer_FillInfo(view, self, inner.buf, inner.len, 0, flags);
    PyBuffer_Release(&inner);
    return status;
}

static void
release_nothing(PyObject *Py_UNUSED(self), Py_buffer *Py_UNUSED(view))
{
}

const Species zoo_types[] = {
    {"CountedBase", ZOO_GROWS, .get = get_with_arrays, .release = zoo_release_copy},
    {"SubclassReplacesGet", ZOO_NO_RELEASE, .get = zoo_get_uncounted, .base = "CountedBase"},
    {"SubclassFreesWhatItHasNot", ZOO_NO_RELEASE, .get = get_with_own_internal, .base = "CountedBase"},
    {"SubclassReplacesRelease", ZOO_NO_GET, .release = release_of_subclass, .base = "CountedBase"},
    {"RedirectsAndCounts", 0, .get = redirects_and_counts, .dress = dress_with_friend, .methods = reopening},
    {"KeepsTheInnerBuffer", 0, .get = get_inner_for_itself, .release = release_nothing, .dress = dress_with_bytearray,
     .methods = inner_growing},
    {"LetsTheInnerBufferGo", 0, .get = get_inner_and_let_go, .release = release_nothing, .dress = dress_with_bytearray,
     .methods = inner_growing},
    {"SlotsThatCameLate", ZOO_LATE | ZOO_GROWS},
    {NULL},
};
