/* Preloaded into a child process (glibc): counts every allocation, whoever asks for it (C, C++, Rust, and Python
 * itself under PYTHONMALLOC=malloc). */
#include <errno.h>
#include <stddef.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static unsigned long long allocations;

unsigned long long
onloan_bench_allocations(void)
{
    return __atomic_load_n(&allocations, __ATOMIC_RELAXED);
}

static void
count(void)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
}

void *
malloc(size_t size)
{
    count();
    return __libc_malloc(size);
}

void *
calloc(size_t number, size_t size)
{
    count();
    return __libc_calloc(number, size);
}

void *
realloc(void *old, size_t size)
{
    count();
    return __libc_realloc(old, size);
}

void *
aligned_alloc(size_t alignment, size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

int
posix_memalign(void **result, size_t alignment, size_t size)
{
    count();
    *result = __libc_memalign(alignment, size);
    return *result == NULL ? ENOMEM : 0;
}
