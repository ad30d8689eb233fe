/* What is lent stays where and what it is, until it is given back. */
#include "zoo.h"

/* Z23: nobody looks at the count. */
static PyObject *
append_always(PyObject *self, PyObject *Py_UNUSED(args))
{
    if (zoo_resize(animal(self), animal(self)->shape[0] + 1) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
clear_always(PyObject *self, PyObject *Py_UNUSED(args))
{
    return zoo_resize(animal(self), 0) < 0 ? NULL : Py_NewRef(Py_None);
}

/* Z31: what a foreign runtime frees. */
static PyObject *
close_always(PyObject *self, PyObject *Py_UNUSED(args))
{
    PyMem_Free(animal(self)->block);
    animal(self)->block = NULL;
    animal(self)->buf = "";
    animal(self)->len = animal(self)->shape[0] = 0;
    animal(self)->readonly = 1;
    Py_RETURN_NONE;
}

/* Changes first, looks then. */
static PyObject *
append_halfway(PyObject *self, PyObject *Py_UNUSED(args))
{
    Animal *own = animal(self);
    own->shape[0]++;
    own->len += own->itemsize;
    if (zoo_locked(own)) {
        return NULL;
    }
    own->shape[0]--;
    return zoo_append(self, NULL);
}

/* The same, where the memory itself is gone before. */
static PyObject *
clear_halfway(PyObject *self, PyObject *Py_UNUSED(args))
{
    memset(animal(self)->buf, 0, (size_t)animal(self)->len);
    Py_ssize_t exports = animal(self)->exports;
    if (zoo_resize(animal(self), 0) < 0) {
        return NULL;
    }
    if (exports > 0) {
        PyErr_SetString(PyExc_BufferError, "exports are out");
        return NULL;
    }
    Py_RETURN_NONE;
}

/* There is room in the block, so nothing moves: but the shape that was lent grows. */
static int
dress_roomy(Animal *self)
{
    int status = zoo_layout(self, "i", sizeof(int), 1, (Py_ssize_t[]){64}, NULL);
    self->shape[0] = 6;
    self->len = 6 * self->itemsize;
    return status;
}

static PyObject *
append_in_place(PyObject *self, PyObject *Py_UNUSED(args))
{
    Animal *own = animal(self);
    if (own->len < own->capacity) {
        own->shape[0]++;
        own->len += own->itemsize;
    }
    Py_RETURN_NONE;
}

/* Z37: the count is looked at, then the value is asked for its number, then the memory moves. */
static PyObject *
append_after_asking(PyObject *self, PyObject *value)
{
    if (zoo_locked(animal(self))) {
        return NULL;
    }
    Py_ssize_t number = PyNumber_AsSsize_t(value, PyExc_OverflowError);
    if (number == -1 && PyErr_Occurred()) {
        return NULL;
    }
    return append_always(self, NULL);
}

#define METHODS(table, name, function, flags)                                                                          \
    static PyMethodDef table[] = {                                                                                     \
        {name, function, flags, "Changes how much memory there is."},                                                  \
        {NULL, NULL, 0, NULL},                                                                                         \
    };

METHODS(appending, "append", append_always, METH_VARARGS)
METHODS(closing, "close", close_always, METH_NOARGS)
METHODS(appending_halfway, "append", append_halfway, METH_VARARGS)
METHODS(clearing_halfway, "clear", clear_halfway, METH_NOARGS)
METHODS(appending_in_place, "append", append_in_place, METH_VARARGS)
METHODS(appending_after_asking, "append", append_after_asking, METH_O)

/* All but one look at the count. */
static PyMethodDef one_forgets[] = {
    {"append", zoo_append, METH_VARARGS, "append(value): refused while exports are out"},
    {"extend", zoo_append, METH_VARARGS, "extend(values): refused while exports are out"},
    {"clear", clear_always, METH_NOARGS, "clear(): forgets to look"},
    {NULL, NULL, 0, NULL},
};

/* A name that only its author knows. */
METHODS(regrowing, "regrow", append_always, METH_VARARGS)

/* Z27: strides that are right for each who asks, in one place for all. */
static int
dress_one_row(Animal *self)
{
    return zoo_layout(self, "i", sizeof(int), 2, (Py_ssize_t[]){1, 3}, (Py_ssize_t[]){64, sizeof(int)});
}

static int
strides_for_each(PyObject *self, Py_buffer *view, int flags)
{
    animal(self)->strides[0] = ASKS(flags, PyBUF_C_CONTIGUOUS) ? 3 * sizeof(int) : 64;
    return zoo_get(self, view, flags);
}

/* Z27: a shape that is written with each answer, and is not what it was. */
static int
shape_for_each(PyObject *self, Py_buffer *view, int flags)
{
    Animal *own = animal(self);
    own->shape[0] = 0;
    int status = zoo_refusal(own, flags) != NULL ? zoo_refuse(view, "this request is refused") : 0;
    if (status == 0) {
        own->shape[0] = 6;
        status = zoo_get(self, view, flags);
    }
    return status;
}

/* The text of the format, in one place for all. */
static int
format_for_each(PyObject *self, Py_buffer *view, int flags)
{
    Animal *own = animal(self);
    if (own->store == NULL) {
        own->store = PyMem_Malloc(8);
    }
    int status = own->store == NULL ? zoo_refuse(view, "no memory") : zoo_get(self, view, flags);
    if (status == 0) {
        strcpy(own->store, ASKS(flags, PyBUF_FORMAT) ? "i" : "");
        view->format = ASKS(flags, PyBUF_FORMAT) ? own->store : NULL;
    }
    return status;
}

/* Tidies up whenever it is asked, so that the first buffer is left with the old block. */
static int
second_moves(PyObject *self, Py_buffer *view, int flags)
{
    const char *why = zoo_refusal(animal(self), flags);
    if (why != NULL) {
        return zoo_refuse(view, why);
    }
    if (animal(self)->exports > 0 && zoo_resize(animal(self), animal(self)->shape[0]) < 0) {
        view->obj = NULL;
        return -1;
    }
    return zoo_get(self, view, flags);
}

/* Refuses the second, and takes the first's memory for it. */
static int
second_spoils_the_first(PyObject *self, Py_buffer *view, int flags)
{
    if (animal(self)->exports > 0) {
        animal(self)->shape[0] = 0;
        return zoo_refuse(view, "one export at a time");
    }
    animal(self)->shape[0] = 6;
    return zoo_get(self, view, flags);
}

/* Z33, on every build: others run between the look at the count and the new count. */
static int
counts_in_two_steps(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get_uncounted(self, view, flags);
    if (status == 0) {
        Py_ssize_t before = animal(self)->exports;
        Py_BEGIN_ALLOW_THREADS
        Py_END_ALLOW_THREADS
        animal(self)->exports = before + 1;
    }
    return status;
}

const Species zoo_stability[] = {
    {"ResizesUnderExports", 0, .methods = appending},
    {"ClosesUnderExports", 0, .methods = closing},
    {"OneMutatorForgets", 0, .methods = one_forgets},
    {"RegrowsUnderExports", 0, .methods = regrowing},
    {"RefusesHalfway", 0, .methods = appending_halfway},
    {"RefusesWhenItIsGone", 0, .methods = clearing_halfway},
    {"ShapeGrowsInPlace", 0, .dress = dress_roomy, .methods = appending_in_place},
    {"AsksBetweenLookAndResize", 0, .methods = appending_after_asking},
    {"StridesForEach", 0, .get = strides_for_each, .dress = dress_one_row},
    {"ShapeForEach", 0, .get = shape_for_each, .dress = zoo_words_readonly},
    {"FormatForEach", 0, .get = format_for_each},
    {"SecondMoves", 0, .get = second_moves},
    {"SecondSpoilsTheFirst", 0, .get = second_spoils_the_first},
    {"CountsInTwoSteps", ZOO_GROWS, .get = counts_in_two_steps},
    {NULL},
};
