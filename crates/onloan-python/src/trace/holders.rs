//! The holders of many exports at once, in words, or why there are none.

use std::sync::Arc;

use pyo3::prelude::*;

use super::chain;
use super::facts::Chains;
use super::hash::Map;
use super::heap::Heap;
use super::report::Found;
use super::search::{Search, Target};
use super::words;

/// Of so many exports the holders are searched for.
const SEARCHED: usize = 1000;
/// So many chains of one export are told.
const CHAINS: usize = 3;

/// Searches for the holders of what was found.
pub(super) fn search<'py>(py: Python<'py>, heap: &Heap<'py>, found: &mut [Found]) -> PyResult<()> {
    if found.is_empty() {
        return Ok(());
    }
    let searched = found.len().min(SEARCHED);
    let mut search = Search::new(py, heap)?;
    let mut targets: Vec<Target> = found[..searched]
        .iter()
        .map(|found| Target {
            view: found.record.view,
            start: found.start,
        })
        .collect();
    search.find_starts(&mut targets);
    let starts: Vec<usize> = targets.iter().map(|target| target.start).collect();
    search.climb(&starts);
    let mut chains: Map<usize, (Chains, Option<Arc<str>>)> = Map::default();
    for (found, start) in found.iter_mut().zip(starts) {
        if found.record.foreign {
            found.why = Some("it is another interpreter's, of which nothing is looked at".into());
            continue;
        }
        if start == 0 {
            found.why = Some(in_c(found).into());
            continue;
        }
        let (chains, why) = chains.entry(start).or_insert_with(|| {
            let (chains, why) = chains_above(&search, start);
            (chains.into(), why.map(Arc::from))
        });
        found.chains.clone_from(chains);
        found.why.clone_from(why);
    }
    let not_searched: Arc<str> =
        format!("not searched for: only those of the first {SEARCHED} exports are").into();
    for found in &mut found[searched..] {
        found.why = Some(Arc::clone(&not_searched));
    }
    Ok(())
}

fn in_c(found: &Found) -> String {
    let called = match found.frames.first() {
        Some((file, line, function)) => format!(" that {function}() called at {file}:{line}"),
        None => String::new(),
    };
    format!("held in C memory, by code{called}: no object that the collector sees has the view")
}

fn chains_above(search: &Search<'_, '_>, start: usize) -> (Vec<Vec<String>>, Option<String>) {
    let mut chains: Vec<Vec<String>> = Vec::new();
    for way in search.ways(start, 4 * CHAINS) {
        let chain = search.chain(&way);
        if !chains.contains(&chain) && chains.len() < CHAINS {
            chains.push(chain);
        }
    }
    if !chains.is_empty() {
        return (chains, None);
    }
    // No name; but a frame, a generator or an exception is something to tell.
    let above = search.above(start);
    let below: Map<usize, usize> = above.iter().copied().collect();
    let named = above.iter().rev().find(|(object, _)| {
        let name = words::type_name(search.object(*object).get_type().as_any());
        let named = ["frame", "generator", "coroutine", "async_generator"];
        named.contains(&&*name) || name.ends_with("Task")
    });
    if let Some((end, _)) = named {
        let mut way = vec![*end];
        let mut at = *end;
        while at != start {
            at = below[&at];
            way.push(at);
        }
        way.reverse();
        return (vec![search.chain(&way)], None);
    }
    (Vec::new(), Some(why(search, start, &above)))
}

/// Why there is no name above an object.
fn why(search: &Search<'_, '_>, start: usize, above: &[(usize, usize)]) -> String {
    if above
        .iter()
        .any(|(object, _)| search.cut_short.contains(object))
    {
        return "the search was cut short: too many objects refer to it".to_owned();
    }
    let unseen = above.iter().find(|(object, _)| {
        let known = search.references.get(object).copied().unwrap_or(0);
        // One reference is the heap's, one is that of the handle here.
        let Some(count) = chain::count(&search.object(*object)) else {
            return true;
        };
        let by_heap = usize::from(search.heap.knows(*object));
        count > known + by_heap + 1
    });
    let name = |object: usize| words::type_name(search.object(object).get_type().as_any());
    match unseen {
        None => "only cyclic garbage holds it: gc.collect() would free it".to_owned(),
        Some((object, _)) if *object == start => format!(
            "a {} has it, and what has that is not visible to the collector: C memory, or a value that is just being worked with",
            name(start)
        ),
        Some((object, _)) => format!(
            "a {} has it in the end, and what has that is not visible to the collector: C memory, or a value that is just being worked with",
            name(*object)
        ),
    }
}
