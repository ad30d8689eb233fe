# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# A consumer as Cython's documentation shows it: typed memoryviews, and loops over their items.
cimport cython
from posix.time cimport CLOCK_THREAD_CPUTIME_ID, clock_gettime, timespec

ctypedef fused item:
    unsigned char
    unsigned int
    double


cdef long long now() noexcept:
    cdef timespec at
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at)
    return <long long> at.tv_sec * 1000000000 + at.tv_nsec


def time_view(object subject, Py_ssize_t iterations, Py_ssize_t warm_up):
    """const double[:] of an object: each assignment acquires, and gives the one before back."""
    cdef const double[:] view
    cdef long long start = 0
    cdef Py_ssize_t i
    for i in range(-warm_up, iterations):
        if i == 0:
            start = now()
        view = subject
    return now() - start


def time_view_2d(object subject, Py_ssize_t iterations, Py_ssize_t warm_up):
    """const double[:, :] of an object."""
    cdef const double[:, :] view
    cdef long long start = 0
    cdef Py_ssize_t i
    for i in range(-warm_up, iterations):
        if i == 0:
            start = now()
        view = subject
    return now() - start


def doubles(const double[:] view):
    """The items of a const double[:]."""
    return [view[i] for i in range(view.shape[0])]


def doubles_2d(const double[:, :] view):
    """The items of a const double[:, :]."""
    return [view[i, j] for i in range(view.shape[0]) for j in range(view.shape[1])]


def time_copy_1(item[::1] to, const item[:] source, Py_ssize_t iterations, Py_ssize_t warm_up):
    """A loop over all items."""
    cdef long long start = 0
    cdef Py_ssize_t turn, i
    for turn in range(-warm_up, iterations):
        if turn == 0:
            start = now()
        for i in range(source.shape[0]):
            to[i] = source[i]
    return now() - start


def time_copy_2(item[:, ::1] to, const item[:, :] source, Py_ssize_t iterations, Py_ssize_t warm_up):
    """Two loops."""
    cdef long long start = 0
    cdef Py_ssize_t turn, i, j
    for turn in range(-warm_up, iterations):
        if turn == 0:
            start = now()
        for i in range(source.shape[0]):
            for j in range(source.shape[1]):
                to[i, j] = source[i, j]
    return now() - start


def time_copy_3(item[:, :, ::1] to, const item[:, :, :] source, Py_ssize_t iterations, Py_ssize_t warm_up):
    """Three loops."""
    cdef long long start = 0
    cdef Py_ssize_t turn, i, j, k
    for turn in range(-warm_up, iterations):
        if turn == 0:
            start = now()
        for i in range(source.shape[0]):
            for j in range(source.shape[1]):
                for k in range(source.shape[2]):
                    to[i, j, k] = source[i, j, k]
    return now() - start


def time_copy_rows(
    unsigned char[:, ::1] to,
    const unsigned char[::cython.view.indirect, ::1] source,
    Py_ssize_t iterations,
    Py_ssize_t warm_up,
):
    """Two loops, the outer one over pointers."""
    cdef long long start = 0
    cdef Py_ssize_t turn, i, j
    for turn in range(-warm_up, iterations):
        if turn == 0:
            start = now()
        for i in range(source.shape[0]):
            for j in range(source.shape[1]):
                to[i, j] = source[i, j]
    return now() - start
