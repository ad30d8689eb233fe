"""How to get an instance of exporters that people use: a table of targets, as `onloan check` takes them.

What can be made by calling the type with something simple needs no line here; `instances.py` tries that. A line is needed where it takes more,
and where one type lends memory of several kinds. An expression is evaluated in its module's namespace, and must not need the network,
a display, or files that are not there.
"""

from __future__ import annotations

from .packages import normalized

_CHUNK = r'psycopg2:BINARY("\x6c656e74", None).obj'
_SEGMENTS = 'BufferWithSegments(b"on loan!", __import__("struct").pack("=QQ", 0, 8))'
_SHEET = (
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    '<xsl:template match="/"><lent/></xsl:template></xsl:stylesheet>'
)
_MESH = (
    r'load_memory(b"v 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 0 1 0 0 0 1\nvt 0 0\nvt 1 0\nvt 0 1\nvn 0 0 1\ns 1\nf 1/1/1 2/2/1 3/3/1\n").meshes[0]'
)
_TOKENS = (
    'Encoding("bytes", pat_str=".", mergeable_ranks={bytes([i]): i for i in range(256)}, special_tokens={})'
    '._core_bpe.encode_to_tiktoken_buffer("lent!", set())'
)

_RECIPES: dict[str, tuple[str, ...]] = {
    "av": (
        'av:VideoFrame(16, 16, "rgb24").planes[0]',
        'av:AudioFrame("s16", "mono", 64).planes[0]',
        'av:Packet(b"on loan")',
    ),
    "bitarray": ('bitarray:bitarray("0110100110010110")', 'bitarray:frozenbitarray("0110100110010110")'),
    "cffi": ('cffi:(lambda ffi: ffi.buffer(ffi.new("int[4]")))(FFI())',),
    "cramjam": ('cramjam:Buffer(b"on loan")',),
    "lxml": (f"lxml.etree:XSLT(XML('{_SHEET}'))(XML('<x/>'))",),
    "matplotlib": (
        'matplotlib.ft2font:FT2Font(__import__("matplotlib").get_data_path() + "/fonts/ttf/DejaVuSans.ttf")',
        "matplotlib.ft2font:FT2Image(8, 8)",
        "matplotlib.backends._backend_agg:RendererAgg(8, 8, 72)",
        'matplotlib.backends._backend_agg:RendererAgg(8, 8, 72).copy_from_bbox(__import__("matplotlib").transforms.Bbox([[0, 0], [8, 8]]))',
    ),
    "msgpack": ("msgpack:Packer(autoreset=False)",),
    "msgspec": ("""msgspec:Raw(b'{"lent": 1}')""",),
    "numpy": (
        'numpy:arange(12, dtype="i4").reshape(3, 4)',
        'numpy:asfortranarray(arange(12, dtype="i4").reshape(3, 4))',
        'numpy:arange(12, dtype="i4")[::-2]',
        'numpy:frombuffer(bytes(16), dtype="u2")',
        'numpy:zeros(3, dtype=[("a", "u1"), ("b", "f8")])',
        "numpy:zeros((3, 0))",
        "numpy:array(1.5)",
        'numpy:memmap(__import__("tempfile").NamedTemporaryFile(), dtype="u1", shape=(16,), mode="w+")',
        'numpy:void(b"lent")',
        'numpy:str_("lent")',
        'numpy:bytes_(b"lent")',
        'numpy:datetime64(0, "s")',
        'numpy:timedelta64(1, "s")',
    ),
    "psycopg2": (_CHUNK,),
    "psycopg2-binary": (_CHUNK,),
    "pyarrow": (
        'pyarrow:py_buffer(b"on loan!")',
        "pyarrow:allocate_buffer(16)",
        "pyarrow:allocate_buffer(16, resizable=True)",
        "pyarrow:array([1, 2, 3]).buffers()[1]",
        'pyarrow:Tensor.from_numpy(__import__("numpy").arange(12.0).reshape(3, 4))',
        'pyarrow:scalar(b"lent")',
        'pyarrow:scalar("lent")',
        'pyarrow:scalar("lent", large_string())',
        'pyarrow:scalar(b"lent", binary_view())',
        'pyarrow:scalar(b"lent", binary(4))',
    ),
    "pygame": (
        "pygame:Surface((4, 4), 0, 32).get_buffer()",
        'pygame:Surface((4, 4), 0, 32).get_view("2")',
        "pygame:PixelArray(Surface((4, 4), 0, 32))",
        "pygame:Mask((8, 8))",
        "pygame:Color(1, 2, 3, 4)",
        'pygame:(__import__("os").environ.update(SDL_AUDIODRIVER="dummy"), mixer.init(), mixer.Sound(buffer=bytes(64)))[-1]',
    ),
    "pymongo": ('bson:Binary(b"on loan")',),
    "pyzmq": ('zmq:Frame(b"on loan")',),
    "rapidfuzz": (
        'rapidfuzz.process_cpp_impl:cdist(["lent", "loan"], ["lend", "loans"], scorer=__import__("rapidfuzz").fuzz.ratio, processor=None, '
        "score_cutoff=None, score_hint=None, score_multiplier=1, dtype=None, workers=1, scorer_kwargs=None)",
    ),
    "tiktoken": (f"tiktoken:{_TOKENS}",),
    "ufbx": (
        f"ufbx:{_MESH}.faces",
        f"ufbx:{_MESH}.edges",
        f"ufbx:{_MESH}.face_smoothing",
        f"ufbx:{_MESH}.edge_crease",
        f"ufbx:{_MESH}.vertices",
        f"ufbx:{_MESH}.vertex_uv.values",
        f"ufbx:{_MESH}.vertex_color.values",
    ),
    "zstandard": (f"zstandard:{_SEGMENTS}", f"zstandard:{_SEGMENTS}[0]", f"zstandard:{_SEGMENTS}.segments()"),
}


def recipes(package: str) -> tuple[str, ...]:
    """The targets that are known for a package."""
    return _RECIPES.get(normalized(package), ())


def known() -> tuple[str, ...]:
    """The packages that have recipes."""
    return tuple(_RECIPES)
