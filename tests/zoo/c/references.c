/* view->obj: the reference that the consumer gets on success, that PyBuffer_Release gives back, and that keeps the
 * memory alive. */
#include "zoo.h"

/* Z1. The commonest: PyBuffer_Release drops the reference as well. */
static void
over_decref(PyObject *self, Py_buffer *view)
{
    zoo_release(self, view);
    Py_DECREF(view->obj);
}

/* Z1, only for those who asked for the format: "the reference that the format had". */
static void
over_decref_with_format(PyObject *self, Py_buffer *view)
{
    zoo_release(self, view);
    if (view->format != NULL) {
        Py_DECREF(self);
    }
}

/* Z2. Drops it, sets it to NULL so that nobody drops it twice, and calls PyBuffer_Release to be sure. */
static void
releases_twice(PyObject *self, Py_buffer *view)
{
    zoo_release(self, view);
    Py_DECREF(view->obj);
    view->obj = NULL;
    PyBuffer_Release(view);
}

/* Z3. PyBuffer_Release calls this slot, which calls PyBuffer_Release. */
static void
releases_itself(PyObject *Py_UNUSED(self), Py_buffer *view)
{
    PyBuffer_Release(view);
}

/* Z4. The memory is the exporter's, and nothing keeps the exporter. */
static int
no_owner(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get_uncounted(self, view, flags);
    Py_CLEAR(view->obj);
    return status;
}

/* Z4, where it does no harm: memory and arrays are constants. */
static int
no_owner_of_constant(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get_constant(self, view, flags);
    Py_CLEAR(view->obj);
    return status;
}

/* Z5. */
static int
double_incref(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0) {
        Py_INCREF(self);
    }
    return status;
}

/* Z5, only for those who asked to write. */
static int
double_incref_when_writable(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0 && ASKS(flags, PyBUF_WRITABLE)) {
        Py_INCREF(self);
    }
    return status;
}

static int
borrowed_owner(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0) {
        Py_DECREF(self);
    }
    return status;
}

/* Z6, as in a demo of CPython's own: the reference is taken, then the flags are looked at. */
static int
refusal_keeps_reference(PyObject *self, Py_buffer *view, int flags)
{
    Py_INCREF(self);
    int status = zoo_get(self, view, flags);
    if (status == 0) {
        Py_DECREF(self);
    }
    return status;
}

/* Z6: the export is counted, then the flags are looked at. */
static int
refusal_keeps_export(PyObject *self, Py_buffer *view, int flags)
{
    animal(self)->exports++;
    return zoo_get_uncounted(self, view, flags);
}

/* Z6, in one way out of several. */
static int
one_refusal_keeps_export(PyObject *self, Py_buffer *view, int flags)
{
    animal(self)->exports++;
    if (ASKS(flags, PyBUF_C_CONTIGUOUS) && !zoo_contiguous(animal(self), 'C')) {
        return zoo_refuse(view, "the memory is not C-contiguous");
    }
    int status = zoo_get_uncounted(self, view, flags);
    animal(self)->exports -= status < 0;
    return status;
}

static PyObject *
close_block(PyObject *self, PyObject *Py_UNUSED(args))
{
    if (zoo_locked(animal(self))) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef closing[] = {
    {"close", close_block, METH_NOARGS, "close(): refused while exports are out"},
    {NULL, NULL, 0, NULL},
};

/* Z30. What is kept alive is another object, and the memory dies with the exporter. */
static int
dress_with_friend(Animal *self)
{
    self->friend = PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type);
    return self->friend == NULL ? -1 : zoo_words(self);
}

static int
owner_is_a_friend(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get_uncounted(self, view, flags);
    if (status == 0) {
        Py_SETREF(view->obj, Py_NewRef(animal(self)->friend));
    }
    return status;
}

/* Z30: the exporter is kept, and frees the memory when its last view goes, whoever else still looks. */
static int
lazy_get(PyObject *self, Py_buffer *view, int flags)
{
    if (animal(self)->block == NULL) {
        if (zoo_words(animal(self)) < 0) {
            view->obj = NULL;
            return -1;
        }
    }
    return zoo_get(self, view, flags);
}

static void
first_release_frees(PyObject *self, Py_buffer *view)
{
    zoo_release(self, view);
    PyMem_Free(animal(self)->block);
    animal(self)->block = NULL;
}

const Species zoo_references[] = {
    {"OverDecref", ZOO_GROWS, .release = over_decref},
    {"OverDecrefWithFormat", ZOO_GROWS, .release = over_decref_with_format},
    {"ReleasesTwice", ZOO_GROWS, .release = releases_twice},
    {"ReleasesItself", ZOO_GROWS, .release = releases_itself},
    {"NoOwner", ZOO_NO_RELEASE, .get = no_owner},
    {"NoOwnerOfConstant", ZOO_NO_RELEASE, .get = no_owner_of_constant, .dress = zoo_constant},
    {"DoubleIncref", ZOO_GROWS, .get = double_incref},
    {"DoubleIncrefWhenWritable", ZOO_GROWS, .get = double_incref_when_writable},
    {"BorrowedOwner", ZOO_GROWS, .get = borrowed_owner},
    {"RefusalKeepsReference", ZOO_GROWS, .get = refusal_keeps_reference, .dress = zoo_words_readonly},
    {"RefusalKeepsExport", ZOO_GROWS, .get = refusal_keeps_export, .dress = zoo_words_readonly},
    {"OneRefusalKeepsExport", 0, .get = one_refusal_keeps_export, .dress = zoo_words_apart, .methods = closing},
    {"OwnerIsAFriend", ZOO_NO_RELEASE, .get = owner_is_a_friend, .dress = dress_with_friend},
    {"FirstReleaseFrees", 0, .get = lazy_get, .release = first_release_frees},
    {NULL},
};
