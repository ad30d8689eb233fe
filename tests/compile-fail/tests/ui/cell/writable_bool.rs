use onloan::ExportCell;

fn main() {
    let seen = vec![true, false];
    let _ = ExportCell::writable(seen);
}
