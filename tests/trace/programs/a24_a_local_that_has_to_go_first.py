# The function that closes holds the view itself.
# exporter: mmap.mmap
# holder: memoryview | view | dissect
# at: error
# error: cannot close exported pointers exist
import mmap


def dissect():
    mapping = mmap.mmap(-1, 4096)
    view = memoryview(mapping)  # acquired here
    try:
        mapping.close()  # raised here
    except BufferError as error:
        print(error, len(view))


dissect()
