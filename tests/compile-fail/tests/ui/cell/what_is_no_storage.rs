use std::collections::VecDeque;

use onloan::ExportCell;

fn main() {
    let _ = ExportCell::read_only(VecDeque::from([1_u32, 2, 3]));
}
