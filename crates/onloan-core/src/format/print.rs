//! The canonical form of a format: shape, order, count, code, name.
//!
//! That is the order that NumPy's reader wants and ctypes writes. An order is written where it
//! changes and nowhere else, except behind a lone `Z`, where it keeps `Z@d` (a pointer, then a
//! double) from becoming `Zd` (a complex). Adjacent shapes are joined, a count of 1 is left out, `!`
//! becomes `>`. Nothing is added: the string means what was read, item for item.

use core::fmt::{self, Write};

use super::Format;
use super::item::{Code, Item};
use super::order::Order;

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printer = Printer {
            out: f,
            order: Order::default(),
            after_lone_z: false,
        };
        printer.items(self.items())
    }
}

struct Printer<'o, W> {
    out: &'o mut W,
    /// In force for whoever reads what has been written so far.
    order: Order,
    after_lone_z: bool,
}

impl<W: Write> Printer<'_, W> {
    fn items(&mut self, items: &[Item]) -> fmt::Result {
        items.iter().try_for_each(|item| self.item(item))
    }

    fn item(&mut self, item: &Item) -> fmt::Result {
        if let [first, rest @ ..] = item.shape() {
            write!(self.out, "({first}")?;
            for extent in rest {
                write!(self.out, ",{extent}")?;
            }
            self.out.write_char(')')?;
        } else if self.after_lone_z && item.count() == 1 && begins_like_a_real(item.code()) {
            self.out.write_char(item.order().as_char())?;
            self.order = item.order();
        }
        if item.order() != self.order {
            self.out.write_char(item.order().as_char())?;
            self.order = item.order();
        }
        if item.count() != 1 {
            write!(self.out, "{}", item.count())?;
        }
        self.after_lone_z = false;
        self.code(item.code())?;
        if let Some(name) = item.name() {
            write!(self.out, ":{name}:")?;
            self.after_lone_z = false;
        }
        Ok(())
    }

    fn code(&mut self, code: &Code) -> fmt::Result {
        match code {
            Code::Plain(symbol) => {
                self.after_lone_z = symbol.text() == "Z";
                self.out.write_str(symbol.text())
            }
            Code::Pointer(target) => {
                self.out.write_char('&')?;
                self.item(target)
            }
            Code::Struct(body) => {
                self.out.write_str("T{")?;
                self.items(body.items())?;
                self.close()
            }
            Code::Function(signature) => {
                self.out.write_str("X{")?;
                self.items(signature.arguments())?;
                if let Some(result) = signature.result() {
                    self.out.write_str("->")?;
                    self.after_lone_z = false;
                    self.item(result)?;
                }
                self.close()
            }
        }
    }

    fn close(&mut self) -> fmt::Result {
        self.after_lone_z = false;
        self.out.write_char('}')
    }
}

fn begins_like_a_real(code: &Code) -> bool {
    matches!(code, Code::Plain(symbol) if matches!(symbol.text(), "e" | "f" | "d" | "g"))
}
