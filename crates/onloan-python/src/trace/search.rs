//! From views to names: who refers to what holds an export, level by level, until there is a name.
//!
//! ```text
//!   view ── in the body of ──▶ managed buffer ◀── memoryview ◀── ndarray ◀── dict ◀── Cache ◀── global
//!                              start              each level: one walk over all objects
//! ```
//!
//! All starts are followed together, so that many exports cost as many walks as one. What the collector does not know is reached through what it
//! does: dicts and tuples that it has given up following, NumPy's arrays by their `base` and their items, objects of extensions by the words in their body. Local
//! variables of running functions are referrers of their own kind: odd numbers, as no object has an odd address.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyType};

use super::arrays;
use super::hash::{Map, Set};
use super::heap::{Heap, Traversals};
use super::layout::{TP_NAME, WORD, address, word};
use super::locals::Locals;
use super::words;

/// So many levels are climbed.
const LEVELS: usize = 14;
/// So many objects are asked for their referrers.
const WIDEST: usize = 20_000;
/// So many referrers of one object are followed.
const REFERRERS: usize = 24;
/// The longest body that is looked through for a pointer.
const LONGEST_BODY: usize = 2048;
/// A struct with a `Py_buffer` in it may begin so much before it.
const BEFORE: usize = 64;
/// In Arrow's structs, whose names begin so, it lies deeper.
const ARROW: (&str, usize) = ("pyarrow.", 128);

const TP_BASICSIZE: usize = 4 * WORD;

/// What is to be found: who has this view.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) view: usize,
    /// The object that has it in its body, or a pointer to it.
    pub(super) start: usize,
}

/// What is known of referrers.
pub(super) struct Search<'h, 'py> {
    pub(super) py: Python<'py>,
    pub(super) heap: &'h Heap<'py>,
    pub(super) parents: Map<usize, Vec<usize>>,
    /// How often an object was found to be referred to.
    pub(super) references: Map<usize, usize>,
    pub(super) locals: Locals,
    /// Namespaces of modules.
    pub(super) modules: Map<usize, String>,
    /// What has more referrers than were followed.
    pub(super) cut_short: Set<usize>,
    thread: Option<Bound<'py, PyType>>,
    context: Option<Bound<'py, PyType>>,
    array: Option<Bound<'py, PyType>>,
    traversals: Traversals,
    kinds: Map<usize, KindOf>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum KindOf {
    Plain,
    DictOrTuple,
    Array,
}

impl<'h, 'py> Search<'h, 'py> {
    pub(super) fn new(py: Python<'py>, heap: &'h Heap<'py>) -> PyResult<Search<'h, 'py>> {
        let modules = words::of_sys(py, c"modules")?;
        let modules = modules.cast::<PyDict>()?;
        let class = |module: &str, name: &str| -> Option<Bound<'py, PyType>> {
            let module = modules.get_item(module).ok()??;
            module.getattr(name).ok()?.cast_into::<PyType>().ok()
        };
        let mut namespaces = Map::default();
        for (name, module) in modules.iter() {
            if let (Ok(module), Ok(name)) = (module.cast::<PyModule>(), name.extract()) {
                // By its first name: multiprocessing calls `__main__` something else, too.
                namespaces.entry(address(&module.dict())).or_insert(name);
            }
        }
        Ok(Search {
            py,
            heap,
            parents: Map::default(),
            references: Map::default(),
            locals: Locals::read(py)?,
            modules: namespaces,
            cut_short: Set::default(),
            thread: class("threading", "Thread"),
            context: class("_contextvars", "Context"),
            array: class("numpy", "ndarray").filter(arrays::are_laid_out),
            traversals: Traversals::default(),
            kinds: Map::default(),
        })
    }

    /// Finds the objects that have the views: by where they lie, then by pointers.
    pub(super) fn find_starts(&mut self, targets: &mut [Target]) {
        let mut missing: Vec<(usize, usize)> = targets
            .iter()
            .enumerate()
            .filter(|(_, target)| target.start == 0 && target.view != 0)
            .map(|(number, target)| (target.view, number))
            .collect();
        if missing.is_empty() {
            return;
        }
        missing.sort_unstable();
        let heap = self.heap;
        // How far before its view the pointer leads that was found: what lies nearer is more likely to be it.
        let mut distances = vec![usize::MAX; targets.len()];
        let mut bodies: Map<usize, Body> = Map::default();
        let mut seen = Set::default();
        let mut look = |object: usize| {
            // SAFETY: an object of the heap, or one that such a one refers to.
            let kind = unsafe { Heap::type_of(object) };
            let Body { size, before } = *bodies.entry(kind).or_insert_with(|| body(kind));
            let first = missing.partition_point(|(view, _)| *view < object);
            if let Some((view, number)) = missing.get(first)
                && *view < object + size
            {
                targets[*number].start = object;
                distances[*number] = 0;
            }
            let Some(before) = before.filter(|_| size <= LONGEST_BODY) else {
                return;
            };
            for place in (2 * WORD..size.saturating_sub(WORD - 1)).step_by(WORD) {
                // SAFETY: inside of the body of an object that is alive.
                let pointer = unsafe { word(object, place) };
                let first = missing.partition_point(|(view, _)| *view < pointer);
                if let Some((view, number)) = missing.get(first)
                    && view - pointer <= before
                    && view - pointer < distances[*number]
                {
                    targets[*number].start = object;
                    distances[*number] = view - pointer;
                }
            }
        };
        for object in &heap.objects {
            look(*object);
            let mut visit = |referent| {
                let pointer = std::ptr::with_exposed_provenance_mut(referent);
                // SAFETY: an object that a live one refers to.
                if !unsafe { is_collected(pointer) } && seen.insert(referent) {
                    look(referent);
                }
            };
            // SAFETY: known to the collector.
            unsafe { self.traversals.traverse(*object, &mut visit) };
        }
    }

    /// Climbs from the starts until each has a name, or there is nothing more to climb to.
    pub(super) fn climb(&mut self, starts: &[usize]) {
        let mut frontier: Set<usize> = starts.iter().copied().filter(|start| *start != 0).collect();
        let mut asked = frontier.clone();
        let mut unnamed: Vec<usize> = frontier.iter().copied().collect();
        for _ in 0..LEVELS {
            if frontier.is_empty() {
                return;
            }
            let edges = self.referrers(&frontier);
            let mut next = Set::default();
            for (child, parent) in edges {
                if parent == self.heap.list() {
                    continue;
                }
                *self.references.entry(child).or_default() += 1;
                let parents = self.parents.entry(child).or_default();
                if parents.contains(&parent) {
                    continue;
                }
                if parents.len() >= REFERRERS && !self.is_root(parent) {
                    self.cut_short.insert(child);
                    continue;
                }
                self.parents.entry(child).or_default().push(parent);
                if self.is_root(parent) {
                    continue;
                }
                if asked.len() >= WIDEST && !asked.contains(&parent) {
                    self.cut_short.insert(parent);
                } else if asked.insert(parent) {
                    next.insert(parent);
                }
            }
            // Of those that have a name one level more was looked at: it may be known by another name, too.
            let above = self.all_above(&unnamed);
            next.retain(|object| above.contains(object));
            unnamed.retain(|start| self.root_above(*start).is_none());
            frontier = next;
        }
        self.cut_short.extend(frontier);
    }

    /// One walk: (referred to, referrer).
    fn referrers(&mut self, frontier: &Set<usize>) -> Vec<(usize, usize)> {
        let mut edges = Vec::new();
        let mut aside = Vec::new();
        for (number, local) in self.locals.locals.iter().enumerate() {
            if frontier.contains(&local.value) {
                edges.push((local.value, 2 * number + 1));
            }
            aside.push(local.value);
        }
        for value in aside {
            self.beside(value, frontier, &mut edges, 0);
        }
        let mut outside = Vec::new();
        for object in &self.heap.objects {
            let array = self.array.as_ref();
            let kinds = &mut self.kinds;
            let mut visit = |referent| {
                if frontier.contains(&referent) {
                    edges.push((referent, *object));
                } else if kind_of(kinds, array, referent) != KindOf::Plain {
                    outside.push(referent);
                }
            };
            // SAFETY: known to the collector.
            unsafe { self.traversals.traverse(*object, &mut visit) };
            if kind_of(&mut self.kinds, self.array.as_ref(), *object) == KindOf::Array {
                // Of a class below that the collector knows; it does not tell it of `base` either.
                outside.push(*object);
            }
            for referent in outside.drain(..) {
                self.beside(referent, frontier, &mut edges, 0);
            }
        }
        edges
    }

    /// What an object refers to that the collector does not know, and what that refers to.
    fn beside(
        &mut self,
        object: usize,
        frontier: &Set<usize>,
        edges: &mut Vec<(usize, usize)>,
        depth: usize,
    ) {
        if depth > 3 {
            return;
        }
        match kind_of(&mut self.kinds, self.array.as_ref(), object) {
            KindOf::Plain => {}
            KindOf::Array => {
                // SAFETY: an array, whose fields were looked at beforehand.
                let base = unsafe { word(object, arrays::BASE) };
                if frontier.contains(&base) {
                    edges.push((base, object));
                } else if base != 0 {
                    self.beside(base, frontier, edges, depth + 1);
                }
                // SAFETY: as above.
                for item in unsafe { arrays::items(object) } {
                    if frontier.contains(&item) {
                        edges.push((item, object));
                    } else {
                        self.beside(item, frontier, edges, depth + 1);
                    }
                }
            }
            KindOf::DictOrTuple => {
                let pointer = std::ptr::with_exposed_provenance_mut(object);
                // SAFETY: an object that a live one refers to.
                if unsafe { ffi::PyObject_GC_IsTracked(pointer) } != 0 {
                    return;
                }
                let mut outside = Vec::new();
                let array = self.array.as_ref();
                let kinds = &mut self.kinds;
                let mut visit = |referent| {
                    if frontier.contains(&referent) {
                        edges.push((referent, object));
                    } else if kind_of(kinds, array, referent) != KindOf::Plain {
                        outside.push(referent);
                    }
                };
                // SAFETY: an exact dict or tuple.
                unsafe { self.traversals.traverse(object, &mut visit) };
                for referent in outside {
                    self.beside(referent, frontier, edges, depth + 1);
                }
            }
        }
    }

    /// Whether a referrer is where a search ends.
    pub(super) fn is_root(&self, parent: usize) -> bool {
        if parent % 2 == 1 || self.modules.contains_key(&parent) {
            return true;
        }
        let object = self.object(parent);
        object.is_instance_of::<PyType>()
            || object.is_instance_of::<PyModule>()
            || self.is_thread(&object)
            || self.is_context(&object)
    }

    /// Whether an object has the values of context variables.
    pub(super) fn is_context(&self, object: &Bound<'_, PyAny>) -> bool {
        let context = self.context.as_ref();
        context.is_some_and(|context| object.get_type().is(context))
    }

    /// At which place of an array an object is, in the order of its memory.
    pub(super) fn place_in_array(&self, array: &Bound<'_, PyAny>, item: usize) -> Option<usize> {
        let class = self.array.as_ref()?;
        // SAFETY: two types, alive and attached.
        if unsafe { ffi::PyType_IsSubtype(array.get_type_ptr(), class.as_type_ptr()) } == 0 {
            return None;
        }
        // SAFETY: an array, whose fields were looked at beforehand.
        unsafe { arrays::items(address(array)) }.position(|held| held == item)
    }

    pub(super) fn is_thread(&self, object: &Bound<'_, PyAny>) -> bool {
        let class = object.get_type();
        let thread = self.thread.as_ref();
        thread.is_some_and(|thread| {
            // SAFETY: two types, alive and attached.
            unsafe { ffi::PyType_IsSubtype(class.as_type_ptr(), thread.as_type_ptr()) != 0 }
        })
    }

    /// An object that was met, while the heap keeps it alive.
    pub(super) fn object(&self, address: usize) -> Bound<'py, PyAny> {
        let pointer = std::ptr::with_exposed_provenance_mut(address);
        // SAFETY: an object of the heap, or one that such a one refers to; nothing has run since.
        unsafe { Bound::from_borrowed_ptr(self.py, pointer) }
    }

    /// The shortest way up from here to a root.
    pub(super) fn root_above(&self, start: usize) -> Option<Vec<usize>> {
        self.ways(start, 1).pop()
    }

    /// Ways from here up to roots, the shortest first.
    pub(super) fn ways(&self, start: usize, most: usize) -> Vec<Vec<usize>> {
        let mut ways = Vec::new();
        let mut below: Map<usize, usize> = Map::default();
        let mut queue = std::collections::VecDeque::from([start]);
        below.insert(start, start);
        while let Some(child) = queue.pop_front() {
            for parent in self.parents.get(&child).into_iter().flatten() {
                let is_root = self.is_root(*parent);
                if is_root {
                    let mut way = vec![*parent];
                    let mut at = child;
                    while at != start {
                        way.push(at);
                        at = below[&at];
                    }
                    way.push(start);
                    way.reverse();
                    ways.push(way);
                    if ways.len() >= most {
                        return ways;
                    }
                } else if let std::collections::hash_map::Entry::Vacant(place) =
                    below.entry(*parent)
                {
                    place.insert(child);
                    queue.push_back(*parent);
                }
            }
        }
        ways
    }

    /// Everything above some objects, themselves included.
    fn all_above(&self, starts: &[usize]) -> Set<usize> {
        let mut seen: Set<usize> = starts.iter().copied().collect();
        let mut open = starts.to_vec();
        while let Some(child) = open.pop() {
            for parent in self.parents.get(&child).into_iter().flatten() {
                if seen.insert(*parent) {
                    open.push(*parent);
                }
            }
        }
        seen
    }

    /// Everything above an object that was met, itself included; the farthest last.
    pub(super) fn above(&self, start: usize) -> Vec<(usize, usize)> {
        let mut order = vec![(start, start)];
        let mut seen = Set::default();
        seen.insert(start);
        let mut next = 0;
        while let Some((child, _)) = order.get(next).copied() {
            next += 1;
            for parent in self.parents.get(&child).into_iter().flatten() {
                if seen.insert(*parent) {
                    order.push((*parent, child));
                }
            }
        }
        order
    }
}

/// Whether the collector may know objects of this type.
///
/// # Safety
/// An object that is alive.
unsafe fn is_collected(object: *mut ffi::PyObject) -> bool {
    // SAFETY: granted by the caller.
    let kind = unsafe { ffi::Py_TYPE(object) };
    // SAFETY: the type of a live object.
    let flags = unsafe { ffi::PyType_GetFlags(kind) };
    flags & ffi::Py_TPFLAGS_HAVE_GC != 0
}

/// The body of a type's instances.
#[derive(Clone, Copy)]
struct Body {
    size: usize,
    /// It may be looked through for pointers that lead so far before a view.
    before: Option<usize>,
}

/// The size of a type's instances, and whether their bodies may be looked through: those of an extension, whose type has a dot in its name or is a
/// heap type. Not those of a type that allocates in its own way: a `datetime` without a time zone is shorter than its type says. Not types either: they
/// hold no buffers, but pointers to everything that was allocated with them.
fn body(kind: usize) -> Body {
    // SAFETY: a type that lives.
    let size = unsafe { word(kind, TP_BASICSIZE) };
    // SAFETY: as above.
    let label = unsafe { word(kind, TP_NAME) };
    // SAFETY: as above.
    let name = unsafe { words::c_name(label) };
    let pointer = std::ptr::with_exposed_provenance_mut(kind);
    // SAFETY: as above.
    let flags = unsafe { ffi::PyType_GetFlags(pointer) };
    // SAFETY: as above; a slot that CPython knows.
    let allocate = unsafe { ffi::PyType_GetSlot(pointer, ffi::Py_tp_alloc) };
    let plainly = allocate.addr() == (ffi::PyType_GenericAlloc as *const ()).addr();
    let of_types = flags & ffi::Py_TPFLAGS_TYPE_SUBCLASS != 0;
    let foreign = name.contains('.') || flags & ffi::Py_TPFLAGS_HEAPTYPE != 0;
    let before = if name.starts_with(ARROW.0) {
        ARROW.1
    } else {
        BEFORE
    };
    Body {
        size,
        before: (foreign && plainly && !of_types).then_some(before),
    }
}

fn kind_of(
    kinds: &mut Map<usize, KindOf>,
    array: Option<&Bound<'_, PyType>>,
    object: usize,
) -> KindOf {
    // SAFETY: an object that a live one refers to.
    let kind = unsafe { Heap::type_of(object) };
    *kinds.entry(kind).or_insert_with(|| {
        let pointer: *mut ffi::PyTypeObject = std::ptr::with_exposed_provenance_mut(kind);
        if pointer == &raw mut ffi::PyDict_Type || pointer == &raw mut ffi::PyTuple_Type {
            return KindOf::DictOrTuple;
        }
        let is_array = array.is_some_and(|array| {
            // SAFETY: two types, alive and attached.
            unsafe { ffi::PyType_IsSubtype(pointer, array.as_type_ptr()) != 0 }
        });
        if is_array {
            KindOf::Array
        } else {
            KindOf::Plain
        }
    })
}
