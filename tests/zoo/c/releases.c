/* bf_releasebuffer: once for each export, in any order, from any thread, on a copy of the struct, in the middle of an
 * exception, during garbage collection; and it frees what the acquisition allocated. */
#include "zoo.h"

/* An export with its own arrays in view->internal: what several of these free. */
static int
get_with_copy(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0 && zoo_copy_arrays(view) < 0) {
        zoo_release(self, view);
        Py_CLEAR(view->obj);
        PyErr_NoMemory();
        return -1;
    }
    return status;
}

/* Z34. */
static void
raises(PyObject *self, Py_buffer *view)
{
    zoo_release(self, view);
    PyErr_SetString(PyExc_RuntimeError, "the buffer could not be released");
}

/* Z34, quieter: something was tried, it may have failed, so the error is cleared; not always its own. */
static void
swallows(PyObject *self, Py_buffer *view)
{
    zoo_release(self, view);
    PyErr_Clear();
}

/* Z34, only on error paths. */
static void
raises_over_an_error(PyObject *self, Py_buffer *view)
{
    zoo_release(self, view);
    if (PyErr_Occurred()) {
        PyErr_SetString(PyExc_RuntimeError, "released in the middle of an error");
    }
}

/* A ledger by the address of the struct, which a consumer may have moved. */
enum { LEDGER = 64 };

static int
get_into_ledger(PyObject *self, Py_buffer *view, int flags)
{
    Py_buffer **ledger = animal(self)->store;
    if (ledger == NULL) {
        ledger = animal(self)->store = PyMem_Calloc(LEDGER, sizeof(Py_buffer *));
    }
    for (int line = 0; ledger != NULL && line < LEDGER; line++) {
        if (ledger[line] == NULL) {
            int status = zoo_get(self, view, flags);
            ledger[line] = status == 0 ? view : NULL;
            return status;
        }
    }
    return zoo_refuse(view, "too many exports");
}

static Py_buffer **
line_of(PyObject *self, Py_buffer *view)
{
    Py_buffer **ledger = animal(self)->store;
    for (int line = 0; ledger != NULL && line < LEDGER; line++) {
        if (ledger[line] == view) {
            return &ledger[line];
        }
    }
    return NULL;
}

static void
by_address(PyObject *self, Py_buffer *view)
{
    *line_of(self, view) = NULL;
    zoo_release(self, view);
}

/* The same, quieter: what is not in the ledger is not released. */
static void
by_address_or_not_at_all(PyObject *self, Py_buffer *view)
{
    Py_buffer **line = line_of(self, view);
    if (line != NULL) {
        *line = NULL;
        zoo_release(self, view);
    }
}

/* Releases the export that came last, whichever was given back. */
typedef struct Export {
    struct Export *before;
    Py_ssize_t arrays[2];
} Export;

static int
get_onto_stack(PyObject *self, Py_buffer *view, int flags)
{
    Export *export = PyMem_Malloc(sizeof *export);
    int status = export == NULL ? zoo_refuse(view, "no memory") : zoo_get(self, view, flags);
    if (status < 0) {
        PyMem_Free(export);
        return -1;
    }
    *export = (Export){animal(self)->store, {animal(self)->shape[0], animal(self)->strides[0]}};
    view->shape = view->shape != NULL ? &export->arrays[0] : NULL;
    view->strides = view->strides != NULL ? &export->arrays[1] : NULL;
    animal(self)->store = export;
    return 0;
}

static void
last_in_first_out(PyObject *self, Py_buffer *view)
{
    Export *last = animal(self)->store;
    animal(self)->store = last->before;
    PyMem_Free(last);
    zoo_release(self, view);
}

/* Z24. */
static int
get_by_flag(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get_uncounted(self, view, flags);
    animal(self)->exports |= status == 0;
    return status;
}

static void
release_by_flag(PyObject *self, Py_buffer *Py_UNUSED(view))
{
    animal(self)->exports = 0;
}

/* Z26. The arrays of all exports are one block, which the first release frees. */
static int
get_shared_arrays(PyObject *self, Py_buffer *view, int flags)
{
    if (animal(self)->store == NULL) {
        animal(self)->store = PyMem_Malloc(2 * sizeof(Py_ssize_t));
    }
    Py_ssize_t *arrays = animal(self)->store;
    int status = arrays == NULL ? zoo_refuse(view, "no memory") : zoo_get(self, view, flags);
    if (status == 0) {
        arrays[0] = animal(self)->shape[0];
        arrays[1] = animal(self)->strides[0];
        view->shape = view->shape != NULL ? &arrays[0] : NULL;
        view->strides = view->strides != NULL ? &arrays[1] : NULL;
    }
    return status;
}

static void
release_shared_arrays(PyObject *self, Py_buffer *view)
{
    PyMem_Free(animal(self)->store);
    animal(self)->store = NULL;
    zoo_release(self, view);
}

/* Only the exports of today's length are counted down. append() is allowed while exports are out, as long as the block
 * has room: nothing that was handed out changes. */
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
    if (animal(self)->len == animal(self)->capacity) {
        PyErr_SetString(PyExc_BufferError, "full");
        return NULL;
    }
    animal(self)->shape[0]++;
    animal(self)->len += animal(self)->itemsize;
    Py_RETURN_NONE;
}

static PyMethodDef growing_in_place[] = {
    {"append", append_in_place, METH_VARARGS, "append(value): one item more, where there is room"},
    {"clear", zoo_clear, METH_NOARGS, "clear(): refused while exports are out"},
    {NULL, NULL, 0, NULL},
};

static void
release_of_today(PyObject *self, Py_buffer *view)
{
    PyMem_Free(view->internal);
    animal(self)->exports -= view->len == animal(self)->len;
}

/* Uncounts only on the thread that acquired. */
static int
get_on_thread(PyObject *self, Py_buffer *view, int flags)
{
    animal(self)->number = (Py_ssize_t)PyThread_get_thread_ident();
    return zoo_get(self, view, flags);
}

static void
release_on_thread(PyObject *self, Py_buffer *view)
{
    if (animal(self)->number == (Py_ssize_t)PyThread_get_thread_ident()) {
        zoo_release(self, view);
    }
}

/* Z36. */
static void
wrong_allocator(PyObject *self, Py_buffer *view)
{
    free(view->internal);
    zoo_release(self, view);
}

/* Z32. Nothing of Python may be used without the GIL, its allocator included. */
static void
without_gil(PyObject *self, Py_buffer *view)
{
    Py_BEGIN_ALLOW_THREADS
    PyMem_Free(view->internal);
    Py_END_ALLOW_THREADS
    zoo_release(self, view);
}

/* Z16. Wipes the format that it copied for the export, and there is none when FORMAT was not asked. */
static int
get_copy_of_format(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0 && view->format != NULL) {
        char *copy = PyMem_Malloc(strlen(view->format) + 1);
        view->format = copy != NULL ? strcpy(copy, view->format) : NULL;
    }
    return status;
}

static void
wipe_copy_of_format(PyObject *self, Py_buffer *view)
{
    memset(view->format, 0, strlen(view->format));
    PyMem_Free(view->format);
    zoo_release(self, view);
}

/* Z35: arrays for each export, never freed. They are large, as a picture's table of lines is. */
enum { LINES = 4096 };

static int
leaks_arrays(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0) {
        view->internal = PyMem_Calloc(1, LINES);
    }
    return status;
}

static int
refusal_leaks_arrays(PyObject *self, Py_buffer *view, int flags)
{
    void *arrays = PyMem_Calloc(1, LINES);
    int status = zoo_get(self, view, flags);
    view->internal = status == 0 ? arrays : NULL;
    return status;
}

/* tp_clear frees what release needs, whatever is still out. */
static int
clear_tears_down(PyObject *self)
{
    PyMem_Free(animal(self)->block);
    animal(self)->block = NULL;
    return zoo_clear_owned(self);
}

static void
release_marks_block(PyObject *self, Py_buffer *view)
{
    animal(self)->block[0] = 1;
    zoo_release(self, view);
}

/* Has attributes, and says nothing of them. */
static int
traverse_nothing(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

const Species zoo_releases[] = {
    {"ReleaseRaises", ZOO_GROWS, .release = raises},
    {"ReleaseSwallows", ZOO_GROWS, .release = swallows},
    {"ReleaseRaisesOverAnError", ZOO_GROWS, .release = raises_over_an_error},
    {"ReleaseByAddress", ZOO_GROWS, .get = get_into_ledger, .release = by_address},
    {"ReleaseByAddressOrNotAtAll", ZOO_GROWS, .get = get_into_ledger, .release = by_address_or_not_at_all},
    {"LastInFirstOut", 0, .get = get_onto_stack, .release = last_in_first_out},
    {"FlagForACount", ZOO_GROWS, .get = get_by_flag, .release = release_by_flag},
    {"ForgetsToRelease", ZOO_GROWS | ZOO_NO_RELEASE},
    {"FirstReleaseFreesArrays", 0, .get = get_shared_arrays, .release = release_shared_arrays},
    {"ReleaseOfToday", 0, .get = get_with_copy, .release = release_of_today, .dress = dress_roomy, .methods = growing_in_place},
    {"ReleaseOnItsThread", ZOO_GROWS, .get = get_on_thread, .release = release_on_thread},
    {"WrongAllocator", 0, .get = get_with_copy, .release = wrong_allocator},
    {"ReleaseWithoutGil", 0, .get = get_with_copy, .release = without_gil},
    {"WipesFormatUnasked", 0, .get = get_copy_of_format, .release = wipe_copy_of_format},
    {"LeaksArrays", 0, .get = leaks_arrays},
    {"RefusalLeaksArrays", 0, .get = refusal_leaks_arrays, .dress = zoo_words_readonly},
    {"ClearTearsDown", ZOO_COLLECTED, .release = release_marks_block, .clear = clear_tears_down},
    {"HidesFromTheCollector", ZOO_COLLECTED, .traverse = traverse_nothing},
    {NULL},
};
