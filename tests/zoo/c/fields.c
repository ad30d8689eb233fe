/* The caller's struct is not initialised: every field is to be written, and none to be read. */
#include "zoo.h"

/* Z10. Each of these gets a right answer in a struct of its own and copies what it thinks is all of it. */
static int
get_all_but(PyObject *self, Py_buffer *view, int flags, void **untouched)
{
    void *before = *untouched;
    int status = zoo_get(self, view, flags);
    if (status == 0) {
        *untouched = before;
    }
    return status;
}

static int
internal_untouched(PyObject *self, Py_buffer *view, int flags)
{
    return get_all_but(self, view, flags, &view->internal);
}

static int
suboffsets_untouched(PyObject *self, Py_buffer *view, int flags)
{
    return get_all_but(self, view, flags, (void **)&view->suboffsets);
}

/* Set if asked for, and otherwise not even to NULL. */
static int
format_untouched(PyObject *self, Py_buffer *view, int flags)
{
    return ASKS(flags, PyBUF_FORMAT) ? zoo_get(self, view, flags)
                                     : get_all_but(self, view, flags, (void **)&view->format);
}

static int
shape_untouched(PyObject *self, Py_buffer *view, int flags)
{
    return ASKS(flags, PyBUF_ND) ? zoo_get(self, view, flags) : get_all_but(self, view, flags, (void **)&view->shape);
}

static int
strides_untouched(PyObject *self, Py_buffer *view, int flags)
{
    return ASKS(flags, PyBUF_STRIDES) ? zoo_get(self, view, flags)
                                      : get_all_but(self, view, flags, (void **)&view->strides);
}

static int
readonly_untouched(PyObject *self, Py_buffer *view, int flags)
{
    int before = view->readonly;
    int status = zoo_get(self, view, flags);
    view->readonly = status == 0 && !ASKS(flags, PyBUF_WRITABLE) ? before : view->readonly;
    return status;
}

/* Z9: what is in the struct is taken for something that the caller says. */
static int
reads_the_callers_itemsize(PyObject *self, Py_buffer *view, int flags)
{
    if (view->itemsize < 0) {
        return zoo_refuse(view, "a negative itemsize");
    }
    return zoo_get(self, view, flags);
}

/* Z9, quieter: "if it is there already it is not filled in again". */
static int
keeps_the_callers_strides(PyObject *self, Py_buffer *view, int flags)
{
    Py_ssize_t *before = view->strides;
    int status = zoo_get(self, view, flags);
    if (status == 0 && before != NULL && ASKS(flags, PyBUF_STRIDES)) {
        view->strides = before;
    }
    return status;
}

/* Success, and an exception. */
static int
success_with_an_error(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0) {
        PyErr_SetString(PyExc_RuntimeError, "this went well");
    }
    return status;
}

/* The same, by looking for something that is not there. */
static int
looks_up_what_is_not_there(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0 && view->format != NULL) {
        Py_XDECREF(PyObject_GetAttrString(self, "_format_"));
    }
    return status;
}

/* Z4: what PyBuffer_FillInfo says is not looked at. */
static int
ignores_fill_info(PyObject *self, Py_buffer *view, int flags)
{
    Animal *own = animal(self);
    (void)PyBuffer_FillInfo(view, self, own->buf, own->len, own->readonly, flags);
    own->exports++;
    return 0;
}

static int
dress_bytes_readonly(Animal *self)
{
    self->readonly = 1;
    return zoo_layout(self, "B", 1, 1, (Py_ssize_t[]){24}, NULL);
}

/* The same, where it can fail in one way only: the flags 0x100 alone, since 3.13. */
static int
dress_bytes(Animal *self)
{
    return zoo_layout(self, "B", 1, 1, (Py_ssize_t[]){24}, NULL);
}

const Species zoo_fields[] = {
    {"InternalUntouched", 0, .get = internal_untouched},
    {"SuboffsetsUntouched", 0, .get = suboffsets_untouched},
    {"FormatUntouched", 0, .get = format_untouched},
    {"ShapeUntouched", 0, .get = shape_untouched},
    {"StridesUntouched", 0, .get = strides_untouched},
    {"ReadonlyUntouched", 0, .get = readonly_untouched},
    {"ReadsTheCallersItemsize", 0, .get = reads_the_callers_itemsize},
    {"KeepsTheCallersStrides", 0, .get = keeps_the_callers_strides},
    {"SuccessWithAnError", 0, .get = success_with_an_error},
    {"LooksUpWhatIsNotThere", 0, .get = looks_up_what_is_not_there},
    {"IgnoresFillInfo", 0, .get = ignores_fill_info, .dress = dress_bytes_readonly},
    {"IgnoresFillInfoOfRead", 0, .get = ignores_fill_info, .dress = dress_bytes},
    {NULL},
};
