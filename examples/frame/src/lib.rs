//! A video frame that is filled from Python, taken back, and sent without a copy.
//!
//! ```text
//!            ┌──────── message ─────────┐
//!   Rust     │ header ·· │ pixels       │ ── take ──▶ queue ──▶ thread ──▶ socket
//!            └──────────────────────────┘
//!   Python                │ height × width × 3, writable, one consumer at a time
//! ```
//!
//! The memory goes to the other thread as it is, so nobody may hold it: `send` refuses while it is exported, and `send_when_released` waits for the
//! last release without blocking anybody.
#![forbid(unsafe_code)]

mod header;
mod link;

use onloan::{AlignedVec, Busy, ExportCell, Pages, exporter};
use pyo3::exceptions::{PyBufferError, PyMemoryError};
use pyo3::prelude::*;

use header::Header;
use link::{Link, Message};

const CHANNELS: usize = 3;

/// `Frame(height, width)`: black pixels, lent as `height` × `width` × 3 unsigned bytes to one consumer at a time.
#[pyclass(frozen, weakref, module = "frame")]
struct Frame {
    message: ExportCell<Message>,
    height: u32,
    width: u32,
}

impl Frame {
    /// An empty message for a frame of this size.
    fn message(height: u32, width: u32) -> PyResult<Message> {
        let size = (height as usize)
            .checked_mul(width as usize)
            .and_then(|pixels| pixels.checked_mul(CHANNELS))
            .and_then(|bytes| bytes.checked_add(Header::ROOM))
            .ok_or_else(|| PyMemoryError::new_err("a frame larger than memory can be"))?;
        Ok(AlignedVec::zeroed(size, Header::ROOM, Pages::Ordinary)?)
    }

    /// Puts an unsent message back. `error` is why it was not sent.
    fn keep(&self, py: Python<'_>, message: Message, error: PyErr) -> PyErr {
        match self.message.put(py, message) {
            Ok(()) => error,
            // The frame was renewed between being taken and being put back, by another thread.
            Err(_) => PyBufferError::new_err(format!(
                "{error}; the pixels are lost, the frame has new ones"
            )),
        }
    }
}

#[exporter(message)]
#[pymethods]
impl Frame {
    #[new]
    fn new(height: u32, width: u32) -> PyResult<Self> {
        let message = ExportCell::builder(Frame::message(height, width)?)
            .shape([height as usize, width as usize, CHANNELS])
            .offset(Header::ROOM)
            .exclusive()?;
        Ok(Frame {
            message,
            height,
            width,
        })
    }

    /// (height, width, 3)
    #[getter]
    fn shape(&self) -> (u32, u32, usize) {
        (self.height, self.width, CHANNELS)
    }

    /// The pixels have been sent, and `renew` has not been called since.
    #[getter]
    fn is_empty(&self) -> bool {
        self.message.is_taken()
    }

    /// How many exports are out: 0 or 1.
    #[getter]
    fn exports(&self) -> u64 {
        self.message.exports()
    }

    /// Gives every pixel one colour, from Rust.
    fn fill(&self, py: Python<'_>, red: u8, green: u8, blue: u8) -> PyResult<()> {
        let mut message = self.message.write(py)?;
        for pixel in message[Header::ROOM..].chunks_exact_mut(CHANNELS) {
            pixel.copy_from_slice(&[red, green, blue]);
        }
        Ok(())
    }

    /// Sends the pixels, which are gone then. `BufferError` while somebody holds them; `ConnectionError`, and the pixels stay, if nobody receives.
    fn send(&self, py: Python<'_>, link: &Link) -> PyResult<()> {
        let message = self.message.take(py).map_err(cannot_send)?;
        link.enqueue(self.height, self.width, message)
            .map_err(|(error, message)| self.keep(py, message, error))
    }

    /// Sends the pixels as soon as nobody holds them: now, or when the last export is released. Until then nobody else gets them.
    ///
    /// If nobody receives by then, the pixels stay and `sys.unraisablehook` is told.
    fn send_when_released(slf: &Bound<'_, Self>, link: Py<Link>) -> PyResult<()> {
        let frame = slf.clone().unbind();
        let send = move |py: Python<'_>, message| {
            let this = frame.get();
            link.get()
                .enqueue(this.height, this.width, message)
                .map_err(|(error, message)| this.keep(py, message, error))
        };
        let message = &slf.get().message;
        Ok(message.take_later(slf.py(), send).map_err(cannot_send)?)
    }

    /// Puts black pixels into an empty frame.
    fn renew(&self, py: Python<'_>) -> PyResult<()> {
        let message = Frame::message(self.height, self.width)?;
        Ok(self.message.put(py, message)?)
    }
}

fn cannot_send(busy: Busy) -> Busy {
    busy.while_trying_to("send the frame")
}

/// A video frame that is filled from Python, taken back, and sent without a copy.
#[pymodule]
mod frame {
    #[pymodule_export]
    use super::Frame;
    #[pymodule_export]
    use super::link::{Link, Sent};
}
