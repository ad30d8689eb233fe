/* Orders that are granted and do not hold; requests that could be granted and are not. */
#include "zoo.h"

/* A request without some of its bits beyond STRIDES: what is left out is not checked. */
static int
get_without(PyObject *self, Py_buffer *view, int flags, int flag)
{
    return zoo_get(self, view, ASKS(flags, flag) ? (flags & ~flag) | PyBUF_STRIDES : flags);
}

/* Z17. */
static int
ignores_contiguity(PyObject *self, Py_buffer *view, int flags)
{
    int orders = PyBUF_C_CONTIGUOUS | PyBUF_F_CONTIGUOUS | PyBUF_ANY_CONTIGUOUS;
    return zoo_get(self, view, ASKS(flags, PyBUF_STRIDES) ? (flags & ~orders) | PyBUF_STRIDES : flags);
}

/* Z17: only C order is checked. */
static int
ignores_fortran(PyObject *self, Py_buffer *view, int flags)
{
    return get_without(self, view, flags, PyBUF_F_CONTIGUOUS);
}

/* Z17: only ANY is not checked. */
static int
ignores_any(PyObject *self, Py_buffer *view, int flags)
{
    return get_without(self, view, flags, PyBUF_ANY_CONTIGUOUS);
}

/* Looks for gaps, and takes what has none to be in C order. */
static int
dense_is_c(PyObject *self, Py_buffer *view, int flags)
{
    if (ASKS(flags, PyBUF_C_CONTIGUOUS) && !zoo_contiguous(animal(self), 'A')) {
        return zoo_refuse(view, "the memory is not contiguous");
    }
    return get_without(self, view, flags, PyBUF_C_CONTIGUOUS);
}

/* Those who ask for nothing get the memory as it is, gaps and all. */
static int
apart_as_bytes(PyObject *self, Py_buffer *view, int flags)
{
    if (!ASKS(flags, PyBUF_ND)) {
        int status = zoo_get(self, view, flags | PyBUF_STRIDES);
        view->shape = view->strides = NULL;
        return status;
    }
    return zoo_get(self, view, flags);
}

/* The shape, and not the strides that belong to it. */
static int
apart_without_strides(PyObject *self, Py_buffer *view, int flags)
{
    if (ASKS(flags, PyBUF_ND) && !ASKS(flags, PyBUF_STRIDES)) {
        int status = zoo_get(self, view, flags | PyBUF_STRIDES);
        view->strides = NULL;
        return status;
    }
    return zoo_get(self, view, flags);
}

/* Z21. */
static int
refuses_simple(PyObject *self, Py_buffer *view, int flags)
{
    if (!ASKS(flags, PyBUF_ND)) {
        return zoo_refuse(view, "a shape is needed");
    }
    return zoo_get(self, view, flags);
}

/* What has one axis is in both orders. */
static int
refuses_fortran(PyObject *self, Py_buffer *view, int flags)
{
    if (ASKS(flags, PyBUF_F_CONTIGUOUS)) {
        return zoo_refuse(view, "the memory is in C order");
    }
    return zoo_get(self, view, flags);
}

/* Refuses ANY of what is in Fortran order, because "any" is tested as C. */
static int
any_is_c(PyObject *self, Py_buffer *view, int flags)
{
    if (ASKS(flags, PyBUF_ANY_CONTIGUOUS) && !zoo_contiguous(animal(self), 'C')) {
        return zoo_refuse(view, "the memory is not contiguous");
    }
    return zoo_get(self, view, flags);
}

/* Looks at the strides only: what is empty would do for everybody. */
static int
dress_empty_apart(Animal *self)
{
    return zoo_layout(self, "i", sizeof(int), 1, (Py_ssize_t[]){0}, (Py_ssize_t[]){2 * sizeof(int)});
}

static int
refuses_empty(PyObject *self, Py_buffer *view, int flags)
{
    if (!ASKS(flags, PyBUF_STRIDES)) {
        return zoo_refuse(view, "the memory needs strides");
    }
    if ((flags & (PyBUF_C_CONTIGUOUS | PyBUF_F_CONTIGUOUS | PyBUF_ANY_CONTIGUOUS)) != PyBUF_STRIDES) {
        return zoo_refuse(view, "the memory is not contiguous");
    }
    return zoo_get(self, view, flags);
}

/* The same, where the empty axis is not the one with the gap. */
static int
dress_empty_matrix(Animal *self)
{
    return zoo_layout(self, "i", sizeof(int), 2, (Py_ssize_t[]){0, 2}, (Py_ssize_t[]){8 * sizeof(int), 2 * sizeof(int)});
}

/* Strides of axes of extent 1 say where nobody goes; they stay as they are when an order is asked for. */
static int
dress_one_row(Animal *self)
{
    return zoo_layout(self, "i", sizeof(int), 2, (Py_ssize_t[]){1, 3}, (Py_ssize_t[]){1000, sizeof(int)});
}

const Species zoo_contiguity[] = {
    {"IgnoresContiguity", 0, .get = ignores_contiguity, .dress = zoo_words_apart},
    {"IgnoresFortran", 0, .get = ignores_fortran, .dress = zoo_matrix},
    {"IgnoresAny", 0, .get = ignores_any, .dress = zoo_words_apart},
    {"DenseIsC", 0, .get = dense_is_c, .dress = zoo_matrix_fortran},
    {"ApartAsBytes", 0, .get = apart_as_bytes, .dress = zoo_words_apart},
    {"ApartWithoutStrides", 0, .get = apart_without_strides, .dress = zoo_words_apart},
    {"RefusesSimple", ZOO_GROWS, .get = refuses_simple},
    {"RefusesFortran", ZOO_GROWS, .get = refuses_fortran},
    {"AnyIsC", 0, .get = any_is_c, .dress = zoo_matrix_fortran},
    {"RefusesEmpty", 0, .get = refuses_empty, .dress = dress_empty_apart},
    {"RefusesEmptyMatrix", 0, .get = refuses_empty, .dress = dress_empty_matrix},
    {"StridesOfOneRow", 0, .dress = dress_one_row},
    {NULL},
};
