//! A `Buffer` as a line of text, and as a table with a picture for notebooks.

use onloan::layout::Layout;
use onloan::layout::picture::Canvas;
use pyo3::prelude::*;

use super::{Buffer, Origin};

/// The layout, unless it would have to be made first.
fn known_layout(slf: &Bound<'_, Buffer>) -> Option<Layout> {
    let buffer = slf.get();
    match &buffer.origin {
        Origin::Lazy(_, None) if buffer.cell.exports() == 0 => None,
        _ => Buffer::layout(slf).ok(),
    }
}

/// `<onloan.Buffer 3×4 of 'd', 96 bytes, writable, 2 exports out>`.
pub(super) fn repr(slf: &Bound<'_, Buffer>) -> String {
    format!("<onloan.Buffer {}>", facts(slf).join(", "))
}

fn facts(slf: &Bound<'_, Buffer>) -> Vec<String> {
    let buffer = slf.get();
    let mut facts = Vec::new();
    if buffer.is_closed() {
        facts.push("closed".to_owned());
    } else {
        let format = buffer.item.text();
        match known_layout(slf) {
            Some(layout) => {
                facts.push(format!("{} of '{format}'", extents(&layout)));
                facts.push(bytes(layout.nbytes()));
            }
            None => facts.push(format!("items of '{format}'")),
        }
        facts.push(access(buffer).to_owned());
        facts.extend(origin(buffer));
    }
    match buffer.cell.exports() {
        0 => {}
        1 => facts.push("1 export out".to_owned()),
        exports => facts.push(format!("{exports} exports out")),
    }
    facts
}

fn extents(layout: &Layout) -> String {
    match layout.shape() {
        [] => "one item".to_owned(),
        shape => shape
            .iter()
            .map(isize::to_string)
            .collect::<Vec<_>>()
            .join("×"),
    }
}

fn bytes(count: usize) -> String {
    match count {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    }
}

fn access(buffer: &Buffer) -> &'static str {
    if buffer.cell.is_read_only() {
        "read-only"
    } else {
        "writable"
    }
}

fn origin(buffer: &Buffer) -> Option<String> {
    match &buffer.origin {
        Origin::Memory => None,
        Origin::File => Some("mapped file".to_owned()),
        Origin::Shared(name) => Some(format!("shared memory '{name}'")),
        Origin::Lazy(..) if buffer.cell.exports() == 0 => Some("lazy, not made".to_owned()),
        Origin::Lazy(..) => Some("lazy".to_owned()),
    }
}

/// A table of the facts, and a picture of the memory where there is some.
pub(super) fn html(slf: &Bound<'_, Buffer>) -> String {
    let buffer = slf.get();
    let mut rows = Vec::new();
    let mut picture = String::new();
    if buffer.is_closed() {
        rows.push(("state", "closed".to_owned()));
    } else {
        rows.push(("format", buffer.item.text().to_owned()));
        rows.push(("item size", bytes(buffer.item.size())));
        if let Some(layout) = known_layout(slf) {
            rows.push(("shape", extents(&layout)));
            rows.push(("size", bytes(layout.nbytes())));
            let canvas = Canvas::default();
            picture = format!("<pre>{}</pre>", escaped(&layout.draw(&canvas)));
        }
        rows.push(("access", access(buffer).to_owned()));
        rows.extend(origin(buffer).map(|origin| ("memory", origin)));
    }
    rows.push(("exports out", buffer.cell.exports().to_string()));
    let rows: String = rows
        .iter()
        .map(|(name, value)| {
            format!(
                "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>",
                escaped(value)
            )
        })
        .collect();
    format!(
        "<div><table><caption>onloan.Buffer</caption><tbody>{rows}</tbody></table>{picture}</div>"
    )
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}
