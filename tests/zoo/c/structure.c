/* Fields that do not add up, whatever is asked. */
#include "zoo.h"

/* Z13: the shape in bytes. */
static int
shape_in_bytes(Animal *self)
{
    int status = zoo_words(self);
    self->shape[0] = self->len;
    return status;
}

/* The NUL behind a text is counted. */
static int
len_with_nul(Animal *self)
{
    int status = zoo_layout(self, "B", 1, 1, (Py_ssize_t[]){25}, NULL);
    self->shape[0] = 24;
    return status;
}

/* One axis of two: a row's length is the whole's. */
static int
len_of_a_row(Animal *self)
{
    int status = zoo_matrix(self);
    self->len = 3 * self->itemsize;
    return status;
}

/* Z14: whatever was in a variable that nobody has set. */
static int
garbage_len(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0) {
        view->len += 16 * ++animal(self)->number;
    }
    return status;
}

static int
negative_len(Animal *self)
{
    int status = zoo_words(self);
    self->len = -1;
    return status;
}

/* 2**32 times 2**32 items are no items at all, in 64 bits. */
static int
product_overflows(Animal *self)
{
    int status = zoo_layout(self, "B", 1, 2, (Py_ssize_t[]){0, 0}, NULL);
    self->shape[0] = self->shape[1] = (Py_ssize_t)1 << (4 * sizeof(Py_ssize_t));
    self->strides[0] = 0;
    self->strides[1] = 0;
    return status;
}

/* One item, and more bytes than it has. */
static int
long_scalar(Animal *self)
{
    int status = zoo_layout(self, "d", sizeof(double), 1, (Py_ssize_t[]){3}, NULL);
    self->ndim = 0;
    return status;
}

/* One more dimension than there may be. */
static int
dimensions(Animal *self, int ndim)
{
    Py_ssize_t shape[ZOO_NDIM];
    for (int axis = 0; axis < ndim; axis++) {
        shape[axis] = 1;
    }
    return zoo_layout(self, "i", sizeof(int), ndim, shape, NULL);
}

static int
sixty_five_dimensions(Animal *self)
{
    return dimensions(self, 65);
}

static int
negative_ndim(Animal *self)
{
    int status = zoo_words(self);
    self->ndim = -1;
    return status;
}

static int
scalar_with_arrays(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0) {
        view->shape = ASKS(flags, PyBUF_ND) ? animal(self)->shape : NULL;
        view->strides = ASKS(flags, PyBUF_STRIDES) ? animal(self)->strides : NULL;
    }
    return status;
}

/* Minus one for "not known yet", as in a shape that is to be computed. */
static int
negative_extent(Animal *self)
{
    int status = zoo_words(self);
    self->shape[0] = -1;
    self->len = -self->itemsize;
    return status;
}

/* Two negative extents make a positive number of items. */
static int
two_negative_extents(Animal *self)
{
    int status = zoo_matrix(self);
    self->shape[0] = -2;
    self->shape[1] = -3;
    return status;
}

static int
suboffsets_all_negative(Animal *self)
{
    int status = zoo_words(self);
    self->indirect = 1;
    self->suboffsets[0] = -1;
    return status;
}

/* The same for those who know nothing of suboffsets: they are not refused, only those who do are told of none. */
static int
get_needless_suboffsets(PyObject *self, Py_buffer *view, int flags)
{
    animal(self)->indirect = 0;
    int status = zoo_get(self, view, flags);
    animal(self)->indirect = 1;
    if (status == 0 && ASKS(flags, PyBUF_INDIRECT)) {
        view->suboffsets = animal(self)->suboffsets;
    }
    return status;
}

static int
null_when_empty(Animal *self)
{
    int status = zoo_layout(self, "B", 1, 1, (Py_ssize_t[]){0}, NULL);
    self->buf = NULL;
    return status;
}

static int
null_with_items(Animal *self)
{
    int status = zoo_words(self);
    self->buf = NULL;
    return status;
}

const Species zoo_structure[] = {
    {"ShapeInBytes", 0, .dress = shape_in_bytes},
    {"LenWithNul", 0, .dress = len_with_nul},
    {"LenOfARow", 0, .dress = len_of_a_row},
    {"GarbageLen", 0, .get = garbage_len},
    {"NegativeLen", 0, .dress = negative_len},
    {"ProductOverflows", 0, .dress = product_overflows},
    {"LongScalar", 0, .dress = long_scalar},
    {"SixtyFiveDimensions", 0, .dress = sixty_five_dimensions},
    {"NegativeNdim", 0, .dress = negative_ndim},
    {"ScalarWithArrays", 0, .get = scalar_with_arrays, .dress = zoo_scalar},
    {"NegativeExtent", 0, .dress = negative_extent},
    {"TwoNegativeExtents", 0, .dress = two_negative_extents},
    {"SuboffsetsAllNegative", 0, .get = get_needless_suboffsets, .dress = suboffsets_all_negative},
    {"NullWhenEmpty", 0, .dress = null_when_empty},
    {"NullWithItems", 0, .dress = null_with_items},
    {NULL},
};
