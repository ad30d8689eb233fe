use onloan::ExportCell;

fn main() {
    let _ = ExportCell::builder("constant").writable();
}
