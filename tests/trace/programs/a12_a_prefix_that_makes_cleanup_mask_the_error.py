# Cleaning up fails, and what went wrong first is hidden behind it.
# exporter: mmap.mmap
# holder: memoryview | list | global __main__.prefixes
# error: cannot close exported pointers exist
# acquired in: shared_memory.py
from multiprocessing import shared_memory

prefixes = []


def work():
    memory = shared_memory.SharedMemory(create=True, size=4096)
    memory.unlink()
    try:
        prefixes.append(memory.buf[:8])
        raise RuntimeError("the real error")
    finally:
        memory.close()


try:
    work()
except BufferError as error:
    print(repr(error.__context__))
