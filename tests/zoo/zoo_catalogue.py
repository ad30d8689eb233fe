"""What lives in the zoo: what each animal does wrong, the rule that says so, and how bad the checker is to find it.

This is the one list. `README.md` is made of it (`python tests/zoo/zoo_catalogue.py`), the tests run over it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from onloan.checker import TargetReport

#: What the checker says of a target, by the target and the profile.
Verdicts = Callable[[str, str], TargetReport]


@dataclass(frozen=True)
class Animal:
    """An exporter: a type of the extension module, or an expression of another module."""

    name: str

    @property
    def target(self) -> str:
        """What the checker is given."""
        return self.name if ":" in self.name else f"zoo:{self.name}()"


@dataclass(frozen=True)
class Broken(Animal):
    """An exporter that breaks one rule."""

    rule: str
    wrong: str
    #: Where this was met in the wild, by the number it has in the collection of cases that the zoo was made from.
    case: str = ""
    #: The level of its rule's finding in interop and in strict.
    levels: tuple[str, str] = ("error", "error")
    #: Rules that are broken by the same mistake, and may be reported at any level.
    also: tuple[str, ...] = ()
    #: It ends the process that looks at it, and `crash` says so.
    crash: bool = False
    #: The first Python that has what it breaks.
    since: tuple[int, int] = (3, 11)
    mutators: Mapping[str, str] = field(default_factory=dict)
    expect_bytes: str | None = None
    write: bool = False

    @property
    def interop(self) -> str:
        """The level in that profile."""
        return self.levels[0]

    @property
    def strict(self) -> str:
        """The level in that profile."""
        return self.levels[1]

    @property
    def plain(self) -> bool:
        """Whether it is judged with the options that everybody has."""
        return not (self.mutators or self.expect_bytes or self.write)


@dataclass(frozen=True)
class Unusual(Animal):
    """An exporter that is right."""

    why: str
    since: tuple[int, int] = (3, 11)


NOTE = ("note", "note")
WARNING = ("warning", "warning")
LENIENT = ("note", "error")
HARMLESS = ("warning", "error")

BROKEN: tuple[Broken, ...] = (
    # The reference in view->obj.
    Broken("OverDecref", "E-61", "the release drops the reference that PyBuffer_Release drops too", "Z1"),
    Broken("OverDecrefWithFormat", "E-61", "the same, of buffers with a format only", "Z1"),
    Broken("ReleasesTwice", "E-61", "drops it, sets it to NULL and calls PyBuffer_Release", "Z2"),
    Broken("ReleasesItself", "E-61", "the release calls PyBuffer_Release, which calls the release", "Z3", crash=True),
    Broken("NoOwner", "E-52", "obj is NULL, and the memory dies with the exporter", "Z4", also=("E-02",)),
    Broken("NoOwnerOfConstant", "E-02", "obj is NULL, though the memory lives for ever", "Z4", levels=HARMLESS),
    Broken("DoubleIncref", "E-01", "two references are taken for one buffer", "Z5", also=("E-03",)),
    Broken("DoubleIncrefWhenWritable", "E-01", "the same, for those who write", "Z5", also=("E-03",)),
    Broken("BorrowedOwner", "E-01", "no reference is taken for obj", also=("E-03", "E-52", "E-61")),
    Broken("RefusalKeepsReference", "E-12", "a reference is taken before the flags are looked at", "Z6", also=("E-03",)),
    Broken("RefusalKeepsExport", "E-06", "the export is counted before the flags are looked at", "Z6", also=("E-12",)),
    Broken("OneRefusalKeepsExport", "E-06", "the same, in one way out of several", "Z6", also=("E-12",)),
    Broken("OwnerIsAFriend", "E-52", "obj is an object that does not own the memory", "Z30", also=("E-60",)),
    Broken("FirstReleaseFrees", "E-62", "the first release frees the memory of all", "Z30", also=("E-50", "E-53")),
    # The release.
    Broken("ReleaseRaises", "E-65", "the release leaves an exception", "Z34"),
    Broken("ReleaseSwallows", "E-65", "the release clears an exception that is not its own", "Z34"),
    Broken("ReleaseRaisesOverAnError", "E-65", "the release puts another exception in the place of the one that is set", "Z34"),
    Broken("ReleaseByAddress", "E-63", "looks the buffer up by the address of the struct, and takes it that it is there", crash=True),
    Broken("ReleaseByAddressOrNotAtAll", "E-63", "the same, and releases nothing if it is not", also=("E-06",)),
    Broken("LastInFirstOut", "E-62", "releases what came last, whichever is given back", also=("E-50", "E-53", "E-61")),
    Broken("FlagForACount", "E-06", "knows that a buffer is out, not how many", "Z24", also=("E-50", "E-62")),
    Broken("ForgetsToRelease", "E-06", "counts and has no release", "Z25", also=("E-62",)),
    Broken("FirstReleaseFreesArrays", "E-62", "the first release frees the arrays of all", "Z26", also=("E-50", "E-53")),
    Broken("ReleaseOfToday", "E-64", "only buffers of today's length are counted down", also=("E-06",)),
    Broken("ReleaseOnItsThread", "R-03", "counts down only on the thread that acquired", also=("E-06",)),
    Broken("WrongAllocator", "E-61", "frees with free() what PyMem_Malloc gave", "Z36", crash=True),
    Broken("ReleaseWithoutGil", "E-61", "frees without the GIL what PyMem_Malloc gave", "Z32", crash=True),
    Broken("WipesFormatUnasked", "E-61", "the release wipes the format, which is NULL if FORMAT was not asked for", "Z16", crash=True),
    Broken("LeaksArrays", "E-03", "allocates arrays for each buffer and never frees them", "Z35"),
    Broken("RefusalLeaksArrays", "E-12", "allocates before the flags are looked at", "Z35", also=("E-03",)),
    Broken("ClearTearsDown", "E-66", "tp_clear frees what the release needs", crash=True),
    Broken("HidesFromTheCollector", "E-67", "does not tell the collector of its attributes", levels=NOTE),
    # What is filled in.
    Broken("ShapeAlways", "E-20", "gives a shape that was not asked for", "Z20", levels=LENIENT),
    Broken("StridesAlways", "E-20", "gives shape and strides that were not asked for", "Z20", levels=LENIENT),
    Broken("StridesByOneBit", "E-20", "`flags & PyBUF_STRIDES`, which is true of ND", levels=LENIENT),
    Broken("ApartByOneBit", "E-22", "the same, of memory that cannot do without strides", also=("E-20",)),
    Broken("StridesNever", "E-20", "gives no strides where they were asked for", "Z18", levels=HARMLESS),
    Broken("StridesNotWhenContiguous", "E-20", "the same, where an order was asked for", "Z18", levels=HARMLESS),
    Broken("ShapeWithStridesOnly", "E-20", "gives no shape for ND alone", "Z19"),
    Broken("NdimWithStridesOnly", "E-24", "gives no axis for ND alone", "Z19", also=("E-30",)),
    Broken("SuboffsetsUnasked", "E-22", "gives suboffsets to those who did not ask for them", also=("E-20",)),
    Broken("SuboffsetsDropped", "E-22", "leaves out suboffsets instead of refusing"),
    Broken("FormatAlways", "E-21", "gives a format that was not asked for", "Z20", levels=LENIENT),
    Broken("FormatNever", "E-21", "gives no format where it was asked for", also=("E-41",)),
    Broken("FormatWithStridesOnly", "E-21", "the same, where no strides were asked for"),
    Broken("IgnoresWritable", "E-23", "grants WRITABLE and says that it is read-only", "Z11"),
    Broken("ReadonlyByRequest", "E-23", "says read-only to those who do not ask to write"),
    Broken("RefusesWritable", "E-23", "says writable, and refuses those who ask to write", also=("E-28",)),
    Broken("CopyForReaders", "E-23", "gives those who read a copy", also=("E-24",)),
    Broken("CopyForBytes", "E-24", "gives those who ask for no shape a copy", levels=HARMLESS),
    Broken("ReadonlyIsABit", "E-26", "readonly is neither 0 nor 1", levels=WARNING),
    Broken("ItemsizeByFormat", "E-25", "itemsize 1 where no format was asked for", also=("E-22", "E-24", "E-30")),
    Broken("LenInItems", "E-24", "the length in items where no shape was asked for"),
    Broken("NdimZeroWithoutNd", "E-24", "ndim 0 without ND, as NumPy", levels=LENIENT),
    Broken("FlattenedWithoutStrides", "E-24", "one axis instead of two where no strides were asked for"),
    Broken("TableOfFlags", "E-14", "a table by the flags, which ends", crash=True),
    Broken("RefusesHighBits", "E-14", "refuses flags that it does not know", levels=NOTE),
    # Orders.
    Broken("IgnoresContiguity", "E-22", "grants every order to memory with gaps", "Z17"),
    Broken("IgnoresFortran", "E-22", "grants Fortran order to a matrix in C order", "Z17"),
    Broken("IgnoresAny", "E-22", "grants ANY_CONTIGUOUS to memory with gaps", "Z17"),
    Broken("DenseIsC", "E-22", "grants C order to what has no gaps"),
    Broken("ApartAsBytes", "E-22", "gives memory with gaps as bytes in a row"),
    Broken("ApartWithoutStrides", "E-22", "gives the shape of memory with gaps without its strides"),
    Broken("RefusesSimple", "E-28", "refuses SIMPLE of memory in a row", "Z21", levels=WARNING),
    Broken("RefusesFortran", "E-28", "refuses Fortran order of one axis", levels=WARNING),
    Broken("AnyIsC", "E-28", "refuses ANY_CONTIGUOUS of what is in Fortran order", levels=WARNING),
    Broken("RefusesEmpty", "E-38", "refuses orders of what is empty", levels=HARMLESS),
    Broken("RefusesEmptyMatrix", "E-38", "the same, where another axis has the gap", levels=HARMLESS),
    Broken("StridesOfOneRow", "E-27", "odd strides of an axis of extent 1 where an order was asked for", levels=NOTE),
    # The caller's struct.
    Broken("InternalUntouched", "E-04", "leaves `internal` as it was", "Z10", levels=LENIENT),
    Broken("SuboffsetsUntouched", "E-04", "leaves `suboffsets` as it was", "Z10", also=("E-20", "E-22", "E-36")),
    Broken("FormatUntouched", "E-04", "leaves `format` as it was where it was not asked for", "Z10", also=("E-21",)),
    Broken("ShapeUntouched", "E-04", "leaves `shape` as it was where it was not asked for", "Z10", also=("E-20",)),
    Broken("StridesUntouched", "E-04", "leaves `strides` as it was where it was not asked for", "Z10", also=("E-20",)),
    Broken("ReadonlyUntouched", "E-04", "leaves `readonly` as it was unless asked to write", "Z10", also=("E-23", "E-26")),
    Broken("ReadsTheCallersItemsize", "E-04", "refuses if the struct says something odd", "Z9", also=("E-28",)),
    Broken("KeepsTheCallersStrides", "E-04", "fills in strides if they are NULL", "Z9", also=("E-20",)),
    Broken("SuccessWithAnError", "E-05", "returns 0 with an exception set"),
    Broken("LooksUpWhatIsNotThere", "E-05", "the same, where a lookup failed that did not matter"),
    Broken("IgnoresFillInfo", "E-05", "does not look at what PyBuffer_FillInfo says", "Z4", also=("E-01", "E-04", "E-23", "E-24")),
    Broken(
        "IgnoresFillInfoOfRead",
        "E-13",
        "the same, where it can say only one thing: that 0x100 is no request",
        levels=NOTE,
        since=(3, 13),
        also=("E-05",),
    ),
    # Refusals.
    Broken("RefusesSilently", "E-05", "returns -1 and sets no exception", "Z8", also=("E-10",)),
    Broken("RefusesWritingSilently", "E-05", "the same, of one refusal", "Z8", also=("E-10",)),
    Broken("RefusesWithTypeError", "E-10", "refuses with TypeError", "Z22", levels=HARMLESS),
    Broken("RefusesWithValueError", "E-10", "refuses with ValueError, as NumPy", "Z22", levels=LENIENT),
    Broken("RefusesWritingWithPermissionError", "E-10", "refuses WRITABLE with PermissionError", "Z22", levels=HARMLESS),
    Broken("ObjAfterRefusal", "E-11", "leaves a borrowed reference in obj when it refuses", "Z7"),
    Broken("ObjIsOneAfterRefusal", "E-11", "leaves what is no pointer in obj when it refuses", "Z7"),
    Broken("ObjUntouchedByRefusal", "E-11", "leaves obj as it was when it refuses", "Z7", levels=LENIENT),
    # What has to add up.
    Broken("ShapeInBytes", "E-30", "the shape in bytes, not in items", "Z13", also=("E-35", "E-50")),
    Broken("LenWithNul", "E-30", "the length with the NUL behind a text"),
    Broken("LenOfARow", "E-30", "the length of one row"),
    Broken("GarbageLen", "E-24", "another length each time", "Z14", also=("E-30", "E-34", "E-53", "E-62")),
    Broken("NegativeLen", "E-30", "a negative length"),
    Broken("ProductOverflows", "E-30", "a shape whose product is 0 in 64 bits"),
    Broken("LongScalar", "E-30", "no axis, and the bytes of three items"),
    Broken("SixtyFiveDimensions", "E-31", "one axis more than there may be"),
    Broken("NegativeNdim", "E-31", "a negative number of axes"),
    Broken("ScalarWithArrays", "E-32", "shape and strides where there is no axis", levels=HARMLESS),
    Broken("NegativeExtent", "E-33", "an extent of -1", also=("E-30",)),
    Broken("TwoNegativeExtents", "E-33", "two negative extents, whose product is right"),
    Broken("SuboffsetsAllNegative", "E-36", "suboffsets that are all negative", levels=HARMLESS),
    Broken("NullWhenEmpty", "E-37", "buf is NULL where there is nothing", levels=NOTE),
    Broken("NullWithItems", "E-37", "buf is NULL where there is something", also=("E-35",)),
    # Where the items are.
    Broken("StartsAtTheLowestAddress", "E-35", "a negative stride from the block's lowest address", "Z29", also=("E-34",), crash=True),
    Broken(
        "StartsAtTheWrongEnd",
        "E-34",
        "the same, where other items of the exporter's lie before",
        expect_bytes="b''.join(n.to_bytes(4, 'little') for n in range(12, 6, -1))",
    ),
    Broken("OneItemPastTheEnd", "E-35", "one item more than there is", "Z29", crash=True),
    Broken("StrideTooLong", "E-35", "strides with padding that the last line does not have", "Z29", crash=True),
    Broken("RowOfNothing", "E-35", "a table of rows with NULL in it", crash=True),
    Broken("WritableLie", "E-35", "says writable, of memory that is not", "Z12", write=True, crash=True),
    Broken("WritableWithAHash", "E-35", "has a hash by value, and lends the value for writing", "Z12", levels=WARNING),
    Broken("Temporary", "E-50", "buf points to what was freed before it was returned", "Z28", also=("E-24", "E-34", "E-52", "E-53")),
    Broken("ShapeOnTheStack", "E-50", "shape points to the stack of the slot", "Z28", also=("E-20", "E-30", "E-33", "E-52", "E-53", "E-62")),
    Broken("FormatOfATemporary", "E-50", "format points to what was freed before it was returned", "Z28", also=("E-21", "E-40", "E-52", "E-53", "E-62")),
    # What an item is.
    Broken("FormatIsAName", "E-40", "`int32`", levels=WARNING),
    Broken("FormatAsNumpyWrites", "E-40", "`<i4`", levels=WARNING),
    Broken("FormatUnclosed", "E-40", "a structure that is not closed", levels=WARNING),
    Broken("FormatUnknownCode", "E-40", "a code that nobody knows, in a structure", levels=WARNING),
    Broken("LongForInt", "E-41", "`l` for 4 bytes", "Z15"),
    Broken("DoubleForChannels", "E-41", "`d` for 4 bytes", "Z15"),
    Broken("ShortForInt", "E-41", "`h` for 4 bytes", levels=HARMLESS),
    Broken("PaddingLeftOut", "E-41", "a structure without the padding at its end", "Z15", levels=HARMLESS),
    Broken("FieldsLeftOut", "E-41", "a structure without its first field", "Z15", levels=HARMLESS),
    Broken("PackedSaidNative", "E-41", "a packed structure said to be aligned", levels=HARMLESS),
    Broken("FormatInTurn", "E-42", "another format each time", also=("E-21",), levels=NOTE),
    Broken("FormatByRequest", "E-42", "another format for those who ask for an order", also=("E-21", "E-41"), levels=NOTE),
    # While buffers are out.
    Broken("ResizesUnderExports", "E-50", "append() does not look at the count", "Z23", also=("E-52",)),
    Broken("ClosesUnderExports", "E-50", "close() does not look at the count", "Z31", also=("E-52",)),
    Broken("OneMutatorForgets", "E-50", "one of three methods does not look at the count", "Z23"),
    Broken(
        "RegrowsUnderExports",
        "E-50",
        "the same, of a method that only its author knows",
        "Z23",
        mutators={"regrow": "lambda exporter: exporter.regrow()"},
    ),
    Broken("RefusesHalfway", "E-51", "has changed the shape when it refuses"),
    Broken("RefusesWhenItIsGone", "E-51", "has freed the memory when it refuses", also=("E-50",)),
    Broken("ShapeGrowsInPlace", "E-50", "writes a new shape where the old one was lent"),
    Broken("AsksBetweenLookAndResize", "E-50", "asks the value for its number between the look at the count and the resize", "Z37"),
    Broken("StridesForEach", "E-53", "strides for each request, in one place for all", "Z27"),
    Broken("ShapeForEach", "E-53", "the shape is cleared while a request is looked at", "Z27", also=("E-07",)),
    Broken("FormatForEach", "E-53", "a format for each request, in one place for all", "Z27"),
    Broken("SecondMoves", "E-53", "moves its memory when it is asked again", also=("E-07", "E-24", "E-50", "E-62")),
    Broken("SecondSpoilsTheFirst", "E-53", "refuses the second and spoils the first"),
    Broken("CountsInTwoSteps", "R-01", "lets other threads run in the middle of counting", "Z33"),
    # Types.
    Broken("SubclassReplacesGet", "T-01", "another bf_getbuffer, and the base's release counts down", also=("E-06", "E-50"), levels=NOTE),
    Broken("SubclassFreesWhatItHasNot", "E-61", "another `internal`, which the base's release frees", crash=True),
    Broken("SubclassReplacesRelease", "E-06", "another release, which does not call the base's", "Z25", also=("E-03",)),
    Broken("RedirectsAndCounts", "E-60", "counts, and names an owner that has nothing to count down", also=("E-06",)),
    Broken("KeepsTheInnerBuffer", "E-06", "never gives back the buffer that it asked of an inner object", also=("E-69",)),
    Broken("LetsTheInnerBufferGo", "E-50", "lends what it has itself given back"),
    Broken("SlotsThatCameLate", "T-04", "the slots are set when the type is ready already", since=(3, 12), levels=NOTE),
    # PEP 688.
    Broken("animals:ReturnsBytes()", "E-10", "returns bytes", since=(3, 12), also=("P-01",), levels=HARMLESS),
    Broken("animals:ReleaseRaises()", "P-05", "`__release_buffer__` raises", since=(3, 12), levels=HARMLESS),
    Broken("animals:CopiesForEach()", "E-24", "returns a view of a copy", since=(3, 12), levels=HARMLESS),
    Broken("animals:ReadonlyUnlessAsked()", "E-23", "read-only unless asked to write", since=(3, 12)),
    Broken("animals:RefusesWithRuntimeError()", "E-10", "refuses with RuntimeError", since=(3, 12), also=("E-11",), levels=HARMLESS),
    Broken("animals:KeepsTheViews()", "E-06", "keeps every view", since=(3, 12), also=("E-03", "E-12")),
    Broken("animals:CountsWhatIsRefused()", "P-12", "counts what memoryview refuses", since=(3, 12), also=("E-06", "E-12"), levels=NOTE),
)

UNUSUAL: tuple[Unusual, ...] = (
    Unusual("Scalar", "no axis"),
    Unusual("EmptyFirst", "shape (0, 3)"),
    Unusual("EmptyInTheMiddle", "shape (2, 0, 7)"),
    Unusual("EmptyApart", "nothing, with a step"),
    Unusual("Backwards", "a negative stride"),
    Unusual("BackwardsApart", "negative strides with gaps, in two axes"),
    Unusual("Broadcast", "a stride of zero, and it can be written"),
    Unusual("BroadcastReadonly", "a stride of zero"),
    Unusual("HugeBroadcast", "one byte, 2**40 times"),
    Unusual("Windows", "rows that overlap"),
    Unusual("Diagonal", "the diagonal of a matrix"),
    Unusual("InNoOrder", "three axes in neither order"),
    Unusual("Fortran", "Fortran order"),
    Unusual("FieldOfPackedRecords", "a stride that is no multiple of the item"),
    Unusual("OneItem", "three axes of extent 1"),
    Unusual("CanonicalStrides", "for an axis of extent 1, other strides for those who ask for an order"),
    Unusual("EmptyItems", "items of no bytes"),
    Unusual("BigEndian", "the other byte order"),
    Unusual("PaddedStruct", "a structure with padding"),
    Unusual("NativeStruct", "a structure with the compiler's padding"),
    Unusual("PaddedAtTheEnd", "a structure whose padding at the end is not said, as NumPy writes it"),
    Unusual("NestedStruct", "a structure with an array and a structure, in two byte orders"),
    Unusual("ComplexNumbers", "what only PEP 3118 knows"),
    Unusual("ShortStrings", "five bytes an item"),
    Unusual("HalfFloats", "half floats"),
    Unusual("Booleans", "booleans, some of them with other bytes than 0 and 1"),
    Unusual("Pairs", "two numbers an item"),
    Unusual("FullOfDd", "holds what freed memory is filled with"),
    Unusual("Unaligned", "doubles at odd addresses"),
    Unusual("SixtyFourDimensions", "as many axes as there may be"),
    Unusual("Rows", "rows through a table of pointers"),
    Unusual("RowsBackwards", "the same from the last to the first, and from the second item on"),
    Unusual("PointersToItems", "a suboffset in the last axis"),
    Unusual("RefusesFormatWithoutNd", "refuses what is no request"),
    Unusual("Redirect", "names the inner object as the owner"),
    # Before 3.12.7 a memoryview that lends itself may crash when it is collected (gh-77894).
    Unusual("RedirectToAView", "the same, where the inner object is a memoryview", since=(3, 13)),
    Unusual("RedirectWithMarker", "the same, with a release that is never called"),
    Unusual("GivesTheInnerBufferBack", "asks an inner object and answers for itself"),
    Unusual("CapsuleForEach", "a new owner for each buffer"),
    Unusual("ConstantOfNone", "a constant, that needs no owner"),
    Unusual("OneAtATime", "refuses a second buffer"),
    Unusual("NoReleaseSlot", "has no release, and needs none"),
    Unusual("ArraysInTheStruct", "shape and strides lie in the consumer's struct"),
    Unusual("ArraysForEach", "arrays for each buffer, that its release frees"),
    Unusual("SubclassThatFits", "replaces one slot and keeps the other on purpose"),
    Unusual("LazyMemory", "memory that is made with the first buffer and gone with the last"),
    Unusual("GrowsInPlace", "grows under its buffers, within its block"),
    Unusual("MovesAndKeepsTheOld", "changes shape and place under its buffers, and keeps what was lent"),
    Unusual("WrittenByOthers", "its bytes change all the time"),
    Unusual("OtherMeanings", "clear, close, append and tobytes mean something else"),
    Unusual("CanBeClosed", "raises ValueError when it is closed"),
    Unusual("CollectedInACycle", "is in a cycle"),
    Unusual("animals:CountsAndRefuses()", "counts in Python", since=(3, 12)),
    Unusual("animals:OneAtATime()", "the example of PEP 688", since=(3, 12)),
    Unusual("animals:NothingToRelease()", "lends a slice of a view", since=(3, 12)),
    Unusual("animals:watched_bytearray()", "a subclass with `__release_buffer__` alone", since=(3, 12)),
    Unusual("animals:read_only_bytearray()", "a subclass that lends less than its base", since=(3, 12)),
)


def table() -> str:
    """The two tables of README.md."""
    lines = ["| animal | what it does wrong | rule | case |", "|---|---|---|---|"]
    for animal in BROKEN:
        lines.append(f"| {bare(animal.name)} | {animal.wrong} | {animal.rule} | {animal.case} |")
    lines += ["", "| animal | unusual, and right |", "|---|---|"]
    lines += [f"| {bare(animal.name)} | {animal.why} |" for animal in UNUSUAL]
    return "\n".join(lines) + "\n"


def lives_here(animal: Broken | Unusual) -> bool:
    """Whether this Python is new enough for an animal."""
    return sys.version_info >= animal.since


def bare(name: str) -> str:
    """The name as it is written for people."""
    return f"`{name.removesuffix('()')}`" if ":" in name else f"`{name}`"


if __name__ == "__main__":
    print(table(), end="")
