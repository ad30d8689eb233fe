use onloan::ExportCell;

#[derive(Clone, Copy)]
#[repr(C)]
struct Point {
    x: f32,
    y: f32,
}

fn main() {
    let _ = ExportCell::read_only(vec![Point { x: 0.0, y: 0.0 }]);
}
