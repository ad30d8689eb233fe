/* Where the items are: in memory of the exporter's own, from `buf` along the strides; and writable if it says so. */
#include "zoo.h"

#include <sys/mman.h>
#include <unistd.h>

/* A page between two pages that nobody may touch. What leaves it does not go unseen. */
static char *
guarded_page(Animal *self, size_t *size)
{
    *size = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 3 * *size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + *size, *size, PROT_READ | PROT_WRITE) < 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        return NULL;
    }
    self->pages = pages;
    self->pages_size = 3 * *size;
    zoo_count_up(pages + *size, (Py_ssize_t)*size, sizeof(int));
    return pages + *size;
}

/* The rows of a picture from the last to the first: `buf` is the block's lowest address all the same. */
static int
starts_at_the_lowest_address(Animal *self)
{
    size_t size;
    char *page = zoo_words(self) < 0 ? NULL : guarded_page(self, &size);
    if (page == NULL) {
        return -1;
    }
    self->buf = page;
    self->strides[0] = -self->itemsize;
    return 0;
}

/* The same where other items of the exporter's lie before: only who knows what it holds can tell. */
static int
starts_at_the_wrong_end(Animal *self)
{
    int status = zoo_layout(self, "i", sizeof(int), 1, (Py_ssize_t[]){12}, NULL);
    self->buf = self->block + 6 * self->itemsize;
    self->shape[0] = 6;
    self->strides[0] = -self->itemsize;
    self->len = 6 * self->itemsize;
    return status;
}

/* Z29: the items end where the memory does, but one. */
static int
one_item_past_the_end(Animal *self)
{
    size_t size;
    char *page = zoo_words(self) < 0 ? NULL : guarded_page(self, &size);
    if (page == NULL) {
        return -1;
    }
    self->buf = page + size - 5 * sizeof(int);
    return 0;
}

/* Z29: the padding of lines, counted once more behind the last. */
static int
stride_too_long(Animal *self)
{
    size_t size;
    char *page = zoo_matrix(self) < 0 ? NULL : guarded_page(self, &size);
    if (page == NULL) {
        return -1;
    }
    self->buf = page + size - 6 * sizeof(int);
    self->strides[0] = 4 * sizeof(int);
    return 0;
}

/* A table of rows of which the last was never made. */
static int
row_of_nothing(Animal *self)
{
    int status = zoo_rows(self);
    if (status == 0) {
        ((char **)self->block)[1] = NULL;
    }
    return status;
}

/* Z12: "const" is cast away. */
static int
writable_lie(Animal *self)
{
    size_t size;
    char *page = zoo_words(self) < 0 ? NULL : guarded_page(self, &size);
    if (page == NULL || mprotect(page, size, PROT_READ) < 0) {
        return -1;
    }
    self->buf = page;
    return 0;
}

/* Z12: the memory can be written, and the object has a hash of what is in it. */
static Py_hash_t
hash_of_bytes(PyObject *self)
{
    Py_hash_t hash = 1;
    for (Py_ssize_t at = 0; at < animal(self)->len; at++) {
        hash = hash * 31 + animal(self)->buf[at];
    }
    return hash == -1 ? -2 : hash;
}

static PyObject *
equal_bytes(PyObject *self, PyObject *other, int operation)
{
    if (Py_TYPE(self) != Py_TYPE(other) || (operation != Py_EQ && operation != Py_NE)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    Animal *a = animal(self), *b = animal(other);
    int equal = a->len == b->len && memcmp(a->buf, b->buf, (size_t)a->len) == 0;
    return PyBool_FromLong(equal == (operation == Py_EQ));
}

/* Z28: made for the answer, and freed with it. */
static int
temporary(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0) {
        char *copy = PyMem_Malloc((size_t)view->len);
        view->buf = copy != NULL ? memcpy(copy, view->buf, (size_t)view->len) : view->buf;
        PyMem_Free(copy);
    }
    return status;
}

/* Z28, of the arrays: they lie on the stack of the slot. */
static Py_ssize_t *
on_the_stack(Py_ssize_t extent)
{
    Py_ssize_t volatile shape[1] = {extent};
    Py_ssize_t volatile *volatile address = shape;
    return (Py_ssize_t *)address;
}

static int
shape_on_the_stack(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0 && ASKS(flags, PyBUF_ND)) {
        view->shape = on_the_stack(animal(self)->shape[0]);
    }
    return status;
}

/* Z28, of the format: the text of an object that is gone. */
static int
format_of_a_temporary(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0 && view->format != NULL) {
        char *copy = PyMem_Malloc(64);
        view->format = copy != NULL ? strcpy(copy, view->format) : view->format;
        PyMem_Free(copy);
    }
    return status;
}

const Species zoo_memory[] = {
    {"StartsAtTheLowestAddress", 0, .dress = starts_at_the_lowest_address},
    {"StartsAtTheWrongEnd", 0, .dress = starts_at_the_wrong_end},
    {"OneItemPastTheEnd", 0, .dress = one_item_past_the_end},
    {"StrideTooLong", 0, .dress = stride_too_long},
    {"RowOfNothing", 0, .dress = row_of_nothing},
    {"WritableLie", 0, .dress = writable_lie},
    {"WritableWithAHash", 0, .hash = hash_of_bytes, .compare = equal_bytes},
    {"Temporary", 0, .get = temporary},
    {"ShapeOnTheStack", 0, .get = shape_on_the_stack},
    {"FormatOfATemporary", 0, .get = format_of_a_temporary},
    {NULL},
};
