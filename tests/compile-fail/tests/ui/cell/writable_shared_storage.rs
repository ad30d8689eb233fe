use std::sync::Arc;

use onloan::ExportCell;

fn main() {
    let shared: Arc<[u8]> = Arc::from([1, 2, 3]);
    let _ = ExportCell::exclusive(shared);
}
