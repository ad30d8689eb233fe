/* The zoo: exporters that are wrong in one thing each, and exporters that are unusual but right.
 *
 * All of them are one struct, `Animal`, and one set of functions that do everything right (zoo.c). A species is a row
 * of a table that says which of these it replaces: what is not named in the row is right. So whatever a species does
 * wrong stands in its own few lines, and nothing else about it is wrong.
 *
 * The files are themes; each has a table, and zoo.c makes a type of every row. */
#ifndef ZOO_H
#define ZOO_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

/* More dimensions than are allowed, for the species that has too many. */
#define ZOO_NDIM 80

/* What a request asks: all bits of a flag, not one of them. */
#define ASKS(flags, flag) (((flags) & (flag)) == (flag))

typedef struct Animal {
    PyObject_HEAD
    /* The memory: a block of PyMem_Malloc, and a mapping for the species that need pages of their own. */
    char *block;
    Py_ssize_t capacity;
    char *pages;
    size_t pages_size;
    /* Everything there is to say of it, which is what FULL_RO is told. */
    char *buf;
    Py_ssize_t len, itemsize;
    int readonly, ndim, indirect;
    const char *format;
    Py_ssize_t shape[ZOO_NDIM], strides[ZOO_NDIM], suboffsets[ZOO_NDIM];
    Py_ssize_t exports;
    PyObject *weakrefs, *attributes;
    /* What a species keeps for itself: an object, a block of PyMem_Malloc, a number. */
    PyObject *friend;
    void *store;
    Py_ssize_t number;
} Animal;

enum habit {
    ZOO_GROWS = 1,      /* has append() and clear(), which refuse while exports are out */
    ZOO_NO_RELEASE = 2, /* has no bf_releasebuffer */
    ZOO_NO_GET = 4,     /* has no bf_getbuffer of its own: a base's */
    ZOO_COLLECTED = 8,  /* has attributes, and takes part in cyclic garbage collection */
    ZOO_LATE = 16,      /* gets its slots when the type is ready already */
};

typedef struct {
    const char *name;
    int habits;
    getbufferproc get;         /* zoo_get */
    releasebufferproc release; /* zoo_release */
    int (*dress)(Animal *);    /* zoo_words */
    PyMethodDef *methods;
    traverseproc traverse;     /* zoo_traverse */
    inquiry clear;             /* zoo_clear_owned */
    hashfunc hash;             /* object's */
    richcmpfunc compare;       /* object's */
    const char *base;          /* another species, of a row above */
} Species;

extern const Species zoo_references[], zoo_releases[], zoo_flags[], zoo_contiguity[], zoo_fields[], zoo_refusals[],
    zoo_structure[], zoo_memory[], zoo_formats[], zoo_stability[], zoo_types[], zoo_unusual[], zoo_unusual_lives[];

/* A right answer; a right refusal; both; and both without counting, for those without a release slot. */
void zoo_fill(Animal *self, Py_buffer *view, int flags);
const char *zoo_refusal(Animal *self, int flags);
int zoo_get(PyObject *self, Py_buffer *view, int flags);
int zoo_get_uncounted(PyObject *self, Py_buffer *view, int flags);
int zoo_get_constant(PyObject *self, Py_buffer *view, int flags);
int zoo_refuse(Py_buffer *view, const char *why);
void zoo_release(PyObject *self, Py_buffer *view);
int zoo_contiguous(Animal *self, char order);

/* Layouts. Memory is filled with 1, 2, 3 … as items of `itemsize` bytes. */
int zoo_layout(Animal *self, const char *format, Py_ssize_t itemsize, int ndim, const Py_ssize_t *shape,
               const Py_ssize_t *strides);
int zoo_allocate(Animal *self, Py_ssize_t size);
void zoo_count_up(char *memory, Py_ssize_t size, Py_ssize_t itemsize);
int zoo_words(Animal *self);         /* "i", (6,) */
int zoo_words_readonly(Animal *self);
int zoo_matrix(Animal *self);        /* "i", (2, 3), C order */
int zoo_matrix_fortran(Animal *self);
int zoo_words_apart(Animal *self);   /* "i", (4,), every second item of eight */
int zoo_rows(Animal *self);          /* "i", (2, 3), through a table of two pointers */
int zoo_scalar(Animal *self);        /* "d", () */
int zoo_constant(Animal *self);      /* "i", (6,), of which nothing is in the object: for zoo_get_constant */

/* Growing. */
int zoo_resize(Animal *self, Py_ssize_t items);
int zoo_locked(Animal *self);
PyObject *zoo_append(PyObject *self, PyObject *args);
PyObject *zoo_clear(PyObject *self, PyObject *args);

/* Garbage collection. */
int zoo_traverse(PyObject *self, visitproc visit, void *arg);
int zoo_clear_owned(PyObject *self);

static inline Animal *
animal(PyObject *self)
{
    return (Animal *)self;
}

/* An export's own copy of its shape and strides, in `view->internal`; and the export without it. */
int zoo_copy_arrays(Py_buffer *view);
void zoo_release_copy(PyObject *self, Py_buffer *view);

#endif
