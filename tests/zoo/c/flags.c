/* Which fields are filled in for which request. */
#include "zoo.h"

/* A right answer, to be spoiled. */
#define GET_OR_RETURN(self, view, flags)                                                                               \
    if (zoo_get((self), (view), (flags)) < 0) {                                                                        \
        return -1;                                                                                                     \
    }

/* Z20. */
static int
shape_always(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    view->shape = animal(self)->shape;
    return 0;
}

/* Z20. */
static int
strides_always(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    view->shape = animal(self)->shape;
    view->strides = animal(self)->strides;
    return 0;
}

/* The test that is true for ND as well, because STRIDES contains ND. */
static int
strides_by_one_bit(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    view->strides = flags & PyBUF_STRIDES ? animal(self)->strides : NULL;
    return 0;
}

/* The same test, of memory that cannot do without strides: who asks for ND is given them, and does not look. */
static int
apart_by_one_bit(PyObject *self, Py_buffer *view, int flags)
{
    if (!(flags & PyBUF_STRIDES)) {
        return zoo_refuse(view, "the memory needs strides");
    }
    int nd = ASKS(flags, PyBUF_STRIDES) ? flags : flags | PyBUF_STRIDES;
    return zoo_get(self, view, nd);
}

/* Z18. */
static int
strides_never(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    view->strides = NULL;
    return 0;
}

/* Z18, only where contiguity was asked for: "then they are known". */
static int
strides_not_when_contiguous(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    if (ASKS(flags, PyBUF_C_CONTIGUOUS) || ASKS(flags, PyBUF_ANY_CONTIGUOUS)) {
        view->strides = NULL;
    }
    return 0;
}

/* Z19. */
static int
shape_with_strides_only(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    view->shape = ASKS(flags, PyBUF_STRIDES) ? view->shape : NULL;
    return 0;
}

/* Z19, with an ndim that fits: no axis. */
static int
ndim_with_strides_only(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    if (!ASKS(flags, PyBUF_STRIDES)) {
        view->shape = NULL;
        view->ndim = 0;
    }
    return 0;
}

/* Suboffsets for those who do not know that there are any. */
static int
suboffsets_unasked(PyObject *self, Py_buffer *view, int flags)
{
    if (ASKS(flags, PyBUF_STRIDES) && !ASKS(flags, PyBUF_INDIRECT)) {
        return zoo_get(self, view, flags | PyBUF_INDIRECT);
    }
    return zoo_get(self, view, flags);
}

/* Left out instead of refused: the table of pointers is read as items. */
static int
suboffsets_dropped(PyObject *self, Py_buffer *view, int flags)
{
    int strides = ASKS(flags, PyBUF_STRIDES) && !ASKS(flags, PyBUF_INDIRECT);
    int status = zoo_get(self, view, strides ? flags | PyBUF_INDIRECT : flags);
    if (status == 0 && strides) {
        view->suboffsets = NULL;
    }
    return status;
}

/* Z20. */
static int
format_always(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    view->format = (char *)animal(self)->format;
    return 0;
}

static int
format_never(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    view->format = NULL;
    return 0;
}

/* Z19, of the format: only for those who ask for everything. */
static int
format_with_strides_only(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    if (!ASKS(flags, PyBUF_STRIDES)) {
        view->format = NULL;
    }
    return 0;
}

/* Z11. */
static int
ignores_writable(PyObject *self, Py_buffer *view, int flags)
{
    return zoo_get(self, view, flags & ~PyBUF_WRITABLE);
}

/* readonly is what was not asked, though the memory is writable. */
static int
readonly_by_request(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    view->readonly = !ASKS(flags, PyBUF_WRITABLE);
    return 0;
}

static int
refuses_writable(PyObject *self, Py_buffer *view, int flags)
{
    if (ASKS(flags, PyBUF_WRITABLE)) {
        return zoo_refuse(view, "the memory is not for writing");
    }
    return zoo_get(self, view, flags);
}

/* Those who only read are given a copy. */
static int
copy_for_readers(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    if (!ASKS(flags, PyBUF_WRITABLE)) {
        if (animal(self)->store == NULL) {
            animal(self)->store = PyMem_Malloc((size_t)view->len);
        }
        view->buf = memcpy(animal(self)->store, view->buf, (size_t)view->len);
        view->readonly = 1;
    }
    return 0;
}

/* The same without a lie in readonly: the address alone depends on the request. */
static int
copy_for_bytes(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    if (!ASKS(flags, PyBUF_ND)) {
        if (animal(self)->store == NULL) {
            animal(self)->store = PyMem_Malloc((size_t)view->len);
        }
        view->buf = memcpy(animal(self)->store, view->buf, (size_t)view->len);
    }
    return 0;
}

/* Any non-zero number is true, in C. */
static int
readonly_is_a_bit(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    view->readonly = 0x20;
    return 0;
}

/* NULL means "B", so the item has one byte. */
static int
itemsize_by_format(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    view->itemsize = view->format != NULL ? view->itemsize : 1;
    return 0;
}

static int
len_in_items(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    if (!ASKS(flags, PyBUF_ND)) {
        view->len /= view->itemsize;
    }
    return 0;
}

/* As NumPy does. */
static int
ndim_zero_without_nd(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    view->ndim = ASKS(flags, PyBUF_ND) ? view->ndim : 0;
    return 0;
}

/* Flattens itself for those who do not ask for strides: two axes become one. */
static int
flattened_without_strides(PyObject *self, Py_buffer *view, int flags)
{
    GET_OR_RETURN(self, view, flags);
    if (!ASKS(flags, PyBUF_STRIDES)) {
        animal(self)->number = view->len / view->itemsize;
        view->ndim = 1;
        view->shape = ASKS(flags, PyBUF_ND) ? &animal(self)->number : NULL;
    }
    return 0;
}

/* A table of answers, by the flags: 0x4000 is beyond its end. */
static int
table_of_flags(PyObject *self, Py_buffer *view, int flags)
{
    static const char answers[0x200] = {0};
    const volatile char *answer = (flags & ~0x1FF) != 0 ? NULL : &answers[flags];
    return *answer == 0 ? zoo_get(self, view, flags) : -1;
}

static int
refuses_high_bits(PyObject *self, Py_buffer *view, int flags)
{
    if (flags & ~(PyBUF_FULL | PyBUF_C_CONTIGUOUS | PyBUF_F_CONTIGUOUS | PyBUF_ANY_CONTIGUOUS)) {
        return zoo_refuse(view, "unknown flags");
    }
    return zoo_get(self, view, flags);
}

const Species zoo_flags[] = {
    {"ShapeAlways", ZOO_GROWS, .get = shape_always},
    {"StridesAlways", ZOO_GROWS, .get = strides_always},
    {"StridesByOneBit", ZOO_GROWS, .get = strides_by_one_bit},
    {"ApartByOneBit", 0, .get = apart_by_one_bit, .dress = zoo_words_apart},
    {"StridesNever", ZOO_GROWS, .get = strides_never},
    {"StridesNotWhenContiguous", ZOO_GROWS, .get = strides_not_when_contiguous},
    {"ShapeWithStridesOnly", ZOO_GROWS, .get = shape_with_strides_only},
    {"NdimWithStridesOnly", ZOO_GROWS, .get = ndim_with_strides_only},
    {"SuboffsetsUnasked", 0, .get = suboffsets_unasked, .dress = zoo_rows},
    {"SuboffsetsDropped", 0, .get = suboffsets_dropped, .dress = zoo_rows},
    {"FormatAlways", ZOO_GROWS, .get = format_always},
    {"FormatNever", ZOO_GROWS, .get = format_never},
    {"FormatWithStridesOnly", ZOO_GROWS, .get = format_with_strides_only},
    {"IgnoresWritable", ZOO_GROWS, .get = ignores_writable, .dress = zoo_words_readonly},
    {"ReadonlyByRequest", ZOO_GROWS, .get = readonly_by_request},
    {"RefusesWritable", ZOO_GROWS, .get = refuses_writable},
    {"CopyForReaders", 0, .get = copy_for_readers},
    {"CopyForBytes", 0, .get = copy_for_bytes},
    {"ReadonlyIsABit", 0, .get = readonly_is_a_bit, .dress = zoo_words_readonly},
    {"ItemsizeByFormat", ZOO_GROWS, .get = itemsize_by_format},
    {"LenInItems", ZOO_GROWS, .get = len_in_items},
    {"NdimZeroWithoutNd", 0, .get = ndim_zero_without_nd, .dress = zoo_matrix},
    {"FlattenedWithoutStrides", 0, .get = flattened_without_strides, .dress = zoo_matrix},
    {"TableOfFlags", 0, .get = table_of_flags},
    {"RefusesHighBits", 0, .get = refuses_high_bits},
    {NULL},
};
