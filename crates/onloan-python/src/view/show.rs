//! A view as HTML, for notebooks: its facts, and a drawing of its memory.

use onloan::layout::picture::Canvas;
use pyo3::prelude::*;

use super::View;

pub(super) fn html(view: &View, py: Python<'_>) -> PyResult<String> {
    let module = py.import("html")?;
    let escaped =
        |text: &str| -> PyResult<String> { module.call_method1("escape", (text,))?.extract() };
    if view.is_released() {
        return Ok("<div>released onloan.View</div>".to_owned());
    }
    let access = view.enter()?;
    let geometry = access.geometry();
    let extents: Vec<String> = geometry.shape().iter().map(ToString::to_string).collect();
    let rows = [
        ("format", view.item.name()),
        ("item size", format!("{} bytes", geometry.itemsize())),
        (
            "shape",
            if extents.is_empty() {
                "one item".to_owned()
            } else {
                extents.join(" × ")
            },
        ),
        ("size", format!("{} bytes", geometry.nbytes())),
        (
            "access",
            if access.readonly() {
                "read-only"
            } else {
                "writable"
            }
            .to_owned(),
        ),
    ];
    let drawing = access.layout().draw(&Canvas::default());
    // From here on code of Python runs.
    drop(access);
    let mut table = String::new();
    for (name, value) in rows {
        let value = escaped(&value)?;
        table.push_str(&format!(
            "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>"
        ));
    }
    let drawing = escaped(&drawing)?;
    Ok(format!(
        "<div><table><caption>onloan.View</caption><tbody>{table}</tbody></table><pre>{drawing}</pre></div>"
    ))
}
