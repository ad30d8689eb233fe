/* What an item is said to be. */
#include "zoo.h"

#define DRESS(name, format, itemsize)                                                                                  \
    static int name(Animal *self)                                                                                      \
    {                                                                                                                  \
        return zoo_layout(self, format, itemsize, 1, (Py_ssize_t[]){3}, NULL);                                         \
    }

DRESS(named, "int32", 4)
DRESS(as_numpy_writes, "<i4", 4)
DRESS(unclosed, "T{<i:a:<h:b:", 6)
DRESS(unknown_code, "T{<i:a:<k:b:}", 8)
/* Z15. */
DRESS(long_for_int, "l", 4)
DRESS(double_for_channels, "d", 4)
DRESS(short_for_int, "h", 4)
/* A C struct with padding at its end, and a byte order that knows of none. */
DRESS(padding_left_out, "T{<i:a:<b:b:}", 8)
/* The base's fields are not said, as of a derived ctypes structure. */
DRESS(fields_left_out, "T{<i:b:}", 8)
/* Native alignment where the memory is packed: the reader looks for b at 4. */
DRESS(packed_said_native, "T{b:a:i:b:}", 5)

/* Another text each time, of the same size. */
static int
format_in_turn(PyObject *self, Py_buffer *view, int flags)
{
    static char *formats[] = {"i", "I", "f"};
    int status = zoo_get(self, view, flags);
    if (status == 0 && view->format != NULL) {
        view->format = formats[animal(self)->number++ % 3];
    }
    return status;
}

/* Those who ask for an order are told the standard size, the others the native one. */
static int
format_by_request(PyObject *self, Py_buffer *view, int flags)
{
    int status = zoo_get(self, view, flags);
    if (status == 0 && view->format != NULL && ASKS(flags, PyBUF_C_CONTIGUOUS)) {
        view->format = "B";
    }
    return status;
}

const Species zoo_formats[] = {
    {"FormatIsAName", 0, .dress = named},
    {"FormatAsNumpyWrites", 0, .dress = as_numpy_writes},
    {"FormatUnclosed", 0, .dress = unclosed},
    {"FormatUnknownCode", 0, .dress = unknown_code},
    {"LongForInt", 0, .dress = long_for_int},
    {"DoubleForChannels", 0, .dress = double_for_channels},
    {"ShortForInt", 0, .dress = short_for_int},
    {"PaddingLeftOut", 0, .dress = padding_left_out},
    {"FieldsLeftOut", 0, .dress = fields_left_out},
    {"PackedSaidNative", 0, .dress = packed_said_native},
    {"FormatInTurn", 0, .get = format_in_turn},
    {"FormatByRequest", 0, .get = format_by_request},
    {NULL},
};
