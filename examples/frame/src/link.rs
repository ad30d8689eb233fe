//! The way out: a thread that writes messages to a socket, and a queue before it.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use onloan::{AlignedVec, ExportCell, exporter};
use pyo3::exceptions::{PyConnectionError, PyRuntimeError};
use pyo3::prelude::*;

use crate::header::Header;

/// Room for the header, then the pixels.
pub(crate) type Message = AlignedVec<u8>;

/// `Link(host, port)`: sends frames to whoever listens there, from a thread of its own.
#[pyclass(frozen, module = "frame")]
pub(crate) struct Link {
    line: Mutex<Line>,
}

/// What the senders share. Locked for moments, during which no Python code runs.
struct Line {
    /// `None` once closed.
    queue: Option<Sender<Message>>,
    worker: Option<JoinHandle<io::Result<()>>>,
    sent: Vec<Header>,
}

impl Link {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message of a frame into the queue, with its header written. Does not wait.
    ///
    /// # Errors
    /// The message itself and why it cannot be sent.
    pub(crate) fn enqueue(
        &self,
        height: u32,
        width: u32,
        mut message: Message,
    ) -> Result<(), (PyErr, Message)> {
        let mut line = self.line();
        let Some(queue) = &line.queue else {
            return Err((PyConnectionError::new_err("the link is closed"), message));
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanoseconds = now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
        let header = Header::new(height, width, line.sent.len() as u64, nanoseconds);
        header.write(&mut message);
        match queue.send(message) {
            Ok(()) => {
                line.sent.push(header);
                Ok(())
            }
            Err(unsent) => Err((
                PyConnectionError::new_err("nobody receives any more"),
                unsent.0,
            )),
        }
    }
}

#[pymethods]
impl Link {
    #[new]
    fn new(py: Python<'_>, host: String, port: u16) -> PyResult<Self> {
        let stream = py.detach(|| TcpStream::connect((host, port)))?;
        let (queue, messages) = mpsc::channel();
        let worker = thread::Builder::new()
            .name("link".to_owned())
            .spawn(move || deliver(messages, stream))?;
        Ok(Link {
            line: Mutex::new(Line {
                queue: Some(queue),
                worker: Some(worker),
                sent: Vec::new(),
            }),
        })
    }

    /// The headers of all frames that were handed to this link so far, as a table of its own.
    fn sent(&self) -> Sent {
        let headers = self.line().sent.clone();
        Sent {
            headers: ExportCell::read_only(headers),
        }
    }

    /// Waits until everything in the queue has been written. Closing again does nothing.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let (queue, worker) = {
            let mut line = self.line();
            (line.queue.take(), line.worker.take())
        };
        drop(queue);
        let Some(worker) = worker else { return Ok(()) };
        match py.detach(|| worker.join()) {
            Ok(written) => Ok(written?),
            Err(_) => Err(PyRuntimeError::new_err("the thread of the link panicked")),
        }
    }
}

/// Writes messages until there can be no more. Each is freed when it is written.
fn deliver(messages: Receiver<Message>, mut stream: TcpStream) -> io::Result<()> {
    for message in messages {
        stream.write_all(&message)?;
    }
    stream.shutdown(Shutdown::Write)
}

/// A table of headers, lent read-only as items `T{…}`.
#[pyclass(frozen, module = "frame")]
pub(crate) struct Sent {
    headers: ExportCell<Vec<Header>>,
}

#[exporter(headers)]
#[pymethods]
impl Sent {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.headers.read(py)?.len())
    }
}
