# The owner of shared memory dies in the function; its __del__ cannot close, and nobody can catch that.
# exporter: mmap.mmap
# holder: memoryview | global __main__.samples
# then: a value that is just being worked with
# error: cannot close exported pointers exist
# acquired in: shared_memory.py
from multiprocessing import shared_memory


def load():
    memory = shared_memory.SharedMemory(create=True, size=4096)
    memory.unlink()
    return memory.buf[:100]


samples = load()
