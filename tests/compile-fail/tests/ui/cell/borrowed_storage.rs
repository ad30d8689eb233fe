use onloan::ExportCell;

fn main() {
    let ids = [1_u32, 2, 3];
    let _ = ExportCell::read_only(&ids[..]);
}
