/* What every species does right unless its row says otherwise, and the module that makes a type of every row. */
#include "zoo.h"

#include <structmember.h>
#include <sys/mman.h>

static const Species *const houses[] = {
    zoo_references, zoo_releases, zoo_flags,     zoo_contiguity, zoo_fields,  zoo_refusals,      zoo_structure,
    zoo_memory,     zoo_formats,  zoo_stability, zoo_types,      zoo_unusual, zoo_unusual_lives,
};
#define HOUSES (sizeof houses / sizeof houses[0])

/* ---- answers ---- */

void
zoo_fill(Animal *self, Py_buffer *view, int flags)
{
    int nd = ASKS(flags, PyBUF_ND) && self->ndim > 0;
    view->obj = Py_NewRef((PyObject *)self);
    view->buf = self->buf;
    view->len = self->len;
    view->itemsize = self->itemsize;
    view->readonly = self->readonly;
    view->ndim = self->ndim;
    view->format = ASKS(flags, PyBUF_FORMAT) ? (char *)self->format : NULL;
    view->shape = nd ? self->shape : NULL;
    view->strides = nd && ASKS(flags, PyBUF_STRIDES) ? self->strides : NULL;
    view->suboffsets = nd && self->indirect && ASKS(flags, PyBUF_INDIRECT) ? self->suboffsets : NULL;
    view->internal = NULL;
}

int
zoo_contiguous(Animal *self, char order)
{
    Py_buffer view;
    zoo_fill(self, &view, PyBUF_FULL_RO);
    int is = PyBuffer_IsContiguous(&view, order);
    Py_DECREF(view.obj);
    return is;
}

const char *
zoo_refusal(Animal *self, int flags)
{
    if (ASKS(flags, PyBUF_WRITABLE) && self->readonly) {
        return "the memory is read-only";
    }
    if (ASKS(flags, PyBUF_C_CONTIGUOUS) && !zoo_contiguous(self, 'C')) {
        return "the memory is not C-contiguous";
    }
    if (ASKS(flags, PyBUF_F_CONTIGUOUS) && !zoo_contiguous(self, 'F')) {
        return "the memory is not Fortran-contiguous";
    }
    if (ASKS(flags, PyBUF_ANY_CONTIGUOUS) && !zoo_contiguous(self, 'A')) {
        return "the memory is not contiguous";
    }
    if (!ASKS(flags, PyBUF_INDIRECT) && self->indirect) {
        return "the memory needs suboffsets";
    }
    if (!ASKS(flags, PyBUF_STRIDES) && !zoo_contiguous(self, 'C')) {
        return "the memory needs strides";
    }
    return NULL;
}

int
zoo_refuse(Py_buffer *view, const char *why)
{
    view->obj = NULL;
    PyErr_SetString(PyExc_BufferError, why);
    return -1;
}

int
zoo_get_uncounted(PyObject *self, Py_buffer *view, int flags)
{
    const char *why = zoo_refusal(animal(self), flags);
    if (why != NULL) {
        return zoo_refuse(view, why);
    }
    zoo_fill(animal(self), view, flags);
    return 0;
}

int
zoo_get(PyObject *self, Py_buffer *view, int flags)
{
    if (zoo_get_uncounted(self, view, flags) < 0) {
        return -1;
    }
    animal(self)->exports++;
    return 0;
}

void
zoo_release(PyObject *self, Py_buffer *Py_UNUSED(view))
{
    animal(self)->exports--;
}

int
zoo_copy_arrays(Py_buffer *view)
{
    size_t size = (size_t)view->ndim * sizeof(Py_ssize_t);
    char *copy = PyMem_Malloc(2 * size + 1);
    if (copy == NULL) {
        return -1;
    }
    if (view->shape != NULL) {
        view->shape = memcpy(copy, view->shape, size);
    }
    if (view->strides != NULL) {
        view->strides = memcpy(copy + size, view->strides, size);
    }
    view->internal = copy;
    return 0;
}

void
zoo_release_copy(PyObject *self, Py_buffer *view)
{
    PyMem_Free(view->internal);
    animal(self)->exports--;
}

/* ---- layouts ---- */

void
zoo_count_up(char *memory, Py_ssize_t size, Py_ssize_t itemsize)
{
    memset(memory, 0, (size_t)size);
    for (Py_ssize_t at = 0, value = 1; itemsize > 0 && at + itemsize <= size; at += itemsize, value++) {
        memory[at] = (char)value;
    }
}

int
zoo_allocate(Animal *self, Py_ssize_t size)
{
    self->block = PyMem_Malloc(size > 0 ? (size_t)size : 1);
    if (self->block == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    self->buf = self->block;
    self->capacity = size;
    return 0;
}

int
zoo_layout(Animal *self, const char *format, Py_ssize_t itemsize, int ndim, const Py_ssize_t *shape,
           const Py_ssize_t *strides)
{
    Py_ssize_t items = 1, low = 0, high = itemsize;
    self->format = format;
    self->itemsize = itemsize;
    self->ndim = ndim;
    for (int axis = ndim - 1; axis >= 0; axis--) {
        self->shape[axis] = shape[axis];
        self->strides[axis] = strides != NULL ? strides[axis] : items * itemsize;
        items *= shape[axis];
    }
    for (int axis = 0; axis < ndim && items > 0; axis++) {
        Py_ssize_t reach = self->strides[axis] * (shape[axis] - 1);
        *(reach < 0 ? &low : &high) += reach;
    }
    self->len = items * itemsize;
    if (zoo_allocate(self, high - low) < 0) {
        return -1;
    }
    zoo_count_up(self->block, self->capacity, itemsize);
    self->buf = self->block - low;
    return 0;
}

int
zoo_words(Animal *self)
{
    return zoo_layout(self, "i", sizeof(int), 1, (Py_ssize_t[]){6}, NULL);
}

int
zoo_words_readonly(Animal *self)
{
    self->readonly = 1;
    return zoo_words(self);
}

int
zoo_matrix(Animal *self)
{
    return zoo_layout(self, "i", sizeof(int), 2, (Py_ssize_t[]){2, 3}, NULL);
}

int
zoo_matrix_fortran(Animal *self)
{
    return zoo_layout(self, "i", sizeof(int), 2, (Py_ssize_t[]){2, 3}, (Py_ssize_t[]){sizeof(int), 2 * sizeof(int)});
}

int
zoo_words_apart(Animal *self)
{
    return zoo_layout(self, "i", sizeof(int), 1, (Py_ssize_t[]){4}, (Py_ssize_t[]){2 * sizeof(int)});
}

int
zoo_scalar(Animal *self)
{
    return zoo_layout(self, "d", sizeof(double), 0, NULL, NULL);
}

int
zoo_rows(Animal *self)
{
    enum { ROW = 3 * sizeof(int), TABLE = 2 * sizeof(char *) };
    if (zoo_layout(self, "i", sizeof(int), 2, (Py_ssize_t[]){2, 3}, (Py_ssize_t[]){sizeof(char *), sizeof(int)}) < 0) {
        return -1;
    }
    PyMem_Free(self->block);
    if (zoo_allocate(self, TABLE + 2 * ROW) < 0) {
        return -1;
    }
    zoo_count_up(self->block + TABLE, 2 * ROW, sizeof(int));
    ((char **)self->block)[0] = self->block + TABLE;
    ((char **)self->block)[1] = self->block + TABLE + ROW;
    self->indirect = 1;
    self->suboffsets[0] = 0;
    self->suboffsets[1] = -1;
    return 0;
}

static int constants[] = {1, 2, 3, 4, 5, 6};

int
zoo_constant(Animal *self)
{
    int status = zoo_words_readonly(self);
    self->buf = (char *)constants;
    return status;
}

int
zoo_get_constant(PyObject *self, Py_buffer *view, int flags)
{
    static Py_ssize_t shape[] = {6}, strides[] = {sizeof(int)};
    int status = zoo_get_uncounted(self, view, flags);
    if (status == 0) {
        view->shape = view->shape != NULL ? shape : NULL;
        view->strides = view->strides != NULL ? strides : NULL;
    }
    return status;
}

/* ---- growing ---- */

/* The block is moved every time, so that whoever looks at the old one is seen to. */
int
zoo_resize(Animal *self, Py_ssize_t items)
{
    Py_ssize_t len = items * self->itemsize;
    char *block = PyMem_Calloc(1, len > 0 ? (size_t)len : 1);
    if (block == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(block, self->buf, (size_t)(len < self->len ? len : self->len));
    PyMem_Free(self->block);
    self->block = self->buf = block;
    self->len = self->capacity = len;
    self->shape[0] = items;
    return 0;
}

int
zoo_locked(Animal *self)
{
    if (self->exports != 0) {
        PyErr_Format(PyExc_BufferError, "%zd exports are out: the memory cannot be resized", self->exports);
        return 1;
    }
    return 0;
}

PyObject *
zoo_append(PyObject *self, PyObject *Py_UNUSED(args))
{
    if (zoo_locked(animal(self)) || zoo_resize(animal(self), animal(self)->shape[0] + 1) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyObject *
zoo_clear(PyObject *self, PyObject *Py_UNUSED(args))
{
    if (zoo_locked(animal(self)) || zoo_resize(animal(self), 0) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef growing[] = {
    {"append", zoo_append, METH_VARARGS, "append(value): one item more"},
    {"clear", zoo_clear, METH_NOARGS, "clear(): no items"},
    {NULL, NULL, 0, NULL},
};

/* ---- types ---- */

int
zoo_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(animal(self)->friend);
    Py_VISIT(animal(self)->attributes);
    return 0;
}

int
zoo_clear_owned(PyObject *self)
{
    Py_CLEAR(animal(self)->attributes);
    if (animal(self)->exports == 0) {
        Py_CLEAR(animal(self)->friend);
    }
    return 0;
}

static const Species *
species_of(PyTypeObject *type)
{
    for (; type != NULL; type = type->tp_base) {
        const char *name = strrchr(type->tp_name, '.');
        for (size_t house = 0; name != NULL && house < HOUSES; house++) {
            for (const Species *species = houses[house]; species->name != NULL; species++) {
                if (strcmp(species->name, name + 1) == 0) {
                    return species;
                }
            }
        }
    }
    return NULL;
}

static PyObject *
animal_new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    const Species *species = species_of(type);
    if (species == NULL) {
        return PyErr_Format(PyExc_TypeError, "%s is of no species", type->tp_name);
    }
    Animal *self = (Animal *)type->tp_alloc(type, 0);
    if (self == NULL || (species->dress != NULL ? species->dress : zoo_words)(self) < 0) {
        Py_XDECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void
animal_dealloc(Animal *self)
{
    PyTypeObject *type = Py_TYPE(self);
    if (PyType_IS_GC(type)) {
        PyObject_GC_UnTrack(self);
    }
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs((PyObject *)self);
    }
    Py_CLEAR(self->attributes);
    Py_CLEAR(self->friend);
    PyMem_Free(self->store);
    PyMem_Free(self->block);
    if (self->pages != NULL) {
        munmap(self->pages, self->pages_size);
    }
    type->tp_free(self);
    Py_DECREF(type);
}

#define WEAKREFS {"__weaklistoffset__", T_PYSSIZET, offsetof(Animal, weakrefs), READONLY, NULL}
#define END {NULL, 0, 0, 0, NULL}

static PyMemberDef members[] = {WEAKREFS, END};

static PyMemberDef members_with_attributes[] = {
    WEAKREFS,
    {"__dictoffset__", T_PYSSIZET, offsetof(Animal, attributes), READONLY, NULL},
    END,
};

static int
add_species(PyObject *module, const Species *species)
{
    char name[64];
    PyType_Slot slots[16];
    int used = 0;
#define SLOT(id, function) slots[used++] = (PyType_Slot){id, (void *)(function)}
    SLOT(Py_tp_new, animal_new);
    SLOT(Py_tp_dealloc, animal_dealloc);
    SLOT(Py_tp_members, species->habits & ZOO_COLLECTED ? members_with_attributes : members);
    getbufferproc get = species->get != NULL ? species->get : zoo_get;
    releasebufferproc release = species->release != NULL ? species->release : zoo_release;
    if (!(species->habits & (ZOO_NO_GET | ZOO_LATE))) {
        SLOT(Py_bf_getbuffer, get);
    }
    if (!(species->habits & (ZOO_NO_RELEASE | ZOO_LATE))) {
        SLOT(Py_bf_releasebuffer, release);
    }
    if (species->hash != NULL) {
        SLOT(Py_tp_hash, species->hash);
        SLOT(Py_tp_richcompare, species->compare);
    }
    if (species->methods != NULL || species->habits & ZOO_GROWS) {
        SLOT(Py_tp_methods, species->methods != NULL ? species->methods : growing);
    }
    if (species->habits & ZOO_COLLECTED) {
        SLOT(Py_tp_traverse, species->traverse != NULL ? species->traverse : zoo_traverse);
        SLOT(Py_tp_clear, species->clear != NULL ? species->clear : zoo_clear_owned);
    }
    SLOT(0, NULL);
#undef SLOT
    snprintf(name, sizeof name, "zoo.%s", species->name);
    PyType_Spec spec = {
        .name = name,
        .basicsize = sizeof(Animal),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
        .slots = slots,
    };
    if (species->habits & ZOO_COLLECTED) {
        spec.flags |= Py_TPFLAGS_HAVE_GC;
    }
    PyObject *base = species->base != NULL ? PyObject_GetAttrString(module, species->base) : NULL;
    if (species->base != NULL && base == NULL) {
        return -1;
    }
    PyObject *type = PyType_FromSpecWithBases(&spec, base);
    Py_XDECREF(base);
    if (type != NULL && species->habits & ZOO_LATE) {
        ((PyTypeObject *)type)->tp_as_buffer->bf_getbuffer = get;
        ((PyTypeObject *)type)->tp_as_buffer->bf_releasebuffer = release;
    }
    int added = type != NULL ? PyModule_AddObjectRef(module, species->name, type) : -1;
    Py_XDECREF(type);
    return added;
}

static int
zoo_exec(PyObject *module)
{
    for (size_t house = 0; house < HOUSES; house++) {
        for (const Species *species = houses[house]; species->name != NULL; species++) {
            if (add_species(module, species) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, zoo_exec}, {0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "zoo", .m_doc = "Exporters, wrong and unusual.", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_zoo(void)
{
    return PyModuleDef_Init(&module);
}
