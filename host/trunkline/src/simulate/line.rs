//! A call over a real media socket, in real time.
//!
//! Everything happens at a point of the caller's clock. The loop wakes for the next frame, the next mark or whatever comes,
//! and then does all that is due, so a late wake-up shifts nothing.

use super::caller::{Caller, Event, Pace, Step};
use super::clock::{FRAME, PER_MS, Samples, ms};
use super::course::Course;
use super::playout::Playout;
use super::recording::Recording;
use super::socket::{Closed, Heard, Socket, Ticket};
use super::watcher::Watcher;
use super::wire::FromHost;
use crate::backend::{Refused, Remote};
use crate::live::{News, Watch};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

/// How long the end of the log is waited for after the line was closed.
const LOG_PATIENCE: Duration = Duration::from_secs(15);
/// News that wait to be read.
const NEWS: usize = 256;

/// What a call is made of.
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// Which of them speak or press keys.
    pub(super) audible: Vec<bool>,
    pub(super) pace: Pace,
    pub(super) record: bool,
}

/// A call that is over.
pub(super) struct Over {
    pub(super) course: Course,
    pub(super) playout: Playout,
    pub(super) recording: Option<Recording>,
    /// Somebody asked to stop.
    pub(super) cancelled: bool,
}

/// Why the line is closed.
enum End {
    HungUp,
    ByHost,
    Cancelled,
    Failed(String),
}

struct Line<'a> {
    remote: &'a Remote,
    ticket: Ticket,
    socket: Socket,
    streams: u32,
    /// When this socket was opened, on the caller's clock.
    opened: Samples,
    start: Instant,
    next_frame: Samples,
    caller: Caller,
    playout: Playout,
    /// Marks that were reached and not told yet.
    echoes: Vec<String>,
    recording: Option<Recording>,
    course: Course,
    patience_ms: u64,
}

/// Plays a call to its end.
///
/// # Errors
/// The call's socket cannot be opened.
pub(super) async fn play(
    remote: &Remote,
    ticket: Ticket,
    plan: Plan,
    watcher: &mut Watcher<'_>,
) -> anyhow::Result<Over> {
    let socket = Socket::open(remote, &ticket, 0).await?;
    let (tell, mut news) = mpsc::channel(NEWS);
    let watch = Watch::new(remote.clone(), ticket.call, 1);
    let watching = tokio::spawn(follow(watch, tell));
    let mut line = Line {
        remote,
        ticket,
        socket,
        streams: 0,
        opened: 0,
        start: Instant::now(),
        next_frame: 0,
        caller: Caller::new(plan.steps, plan.pace),
        playout: Playout::default(),
        echoes: Vec::new(),
        recording: plan.record.then(Recording::default),
        course: Course::new(plan.audible),
        patience_ms: ms(plan.pace.patience),
    };
    let end = line.carry(&mut news, watcher).await;
    let now = line.now();
    line.advance(now);
    let Line { socket, mut course, playout, recording, .. } = line;
    match &end {
        End::HungUp | End::Cancelled => socket.stop().await,
        End::Failed(problem) => course.problems.push(problem.clone()),
        End::ByHost => {}
    }
    let rest = async {
        while let Some(told) = news.recv().await {
            take(told, &mut course, watcher);
        }
    };
    if timeout(LOG_PATIENCE, rest).await.is_err() {
        course.problems.push("the call's log did not come to its end".to_owned());
    }
    watching.abort();
    Ok(Over { course, playout, recording, cancelled: matches!(end, End::Cancelled) })
}

/// Hands on the news of a call until its end; what goes wrong comes last.
async fn follow(mut watch: Watch, tell: mpsc::Sender<anyhow::Result<News>>) {
    loop {
        let news = watch.next().await;
        let last = !matches!(news, Ok(News::Row(_) | News::Partial(_)));
        if tell.send(news).await.is_err() || last {
            return;
        }
    }
}

fn take(told: anyhow::Result<News>, course: &mut Course, watcher: &mut Watcher<'_>) {
    match told {
        Ok(News::Row(row)) => {
            watcher.row(&row);
            course.conversation.row(*row);
        }
        Ok(News::Partial(partial)) => watcher.partial(&partial),
        Ok(News::End) => {}
        Err(error) => course.problems.push(format!("the call could not be watched: {error:#}")),
    }
}

impl Line<'_> {
    fn now(&self) -> Samples {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX).saturating_mul(PER_MS) / 1_000
    }

    fn instant(&self, at: Samples) -> Instant {
        self.start + Duration::from_micros(at.saturating_mul(1_000) / PER_MS)
    }

    async fn carry(&mut self, news: &mut mpsc::Receiver<anyhow::Result<News>>, watcher: &mut Watcher<'_>) -> End {
        let mut cancelled = pin!(tokio::signal::ctrl_c());
        loop {
            let frame = self.next_frame + FRAME as Samples;
            let wake = self.playout.next_mark().map_or(frame, |mark| mark.min(frame));
            let wake = self.instant(wake);
            let closed = tokio::select! {
                biased;
                _ = &mut cancelled => return End::Cancelled,
                Some(told) = news.recv() => {
                    take(told, &mut self.course, watcher);
                    None
                }
                heard = self.socket.next() => self.heard(heard),
                () = sleep_until(wake) => None,
            };
            let closed = match closed {
                None => self.catch_up().await,
                some => some,
            };
            match closed {
                None => {}
                Some(Gone::HungUp) => return End::HungUp,
                Some(Gone::Closed(Closed::Done)) => return End::ByHost,
                Some(Gone::Closed(Closed::Refused(why))) => return End::Failed(why),
                Some(Gone::Closed(Closed::Lost)) => {
                    if let Some(end) = self.come_back().await {
                        return end;
                    }
                }
            }
            watcher.line_state(self.caller.is_speaking(), self.playout.is_playing());
        }
    }

    fn heard(&mut self, heard: Heard) -> Option<Gone> {
        match heard {
            Heard::Message(FromHost::Media(audio)) => {
                self.advance(self.now());
                if !self.playout.push(&audio) {
                    self.course.problems.push("the host sent more than ten minutes of audio ahead".to_owned());
                }
            }
            Heard::Message(FromHost::Mark(name)) => self.playout.mark(name),
            Heard::Message(FromHost::Clear) => {
                self.advance(self.now());
                let flushed = self.playout.clear();
                self.echoes.extend(flushed);
            }
            Heard::Message(FromHost::Other(event)) => {
                self.course.problems.push(format!("the host sent an unknown event `{event}`"));
            }
            Heard::Malformed(error) => self.course.problems.push(format!("the host sent what cannot be read: {error}")),
            Heard::Nothing => {}
            Heard::Closed(closed) => return Some(Gone::Closed(closed)),
        }
        None
    }

    fn advance(&mut self, to: Samples) {
        let Self { playout, echoes, recording, .. } = self;
        playout.advance(to, echoes, |at, piece| {
            if let Some(recording) = recording {
                recording.agent(at, piece);
            }
        });
    }

    /// Does all that is due by now.
    async fn catch_up(&mut self) -> Option<Gone> {
        let now = self.now();
        while self.next_frame + FRAME as Samples <= now {
            let at = self.next_frame;
            if let Some(gone) = self.advance_and_echo(at).await {
                return Some(gone);
            }
            let mut events = Vec::new();
            let frame = self.caller.frame(at, &self.playout, &mut events);
            if self.caller.is_speaking() {
                self.playout.caller_spoke();
            }
            if let Some(recording) = &mut self.recording {
                recording.caller(at, &frame);
            }
            self.next_frame += FRAME as Samples;
            for event in events {
                self.course.caller(event, at, self.caller.words_end(), self.patience_ms);
                match event {
                    Event::Digit(digit) => {
                        let message = self.socket.writer.digit(digit);
                        if !self.socket.send(&message).await {
                            return Some(Gone::Closed(Closed::Lost));
                        }
                    }
                    Event::HungUp | Event::GaveUp(_) => return Some(Gone::HungUp),
                    Event::Began(_) | Event::Done(_) | Event::TooLate(_) => {}
                }
            }
            let message = self.socket.writer.media(at.saturating_sub(self.opened), &frame);
            if !self.socket.send(&message).await {
                return Some(Gone::Closed(Closed::Lost));
            }
        }
        self.advance_and_echo(now).await
    }

    async fn advance_and_echo(&mut self, to: Samples) -> Option<Gone> {
        self.advance(to);
        for name in std::mem::take(&mut self.echoes) {
            let message = self.socket.writer.mark(&name);
            if !self.socket.send(&message).await {
                return Some(Gone::Closed(Closed::Lost));
            }
        }
        None
    }

    /// A lost socket is opened again, as long as the call waits for it.
    async fn come_back(&mut self) -> Option<End> {
        let limit = Duration::from_millis(self.ticket.reconnect_ms);
        let deadline = Instant::now() + limit;
        let mut wait = Duration::from_millis(100);
        loop {
            match self.reopen().await {
                Ok(()) => return None,
                Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.kind == "ended") => {
                    return Some(End::ByHost);
                }
                Err(error) if Instant::now() + wait >= deadline => {
                    return Some(End::Failed(format!("the media socket was lost and did not come back: {error:#}")));
                }
                Err(_) => {}
            }
            // A host that was just lost needs time; what is waited for is not on this machine.
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }

    async fn reopen(&mut self) -> anyhow::Result<()> {
        let ticket = self.ticket.again(self.remote).await?;
        self.streams += 1;
        self.socket = Socket::open(self.remote, &ticket, self.streams).await?;
        self.ticket = ticket;
        // Marks of the old stream mean nothing to the new one, and what it had sent is sent again if it still matters.
        self.advance(self.now());
        self.playout.forget();
        self.echoes.clear();
        self.opened = self.now();
        self.next_frame = self.opened;
        Ok(())
    }
}

/// Why this socket is done with.
enum Gone {
    HungUp,
    Closed(Closed),
}
