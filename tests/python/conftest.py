"""What the Python tests share."""

from hypothesis import settings

# A failing case is printed with the line that repeats it; nothing is kept on disk.
settings.register_profile("onloan", deadline=None, database=None, print_blob=True)
settings.load_profile("onloan")
