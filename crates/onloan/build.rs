//! Tells the crate which kind of interpreter it is built for (`Py_GIL_DISABLED` and relatives).

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
