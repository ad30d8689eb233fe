/* How a request is refused: BufferError, -1, obj NULL. */
#include "zoo.h"

static int
refuse_with(Py_buffer *view, PyObject *exception, PyObject *obj)
{
    view->obj = obj;
    PyErr_SetString(exception, "this request is refused");
    return -1;
}

#define REFUSES(self, flags) (zoo_refusal(animal(self), (flags)) != NULL)

/* Z8. */
static int
refuses_silently(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    PyErr_Clear();
    return status;
}

/* Z8, in one of several ways out. */
static int
refuses_writing_silently(PyObject *self, Py_buffer *view, int flags)
{
    if (ASKS(flags, PyBUF_WRITABLE)) {
        view->obj = NULL;
        return -1;
    }
    return zoo_get(self, view, flags);
}

/* Z22. */
static int
refuses_with_type_error(PyObject *self, Py_buffer *view, int flags)
{
    return REFUSES(self, flags) ? refuse_with(view, PyExc_TypeError, NULL) : zoo_get(self, view, flags);
}

/* Z22, as NumPy does. */
static int
refuses_with_value_error(PyObject *self, Py_buffer *view, int flags)
{
    return REFUSES(self, flags) ? refuse_with(view, PyExc_ValueError, NULL) : zoo_get(self, view, flags);
}

/* Z22: one of several. */
static int
refuses_writing_with_permission_error(PyObject *self, Py_buffer *view, int flags)
{
    if (ASKS(flags, PyBUF_WRITABLE)) {
        return refuse_with(view, PyExc_PermissionError, NULL);
    }
    return zoo_get(self, view, flags);
}

/* Z7: without a reference, so that a consumer that releases it takes one away. */
static int
obj_after_refusal(PyObject *self, Py_buffer *view, int flags)
{
    return REFUSES(self, flags) ? refuse_with(view, PyExc_BufferError, self) : zoo_get(self, view, flags);
}

/* Z7: as _testbuffer can. */
static int
obj_is_one_after_refusal(PyObject *self, Py_buffer *view, int flags)
{
    if (ASKS(flags, PyBUF_WRITABLE)) {
        return refuse_with(view, PyExc_BufferError, (PyObject *)1);
    }
    return zoo_get(self, view, flags);
}

/* As PyBuffer_FillInfo does. */
static int
obj_untouched_by_refusal(PyObject *self, Py_buffer *view, int flags)
{
    return REFUSES(self, flags) ? refuse_with(view, PyExc_BufferError, view->obj) : zoo_get(self, view, flags);
}

const Species zoo_refusals[] = {
    {"RefusesSilently", 0, .get = refuses_silently, .dress = zoo_words_readonly},
    {"RefusesWritingSilently", 0, .get = refuses_writing_silently, .dress = zoo_words_readonly},
    {"RefusesWithTypeError", 0, .get = refuses_with_type_error, .dress = zoo_words_readonly},
    {"RefusesWithValueError", 0, .get = refuses_with_value_error, .dress = zoo_words_apart},
    {"RefusesWritingWithPermissionError", 0, .get = refuses_writing_with_permission_error, .dress = zoo_words_readonly},
    {"ObjAfterRefusal", 0, .get = obj_after_refusal, .dress = zoo_words_readonly},
    {"ObjIsOneAfterRefusal", 0, .get = obj_is_one_after_refusal, .dress = zoo_words_readonly},
    {"ObjUntouchedByRefusal", 0, .get = obj_untouched_by_refusal, .dress = zoo_words_readonly},
    {NULL},
};
