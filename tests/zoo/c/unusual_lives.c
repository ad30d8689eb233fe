/* Unusual, and right: who owns the memory, how long it lives, and what may happen to it meanwhile. */
#include "zoo.h"

/* ---- who owns it ---- */

static int
dress_with_bytearray(Animal *self)
{
    self->friend = PyByteArray_FromStringAndSize("what the inner object has", 24);
    return self->friend == NULL ? -1 : 0;
}

/* view->obj is the inner object, as it filled it in. */
static int
get_inner(PyObject *self, Py_buffer *view, int flags)
{
    view->obj = NULL;
    return PyObject_GetBuffer(animal(self)->friend, view, flags);
}

/* The same, where the inner object is a view, which counts its buffers too. */
static int
dress_with_view(Animal *self)
{
    PyObject *memory = PyByteArray_FromStringAndSize("what the inner object has", 24);
    self->friend = memory != NULL ? PyMemoryView_FromObject(memory) : NULL;
    Py_XDECREF(memory);
    return self->friend == NULL ? -1 : 0;
}

/* A marker, as PickleBuffer has: nobody calls it, because view->obj is never of this type. */
static void
never_called(PyObject *Py_UNUSED(self), Py_buffer *Py_UNUSED(view))
{
    Py_FatalError("the release of a type that lends nothing of its own");
}

/* Asks the inner object, answers for itself, and gives the inner buffer back. */
static int
get_inner_for_itself(PyObject *self, Py_buffer *view, int flags)
{
    Py_buffer *inner = PyMem_Malloc(sizeof *inner);
    if (inner == NULL || PyObject_GetBuffer(animal(self)->friend, inner, flags) < 0) {
        PyMem_Free(inner);
        return zoo_refuse(view, "the inner object refused");
    }
    *view = *inner;
    view->obj = Py_NewRef(self);
    view->shape = inner->shape;
    view->strides = inner->strides;
    view->internal = inner;
    return 0;
}

static void
release_inner(PyObject *Py_UNUSED(self), Py_buffer *view)
{
    PyBuffer_Release(view->internal);
    PyMem_Free(view->internal);
}

static PyObject *
append_to_inner(PyObject *self, PyObject *Py_UNUSED(args))
{
    PyObject *inner = animal(self)->friend;
    return PyByteArray_Resize(inner, PyByteArray_GET_SIZE(inner) + 1) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyMethodDef inner_growing[] = {
    {"append", append_to_inner, METH_VARARGS, "append(value): as the inner object allows"},
    {NULL, NULL, 0, NULL},
};

/* Another owner for each export: a capsule, that keeps the exporter. */
static void
free_capsule(PyObject *capsule)
{
    PyObject *self = PyCapsule_GetPointer(capsule, "zoo.owner");
    animal(self)->exports--;
    Py_DECREF(self);
}

static int
get_with_capsule(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0) {
        PyObject *capsule = PyCapsule_New(self, "zoo.owner", free_capsule);
        if (capsule == NULL) {
            animal(self)->exports--;
            Py_CLEAR(view->obj);
            return -1;
        }
        /* The reference that view->obj had is the capsule's now. */
        view->obj = capsule;
    }
    return status;
}

/* A constant, which needs no owner: None owns it, as well as anybody. */
static int
get_of_none(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get_constant(self, view, flags);
    if (status == 0) {
        Py_SETREF(view->obj, Py_NewRef(Py_None));
    }
    return status;
}

/* ---- how it is lent ---- */

static int
get_one_at_a_time(PyObject *self, Py_buffer *view, int flags)
{
    return animal(self)->exports > 0 ? zoo_refuse(view, "one export at a time") : zoo_get(self, view, flags);
}

static int
dress_bytes(Animal *self)
{
    return zoo_layout(self, "B", 1, 1, (Py_ssize_t[]){24}, NULL);
}

/* Shape and strides lie in the consumer's struct. */
static int
get_by_fill_info(PyObject *self, Py_buffer *view, int flags)
{
    Animal *own = animal(self);
    view->obj = NULL;
    if (PyBuffer_FillInfo(view, self, own->buf, own->len, own->readonly, flags) < 0) {
        return -1;
    }
    own->exports++;
    return 0;
}

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

/* A subclass that replaces one slot, and keeps the other because it fits. */
static int
get_of_subclass(PyObject *self, Py_buffer *view, int flags)
{
    animal(self)->number++;
    return get_with_arrays(self, view, flags);
}

/* ---- how long it lives ---- */

/* The memory is made with the first export and freed with the last: at another address each time. */
static int
get_lazily(PyObject *self, Py_buffer *view, int flags)
{
    Animal *own = animal(self);
    if (own->exports == 0) {
        char *before = own->block;
        if (zoo_words(own) < 0) {
            view->obj = NULL;
            return -1;
        }
        PyMem_Free(before);
    }
    return zoo_get(self, view, flags);
}

static void
release_lazily(PyObject *self, Py_buffer *view)
{
    zoo_release(self, view);
    if (animal(self)->exports == 0) {
        memset(animal(self)->buf, 0, (size_t)animal(self)->len);
    }
}

/* ---- what may happen to it meanwhile ---- */

static int
dress_roomy(Animal *self)
{
    int status = zoo_layout(self, "i", sizeof(int), 1, (Py_ssize_t[]){64}, NULL);
    self->shape[0] = 6;
    self->len = 6 * self->itemsize;
    return status;
}

/* Grows within its block; the arrays of each export are its own. */
static PyObject *
append_in_place(PyObject *self, PyObject *Py_UNUSED(args))
{
    Animal *own = animal(self);
    if (own->len == own->capacity) {
        PyErr_SetString(PyExc_BufferError, "full");
        return NULL;
    }
    own->shape[0]++;
    own->len += own->itemsize;
    Py_RETURN_NONE;
}

/* Turns itself round, and moves to another block: the old ones stay until nobody looks any more. */
typedef struct Block {
    struct Block *before;
    char memory[];
} Block;

/* All blocks but the newest. */
static void
free_old_blocks(Animal *self)
{
    Block *block = self->store;
    while (self->exports == 0 && block != NULL && block->before != NULL) {
        Block *older = block->before;
        block->before = older->before;
        PyMem_Free(older);
    }
}

static PyObject *
append_elsewhere(PyObject *self, PyObject *Py_UNUSED(args))
{
    Animal *own = animal(self);
    Block *block = PyMem_Calloc(1, sizeof *block + (size_t)own->len);
    if (block == NULL) {
        return PyErr_NoMemory();
    }
    memcpy(block->memory, own->buf, (size_t)own->len);
    block->before = own->store;
    own->store = block;
    own->buf = block->memory;
    own->ndim = own->ndim == 1 ? 2 : 1;
    own->shape[0] = own->ndim == 1 ? 6 : 2;
    own->shape[1] = 3;
    own->strides[0] = own->ndim == 1 ? 4 : 12;
    own->strides[1] = 4;
    free_old_blocks(own);
    Py_RETURN_NONE;
}

static void
release_elsewhere(PyObject *self, Py_buffer *view)
{
    zoo_release_copy(self, view);
    free_old_blocks(animal(self));
}

static PyMethodDef growing_in_place[] = {
    {"append", append_in_place, METH_VARARGS, "append(value): one item more, where there is room"},
    {NULL, NULL, 0, NULL},
};

static PyMethodDef growing_elsewhere[] = {
    {"append", append_elsewhere, METH_VARARGS, "append(value): in another place, in another shape"},
    {NULL, NULL, 0, NULL},
};

/* Memory that others write to all the time: a counter, a picture of a camera. */
static int
get_and_write(PyObject *self, Py_buffer *view, int flags)
{
    animal(self)->buf[0]++;
    return zoo_get(self, view, flags);
}

static void
release_and_write(PyObject *self, Py_buffer *view)
{
    animal(self)->buf[4]++;
    zoo_release(self, view);
}

/* Names of methods that mean something else here. */
static PyObject *
write_zeros(PyObject *self, PyObject *Py_UNUSED(args))
{
    memset(animal(self)->buf, 0, (size_t)animal(self)->len);
    Py_RETURN_NONE;
}

static PyObject *
head_and_bytes(PyObject *self, PyObject *Py_UNUSED(args))
{
    return PyBytes_FromFormat("P5 %zd 1 255 ...", animal(self)->len);
}

static PyObject *
no_op(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(args))
{
    Py_RETURN_NONE;
}

static PyMethodDef other_meanings[] = {
    {"clear", write_zeros, METH_NOARGS, "clear(): everything is 0"},
    {"tobytes", head_and_bytes, METH_NOARGS, "tobytes(): as a file"},
    {"close", no_op, METH_NOARGS, "close(): the outline"},
    {"append", no_op, METH_VARARGS, "append(note): to what nobody lends"},
    {NULL, NULL, 0, NULL},
};

/* Can be closed, and then raises what files raise. */
static PyObject *
close_for_good(PyObject *self, PyObject *Py_UNUSED(args))
{
    if (zoo_locked(animal(self))) {
        return NULL;
    }
    animal(self)->number = 1;
    Py_RETURN_NONE;
}

static int
get_unless_closed(PyObject *self, Py_buffer *view, int flags)
{
    if (animal(self)->number != 0) {
        view->obj = NULL;
        PyErr_SetString(PyExc_ValueError, "closed");
        return -1;
    }
    return zoo_get(self, view, flags);
}

static PyMethodDef closing[] = {
    {"close", close_for_good, METH_NOARGS, "close(): refused while exports are out"},
    {NULL, NULL, 0, NULL},
};

/* In a cycle with its friend, which the collector is told of. */
static int
dress_in_cycle(Animal *self)
{
    self->friend = PyList_New(0);
    return self->friend == NULL || PyList_Append(self->friend, (PyObject *)self) < 0 ? -1 : zoo_words(self);
}

const Species zoo_unusual_lives[] = {
    {"Redirect", ZOO_NO_RELEASE, .get = get_inner, .dress = dress_with_bytearray, .methods = inner_growing},
    {"RedirectToAView", ZOO_NO_RELEASE, .get = get_inner, .dress = dress_with_view},
    {"RedirectWithMarker", 0, .get = get_inner, .release = never_called, .dress = dress_with_bytearray},
    {"GivesTheInnerBufferBack", 0, .get = get_inner_for_itself, .release = release_inner,
     .dress = dress_with_bytearray, .methods = inner_growing},
    {"CapsuleForEach", ZOO_NO_RELEASE | ZOO_GROWS, .get = get_with_capsule},
    {"ConstantOfNone", ZOO_NO_RELEASE, .get = get_of_none, .dress = zoo_constant},
    {"OneAtATime", ZOO_GROWS, .get = get_one_at_a_time},
    {"NoReleaseSlot", ZOO_NO_RELEASE, .get = zoo_get_uncounted},
    {"ArraysInTheStruct", ZOO_GROWS, .get = get_by_fill_info, .dress = dress_bytes},
    {"ArraysForEach", ZOO_GROWS, .get = get_with_arrays, .release = zoo_release_copy},
    {"SubclassThatFits", ZOO_NO_RELEASE, .get = get_of_subclass, .base = "ArraysForEach"},
    {"LazyMemory", 0, .get = get_lazily, .release = release_lazily},
    {"GrowsInPlace", 0, .get = get_with_arrays, .release = zoo_release_copy, .dress = dress_roomy,
     .methods = growing_in_place},
    {"MovesAndKeepsTheOld", 0, .get = get_with_arrays, .release = release_elsewhere, .methods = growing_elsewhere},
    {"WrittenByOthers", ZOO_GROWS, .get = get_and_write, .release = release_and_write},
    {"OtherMeanings", 0, .methods = other_meanings},
    {"CanBeClosed", 0, .get = get_unless_closed, .methods = closing},
    {"CollectedInACycle", ZOO_COLLECTED, .dress = dress_in_cycle},
    {NULL},
};
