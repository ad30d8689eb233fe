# The collector clears a view of which somebody still has a buffer.
# exporter: memoryview
# holder: PickleBuffer | global __main__.kept
import gc
import pickle

view = memoryview(bytearray(4096))
kept = pickle.PickleBuffer(view)  # acquired here
cycle = [view]
cycle.append(cycle)
del cycle, view
gc.collect()
