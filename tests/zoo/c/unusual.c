/* Unusual, and right: layouts and items. */
#include "zoo.h"

#define LAYOUT(name, format, itemsize, ndim, shape, strides)                                                           \
    static int name(Animal *self)                                                                                      \
    {                                                                                                                  \
        return zoo_layout(self, format, itemsize, ndim, (Py_ssize_t[])shape, (Py_ssize_t[])strides);                   \
    }
#define OF(...) {__VA_ARGS__}
#define ITEMS(name, format, itemsize) LAYOUT(name, format, itemsize, 1, OF(3), OF(itemsize))

LAYOUT(empty_first, "i", 4, 2, OF(0, 3), OF(12, 4))
LAYOUT(empty_in_the_middle, "h", 2, 3, OF(2, 0, 7), OF(0, 14, 2))
LAYOUT(empty_apart, "i", 4, 1, OF(0), OF(8))
LAYOUT(backwards, "i", 4, 1, OF(6), OF(-4))
LAYOUT(backwards_apart, "i", 4, 2, OF(2, 3), OF(-32, -8))
LAYOUT(broadcast, "i", 4, 2, OF(4, 3), OF(0, 4))
LAYOUT(windows, "i", 4, 2, OF(3, 4), OF(4, 4))
LAYOUT(diagonal, "d", 8, 1, OF(3), OF(32))
LAYOUT(in_no_order, "i", 4, 3, OF(2, 3, 4), OF(16, 32, 4))
LAYOUT(fortran, "i", 4, 2, OF(2, 3), OF(4, 8))
LAYOUT(field_of_packed_records, "<i", 4, 1, OF(5), OF(5))
LAYOUT(one_item, "i", 4, 3, OF(1, 1, 1), OF(4, 4, 4))

ITEMS(empty_items, "0x", 0)
ITEMS(big_endian, ">i", 4)
ITEMS(padded_struct, "T{<b:a:3x<i:b:}", 8)
ITEMS(native_struct, "T{b:a:i:b:}", 8)
ITEMS(padded_at_the_end, "T{i:a:b:b:}", 8)
ITEMS(nested_struct, "T{<i:a:(2,3)<h:b:T{<b:c:>d:d:}:e:}", 25)
ITEMS(complex_numbers, "Zd", 16)
ITEMS(short_strings, "5s", 5)
ITEMS(half_floats, "<e", 2)
ITEMS(booleans, "?", 1)
ITEMS(pairs, "2i", 8)

static int
broadcast_readonly(Animal *self)
{
    self->readonly = 1;
    return broadcast(self);
}

/* A constant that is as large as one likes. */
static int
huge_broadcast(Animal *self)
{
    int status = zoo_layout(self, "B", 1, 2, (Py_ssize_t[]){1, 1}, (Py_ssize_t[]){0, 0});
    self->readonly = 1;
    self->shape[0] = self->shape[1] = 1 << 20;
    self->len = (Py_ssize_t)1 << 40;
    return status;
}

/* Holds what a debugger fills freed memory with. */
static int
full_of_dd(Animal *self)
{
    int status = zoo_layout(self, "B", 1, 1, (Py_ssize_t[]){64}, NULL);
    memset(self->buf, 0xDD, 64);
    return status;
}

/* An item at an odd address. */
static int
unaligned(Animal *self)
{
    int status = zoo_layout(self, "d", 8, 1, (Py_ssize_t[]){5}, NULL);
    self->buf++;
    self->shape[0] = 4;
    self->len = 32;
    return status;
}

/* Nothing in it, and an address all the same. */
static int
sixty_four_dimensions(Animal *self)
{
    Py_ssize_t shape[64];
    for (int axis = 0; axis < 64; axis++) {
        shape[axis] = axis % 32 == 31 ? 2 : 1;
    }
    return zoo_layout(self, "i", 4, 64, shape, NULL);
}

/* The rows of a table from the last to the first, each from its second item on. */
static int
rows_backwards(Animal *self)
{
    int status = zoo_rows(self);
    self->buf += sizeof(char *);
    self->strides[0] = -(Py_ssize_t)sizeof(char *);
    self->suboffsets[0] = sizeof(int);
    self->shape[1] = 2;
    self->len = 4 * sizeof(int);
    return status;
}

/* Pointers to items, one each: a suboffset in the last axis. */
static int
pointers_to_items(Animal *self)
{
    int status = zoo_rows(self);
    self->ndim = 1;
    self->len = 2 * sizeof(int);
    return status;
}

static int
get_refusing_format_without_nd(PyObject *self, Py_buffer *view, int flags)
{
    if (ASKS(flags, PyBUF_FORMAT) && !ASKS(flags, PyBUF_ND)) {
        return zoo_refuse(view, "FORMAT without ND is no request");
    }
    return zoo_get(self, view, flags);
}

/* For an order that is asked for, strides that say it also of axes of extent 1. */
static int
dress_one_row(Animal *self)
{
    return zoo_layout(self, "i", 4, 2, (Py_ssize_t[]){1, 3}, (Py_ssize_t[]){1000, 4});
}

static int
get_with_canonical_strides(PyObject *self, Py_buffer *view, int flags)
{
    static Py_ssize_t c[] = {12, 4}, fortran[] = {4, 4};
    int status = zoo_get(self, view, flags);
    if (status == 0 && ASKS(flags, PyBUF_F_CONTIGUOUS)) {
        view->strides = fortran;
    }
    else if (status == 0 && (ASKS(flags, PyBUF_C_CONTIGUOUS) || ASKS(flags, PyBUF_ANY_CONTIGUOUS))) {
        view->strides = c;
    }
    return status;
}

const Species zoo_unusual[] = {
    {"Scalar", 0, .dress = zoo_scalar},
    {"EmptyFirst", 0, .dress = empty_first},
    {"EmptyInTheMiddle", 0, .dress = empty_in_the_middle},
    {"EmptyApart", 0, .dress = empty_apart},
    {"Backwards", 0, .dress = backwards},
    {"BackwardsApart", 0, .dress = backwards_apart},
    {"Broadcast", 0, .dress = broadcast},
    {"BroadcastReadonly", 0, .dress = broadcast_readonly},
    {"HugeBroadcast", 0, .dress = huge_broadcast},
    {"Windows", 0, .dress = windows},
    {"Diagonal", 0, .dress = diagonal},
    {"InNoOrder", 0, .dress = in_no_order},
    {"Fortran", 0, .dress = fortran},
    {"FieldOfPackedRecords", 0, .dress = field_of_packed_records},
    {"OneItem", 0, .dress = one_item},
    {"CanonicalStrides", 0, .get = get_with_canonical_strides, .dress = dress_one_row},
    {"EmptyItems", 0, .dress = empty_items},
    {"BigEndian", 0, .dress = big_endian},
    {"PaddedStruct", 0, .dress = padded_struct},
    {"NativeStruct", 0, .dress = native_struct},
    {"PaddedAtTheEnd", 0, .dress = padded_at_the_end},
    {"NestedStruct", 0, .dress = nested_struct},
    {"ComplexNumbers", 0, .dress = complex_numbers},
    {"ShortStrings", 0, .dress = short_strings},
    {"HalfFloats", 0, .dress = half_floats},
    {"Booleans", 0, .dress = booleans},
    {"Pairs", 0, .dress = pairs},
    {"FullOfDd", 0, .dress = full_of_dd},
    {"Unaligned", 0, .dress = unaligned},
    {"SixtyFourDimensions", 0, .dress = sixty_four_dimensions},
    {"Rows", 0, .dress = zoo_rows},
    {"RowsBackwards", 0, .dress = rows_backwards},
    {"PointersToItems", 0, .dress = pointers_to_items},
    {"RefusesFormatWithoutNd", ZOO_GROWS, .get = get_refusing_format_without_nd},
    {NULL},
};
