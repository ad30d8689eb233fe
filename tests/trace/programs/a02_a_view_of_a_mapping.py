# The same with a memoryview, in a dictionary.
# exporter: mmap.mmap
# holder: memoryview | dict['header'] | global __main__.parts
# error: cannot close exported pointers exist
import mmap

mapping = mmap.mmap(-1, 4096)
parts = {"header": memoryview(mapping)}  # acquired here
try:
    mapping.close()  # raised here
except BufferError as error:
    print(error)
