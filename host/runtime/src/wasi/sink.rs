//! Where stdout and stderr go: the first bytes are kept, the rest is dropped without the guest noticing.
//!
//! (wasmtime's own memory pipe traps when it is full, so that a talkative guest would lose its event.)

use bytes::Bytes;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// The first bytes of what a guest writes.
#[derive(Clone, Debug)]
pub(super) struct Sink {
    /// Never contended: one guest, one thread at a time.
    kept: Arc<Mutex<Vec<u8>>>,
    most: usize,
}

impl Sink {
    pub(super) fn new(most: usize) -> Self {
        Sink { kept: Arc::default(), most }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<u8>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, bytes: &[u8]) {
        let mut kept = self.kept();
        let room = self.most.saturating_sub(kept.len());
        kept.extend(bytes.iter().take(room));
    }

    pub(super) fn take(&self) -> String {
        let kept = std::mem::take(&mut *self.kept());
        if kept.is_empty() { String::new() } else { String::from_utf8_lossy(&kept).into_owned() }
    }
}

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Sink {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    // Not the default, which hands the bytes to a task of its own: they might come after the guest's end.
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        Sink::write(self, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(4 << 10)
    }
}

impl AsyncWrite for Sink {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Sink::write(&self, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
