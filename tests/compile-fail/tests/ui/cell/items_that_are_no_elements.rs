use onloan::ExportCell;

fn main() {
    let names = vec![String::new()];
    let _ = ExportCell::read_only(names);
}
