//! A WebSocket that is read and written by one task without either direction holding up the other.

use futures::{Sink, Stream};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use trunkline_egress::{Message, WebSocket, WebSocketError};

pub(crate) struct Duplex {
    socket: WebSocket,
    unflushed: bool,
}

impl Duplex {
    pub(crate) fn new(socket: WebSocket) -> Self {
        Self { socket, unflushed: false }
    }

    /// Writes what waits in `outbox` as far as the socket takes it, while waiting for the next message. `None`: the
    /// socket is closed. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self, outbox: &mut VecDeque<Message>) -> Option<Result<Message, WebSocketError>> {
        poll_fn(|cx| self.poll(cx, outbox)).await
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        outbox: &mut VecDeque<Message>,
    ) -> Poll<Option<Result<Message, WebSocketError>>> {
        let written = self.write(cx, outbox);
        match (Pin::new(&mut self.socket).poll_next(cx), written) {
            // What the other side said before it went explains the failure better than the failure itself.
            (Poll::Ready(Some(Ok(message))), _) => Poll::Ready(Some(Ok(message))),
            (_, Err(error)) => Poll::Ready(Some(Err(error))),
            (read, Ok(())) => read,
        }
    }

    fn write(&mut self, cx: &mut Context<'_>, outbox: &mut VecDeque<Message>) -> Result<(), WebSocketError> {
        let mut socket = Pin::new(&mut self.socket);
        while !outbox.is_empty() {
            match socket.as_mut().poll_ready(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(ready) => ready?,
            }
            if let Some(message) = outbox.pop_front() {
                socket.as_mut().start_send(message)?;
                self.unflushed = true;
            }
        }
        if self.unflushed
            && let Poll::Ready(flushed) = socket.as_mut().poll_flush(cx)
        {
            flushed?;
            self.unflushed = false;
        }
        Ok(())
    }
}
