//! A way from a view to a root, in words: what each object on it is, and by what it holds the one before.

use pyo3::exceptions::PyBaseException;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};

use super::layout::{address, layout};
use super::locals;
use super::search::Search;
use super::words;

/// Objects that stand between a view and what a person knows.
const BETWEEN: [&str; 3] = ["managedbuffer", "_buffer_wrapper", "onloan.ManagedLoan"];

impl Search<'_, '_> {
    /// The words for a way. Those of the first object are its type.
    pub(super) fn chain(&self, way: &[usize]) -> Vec<String> {
        let mut chain = Vec::new();
        // Something that is told together with its holder.
        let mut pending: Option<Pending> = None;
        for (place, object) in way.iter().enumerate() {
            let child = place.checked_sub(1).map(|before| way[before]);
            let next = way.get(place + 1).copied();
            let text = self.element(child, *object, next, &mut pending);
            chain.extend(text);
        }
        chain
    }

    fn element(
        &self,
        child: Option<usize>,
        object: usize,
        next: Option<usize>,
        pending: &mut Option<Pending>,
    ) -> Option<String> {
        if object % 2 == 1 {
            return Some(self.locals.text(self.py, object / 2));
        }
        let this = self.object(object);
        let kind = this.get_type();
        let kind_name = words::type_name(kind.as_any());
        let Some(child) = child else {
            return (!BETWEEN.contains(&&*kind_name)).then_some(kind_name);
        };
        if let Some(module) = self.modules.get(&object) {
            let key = key_of(&this, child);
            return Some(format!("global {module}.{}", unquoted(&key)));
        }
        if kind_name.starts_with("hamt") {
            // The table of the values of context variables: its parts are told with the context.
            pending.get_or_insert(Pending::Value(child));
            return None;
        }
        if self.is_context(&this) {
            let value = match pending.take() {
                Some(Pending::Value(value)) => value,
                _ => child,
            };
            return Some(match variable_of(&this, value) {
                Some(name) => format!("context variable '{name}'"),
                None => "contextvars.Context".to_owned(),
            });
        }
        if self.is_thread(&this) {
            let name = words::attributes(&this).and_then(|it| it.get_item("_name").ok()?);
            let name = name.map_or_else(|| "?".to_owned(), |name| name.to_string());
            return Some(format!("thread {name}"));
        }
        if let Ok(class) = this.cast::<PyType>() {
            let name = words::type_name(class.as_any());
            return Some(match pending.take() {
                Some(Pending::Item(key)) => format!("class attribute {name}.{}", unquoted(&key)),
                _ => format!("class {name}"),
            });
        }
        if kind_name == "module" {
            let name = this.getattr("__name__").map(|name| name.to_string());
            return Some(format!("module {}", name.unwrap_or_default()));
        }
        if this.is_exact_instance_of::<PyDict>() {
            let key = key_of(&this, child);
            if next.is_some_and(|next| self.is_namespace_of(object, next)) {
                *pending = Some(Pending::Item(key));
                return None;
            }
            return Some(format!("dict[{key}]"));
        }
        if kind_name == "cell" {
            return None;
        }
        if let Ok(tuple) = this.cast_exact::<PyTuple>() {
            return self.tuple(tuple, child, next, pending);
        }
        if kind_name == "function" {
            let name = text_of(&this, "__qualname__");
            return Some(match pending.take() {
                Some(Pending::Closure(place)) => {
                    let free = this
                        .getattr("__code__")
                        .and_then(|code| code.getattr("co_freevars"));
                    let variable = free.and_then(|free| free.get_item(place));
                    let variable =
                        variable.map_or_else(|_| "?".to_owned(), |name| name.to_string());
                    format!("closure '{variable}' of {name}()")
                }
                Some(Pending::Defaults) => format!("default argument of {name}()"),
                _ => format!("function {name}()"),
            });
        }
        if let Some(text) = self.special(&this, child, &kind_name, pending) {
            return Some(text);
        }
        if let Ok(list) = this.cast_exact::<PyList>() {
            let place = list.iter().position(|item| address(&item) == child);
            return Some(place.map_or_else(|| "list".to_owned(), |place| format!("list[{place}]")));
        }
        if BETWEEN.contains(&&*kind_name) {
            return None;
        }
        if let Some(Pending::Item(key)) = pending.take() {
            return Some(format!("{kind_name}.{}", unquoted(&key)));
        }
        if let Some(place) = self.place_in_array(&this, child) {
            return Some(format!("{kind_name}[{place}]"));
        }
        match attribute_of(&this, child) {
            Some(attribute) => Some(format!("{kind_name}.{attribute}")),
            None => Some(kind_name),
        }
    }

    /// Frames, tracebacks, exceptions, generators, bound methods.
    fn special(
        &self,
        this: &Bound<'_, PyAny>,
        child: usize,
        kind_name: &str,
        pending: &mut Option<Pending>,
    ) -> Option<String> {
        if this.is_instance_of::<PyBaseException>() {
            let item = pending.take();
            return Some(match item {
                Some(Pending::Arguments) => format!("args of exception {kind_name}"),
                Some(Pending::Item(key)) => format!("exception {kind_name}.{}", unquoted(&key)),
                _ => format!("exception {kind_name}"),
            });
        }
        let code = match kind_name {
            "frame" => "f_code",
            "generator" => "gi_code",
            "coroutine" => "cr_code",
            "async_generator" => "ag_code",
            "method" => {
                let name = this
                    .getattr("__func__")
                    .map(|it| text_of(&it, "__qualname__"));
                return Some(format!("method {}()", name.unwrap_or_default()));
            }
            _ => return None,
        };
        let code = this.getattr(code).ok()?;
        let frame = match kind_name {
            "frame" => Some(this.clone()),
            _ => {
                let name = format!(
                    "{}frame",
                    &[
                        ("generator", "gi_"),
                        ("coroutine", "cr_"),
                        ("async_generator", "ag_")
                    ]
                    .iter()
                    .find(|(kind, _)| *kind == kind_name)?
                    .1
                );
                this.getattr(&*name).ok().filter(|frame| !frame.is_none())
            }
        };
        let line = frame
            .as_ref()
            .and_then(|frame| frame.getattr("f_lineno").ok()?.extract().ok());
        let place = locals::frame_text(&code, line.unwrap_or(0));
        let local = frame.and_then(|frame| local_of(&frame, &code, child));
        Some(match (kind_name, local) {
            ("frame", Some(local)) => format!("local '{local}' of {place}"),
            ("frame", None) => place,
            (kind, Some(local)) => {
                format!("local '{local}' of {kind} {}", &place["frame ".len()..])
            }
            (kind, None) => format!("{kind} {}", &place["frame ".len()..]),
        })
    }

    fn tuple(
        &self,
        tuple: &Bound<'_, PyTuple>,
        child: usize,
        next: Option<usize>,
        pending: &mut Option<Pending>,
    ) -> Option<String> {
        let place = tuple.iter().position(|item| address(&item) == child);
        if let Some(next) = next.filter(|next| next % 2 == 0) {
            let next = self.object(next);
            let is = |name: &str| next.getattr(name).is_ok_and(|value| value.is(tuple));
            if next.get_type().name().is_ok_and(|name| name == "function") {
                *pending = if is("__closure__") {
                    Some(Pending::Closure(place.unwrap_or(0)))
                } else {
                    Some(Pending::Defaults)
                };
                return None;
            }
            if next.is_instance_of::<PyBaseException>() {
                *pending = Some(Pending::Arguments);
                return None;
            }
        }
        Some(place.map_or_else(|| "tuple".to_owned(), |place| format!("tuple[{place}]")))
    }

    /// Whether a dict has the attributes of an object.
    fn is_namespace_of(&self, dict: usize, object: usize) -> bool {
        if object % 2 == 1 || self.modules.contains_key(&object) {
            return false;
        }
        let object = self.object(object);
        if object.is_instance_of::<PyType>() {
            return true;
        }
        if object.is_exact_instance_of::<PyDict>() || object.is_exact_instance_of::<PyList>() {
            return false;
        }
        let _ = PyErr::take(self.py);
        words::attributes(&object).is_some_and(|attributes| address(&attributes) == dict)
    }
}

/// What is told together with the next object.
enum Pending {
    /// A key of a namespace.
    Item(String),
    Closure(usize),
    /// The value of a context variable.
    Value(usize),
    Defaults,
    Arguments,
}

/// The key under which a dict has an object.
fn key_of(dict: &Bound<'_, PyAny>, child: usize) -> String {
    let Ok(dict) = dict.cast::<PyDict>() else {
        return "?".to_owned();
    };
    for (key, value) in dict.iter() {
        if address(&value) == child {
            return words::key(&key);
        }
        if address(&key) == child {
            return "a key".to_owned();
        }
    }
    "?".to_owned()
}

/// The name of the variable that has a value in a context.
fn variable_of(context: &Bound<'_, PyAny>, value: usize) -> Option<String> {
    let items = context.call_method0("items").ok()?;
    for item in items.try_iter().ok()? {
        let (variable, held): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.ok()?.extract().ok()?;
        if address(&held) == value {
            return Some(text_of(&variable, "name"));
        }
    }
    None
}

/// `'name'` as `name`.
fn unquoted(key: &str) -> &str {
    let inner = key
        .strip_prefix('\'')
        .and_then(|key| key.strip_suffix('\''));
    inner.unwrap_or(key)
}

fn text_of(object: &Bound<'_, PyAny>, name: &str) -> String {
    let text = object
        .getattr(name)
        .ok()
        .and_then(|text| text.cast_into::<PyString>().ok());
    text.map_or_else(
        || "?".to_owned(),
        |text| text.to_string_lossy().into_owned(),
    )
}

/// The attribute in which an instance has an object: in its dict, or in a slot.
fn attribute_of(object: &Bound<'_, PyAny>, child: usize) -> Option<String> {
    if let Some(attributes) = words::attributes(object) {
        for (name, value) in attributes.iter() {
            if address(&value) == child {
                return Some(unquoted(&words::key(&name)).to_owned());
            }
        }
    }
    let py = object.py();
    let _ = PyErr::take(py);
    let getter = py.get_type::<PyType>().getattr("__dict__").ok()?;
    let namespace = getter.get_item("__dict__").ok()?;
    for class in words::order(&object.get_type())? {
        let names = namespace.call_method1("__get__", (&class,)).ok()?;
        for item in names.call_method0("items").ok()?.try_iter().ok()? {
            let (name, member): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.ok()?.extract().ok()?;
            if member
                .get_type()
                .name()
                .is_ok_and(|name| name == "member_descriptor")
                && member
                    .call_method1("__get__", (object,))
                    .is_ok_and(|value| address(&value) == child)
            {
                return Some(unquoted(&words::key(&name)).to_owned());
            }
        }
    }
    None
}

/// The local variable in which a frame that stands still has an object.
fn local_of(frame: &Bound<'_, PyAny>, code: &Bound<'_, PyAny>, child: usize) -> Option<String> {
    let frames = layout()?.frames.as_ref()?;
    // SAFETY: a frame object that lives.
    let place = unsafe { frames.of_object(address(frame)) };
    let names = locals::names(code).ok()?;
    // SAFETY: the frame of a live frame object; its code has these places.
    let held = |number: usize| unsafe { frames.local(place, number) };
    let number = (0..names.len()).find(|number| held(*number) == child)?;
    names.into_iter().nth(number)
}

/// How often an object is referred to, as it says itself: `None` if it lives for ever.
pub(super) fn count(object: &Bound<'_, PyAny>) -> Option<usize> {
    // SAFETY: attached, alive.
    let count = unsafe { ffi::Py_REFCNT(object.as_ptr()) };
    usize::try_from(count).ok().filter(|count| *count < 1 << 30)
}
