/* What the stopwatches in C share. Include after Python.h. */
#ifndef ONLOAN_BENCH_STOPWATCH_H
#define ONLOAN_BENCH_STOPWATCH_H

#include <string.h>
#include <time.h>

/* This thread's own time in nanoseconds: what else the machine runs meanwhile does not count. */
static inline long long
thread_time(void)
{
    struct timespec at;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return (long long)at.tv_sec * 1000000000LL + at.tv_nsec;
}

/* Runs STEP, which leaves the function where it fails, and sets `elapsed`. */
#define TIMED(STEP)                                      \
    for (Py_ssize_t i = 0; i < warm_up; i++) {           \
        STEP;                                            \
    }                                                    \
    long long start = thread_time();                     \
    for (Py_ssize_t i = 0; i < iterations; i++) {        \
        STEP;                                            \
    }                                                    \
    elapsed = thread_time() - start;

/* Acquires and releases so many times; -1 where a request was refused. The Py_buffer is filled with 0xA5 once, as a
 * consumer's is on its stack: not between iterations, which would be the consumer's cost. */
static inline int
pairs(PyObject *exporter, int flags, Py_ssize_t iterations)
{
    Py_buffer view;
    memset(&view, 0xA5, sizeof view);
    for (Py_ssize_t i = 0; i < iterations; i++) {
        if (PyObject_GetBuffer(exporter, &view, flags) < 0) {
            return -1;
        }
        PyBuffer_Release(&view);
    }
    return 0;
}

/* time_open(type, object, iterations, warm_up) -> ns: type(object), .release() */
static inline PyObject *
time_open(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *type, *object;
    Py_ssize_t iterations, warm_up;
    long long elapsed;
    if (!PyArg_ParseTuple(args, "OOnn", &type, &object, &iterations, &warm_up)) {
        return NULL;
    }
    PyObject *release = PyUnicode_InternFromString("release");
    if (release == NULL) {
        return NULL;
    }
    TIMED({
        PyObject *view = PyObject_CallOneArg(type, object);
        if (view == NULL) {
            goto failed;
        }
        PyObject *none = PyObject_CallMethodNoArgs(view, release);
        Py_DECREF(view);
        if (none == NULL) {
            goto failed;
        }
        Py_DECREF(none);
    })
    Py_DECREF(release);
    return PyLong_FromLongLong(elapsed);
failed:
    Py_DECREF(release);
    return NULL;
}

#endif
