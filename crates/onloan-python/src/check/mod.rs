//! The checker's probes: what `onloan check` asks exporters through the raw C API, and how it judges what they answer.
//!
//! ```text
//!   poisoned.rs   the struct that is handed out, and what is read from it
//!   answer.rs     one request and what came of it, copied out
//!   oracle.rs     what has to be granted: `negotiate`, and no other
//!   refusals.rs fields.rs structure.rs   the rules about single answers, each a function with its id
//!   matrix.rs     all requests, and all rules about them
//!   beside.rs     all requests while one buffer is held
//!   held.rs       a buffer that is held, looked at again, and released in every way
//!   rounds.rs     many rounds: references and memory
//!   freed.rs      what freed memory looks like
//! ```
//!
//! Everything here may be killed by an exporter that lies, so it runs in child processes; `python/onloan/checker` sees to that.

mod answer;
mod beside;
mod breach;
mod fields;
mod freed;
mod held;
mod matrix;
mod oracle;
pub(crate) mod poisoned;
mod refusals;
mod rounds;
mod structure;

use pyo3::prelude::*;

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<held::_Held>()?;
    module.add_class::<rounds::_Blocks>()?;
    module.add_function(wrap_pyfunction!(held::_hold, module)?)?;
    module.add_function(wrap_pyfunction!(matrix::_check_matrix, module)?)?;
    module.add_function(wrap_pyfunction!(beside::_check_beside, module)?)?;
    module.add_function(wrap_pyfunction!(rounds::_check_rounds, module)?)?;
    module.add_function(wrap_pyfunction!(rounds::_check_references, module)?)?;
    module.add_function(wrap_pyfunction!(rounds::_check_count, module)?)?;
    module.add_function(wrap_pyfunction!(rounds::_check_churn, module)?)?;
    module.add_function(wrap_pyfunction!(freed::_check_freed, module)?)?;
    Ok(())
}
