//! The task of one call: takes what happens, asks the engine, does what the engine says.
//!
//! One task, one loop, no task per frame. Everything that the call owns is dropped with it, which closes its sockets and
//! cancels what its providers are doing.

mod follow;
mod switch;

pub(crate) use switch::Successor;

use crate::brain::Brain;
use crate::chat::{Asked, Desk, Next, Taken};
use crate::clock::{CallClock, unix_ms};
use crate::ears::{Ears, Heard};
use crate::feed::Feed;
use crate::journal::Journal;
use crate::kit::Caller;
use crate::line::Line;
use crate::minds::Minds;
use crate::news::news;
use crate::prices::Meter;
use crate::resolve::Plan;
use crate::sessions::{Handle, LEASE_MS, Sessions};
use crate::toolbox::{self, Toolbox};
use crate::voice::{Spoken, Voice};
use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Sleep, sleep_until};
use trunkline_contract::chat::Delta;
use trunkline_contract::event::Event;
use trunkline_contract::log::Entry;
use trunkline_engine::playout::Out;
use trunkline_engine::{Call as Engine, Command, Control, Input, MediaEnd};
use trunkline_providers::LlmRequest;
use trunkline_store::{Call, CallState, CallUpdate, StoreError, TenantStore};
use trunkline_telephony::{CloseReason, MediaIn, MediaSocket};

/// What others want of a live call.
pub(crate) enum Mail {
    /// Its media socket.
    Attach(Box<MediaSocket>),
    /// A wish.
    Control(Control),
    /// Somebody wrote.
    Chat(Asked),
    /// Another agent takes over between two events.
    Switch(Box<Successor>),
    /// Leave memory, if nothing is under way.
    Leave,
}

/// How often a lease is renewed: three times in its life.
const RENEW_EVERY: Duration = Duration::from_millis(LEASE_MS / 3);

/// The task of one call.
pub(crate) struct Driver {
    sessions: Sessions,
    tenant: TenantStore,
    call: Call,
    plan: Plan,
    engine: Engine,
    clock: CallClock,
    journal: Journal,
    brain: Brain,
    tools: Toolbox,
    ears: Ears,
    voice: Voice,
    minds: Minds,
    socket: Option<MediaSocket>,
    handle: Handle,
    mail: mpsc::Receiver<Mail>,
    finished: Option<String>,
    /// Inputs that follow from commands.
    next: VecDeque<Input>,
    /// The behaviour failed on an event.
    failed: bool,
    /// Only of conversations in writing.
    desk: Option<Desk>,
    leaves: bool,
    /// Waits for the engine to let it lead.
    successor: Option<Box<Successor>>,
    meter: Meter,
    changes: watch::Receiver<u64>,
}

/// What woke the loop.
enum Woken {
    Input(Input),
    Attached(Box<MediaSocket>),
    Media(MediaEnd),
    Chat(Asked),
    Switch(Box<Successor>),
    Leave,
    /// Something was set up anew.
    Changed,
    /// Nothing for the engine.
    Nothing,
    Log(StoreError),
    Alarm,
    Renew,
}

impl Driver {
    #[allow(clippy::too_many_arguments, reason = "called from two places, with what each of them has at hand")]
    pub(crate) fn new(
        sessions: Sessions,
        call: &Call,
        engine: Engine,
        plan: Plan,
        clock: CallClock,
        handle: Handle,
        mail: mpsc::Receiver<Mail>,
    ) -> Self {
        let tenant = sessions.0.store.tenant(call.tenant);
        let journal = Journal::new(tenant.log(), call.id, call.fencing, sessions.0.metrics.clone());
        let protect_ms = u64::from(plan.engine.rules.interruption.protect_greeting_ms);
        let plan_line = plan.line;
        let ears = Ears::new(plan.line, plan.stt.clone(), protect_ms);
        let voice = Voice::new(plan.tts.clone());
        let (library, http) = (sessions.0.library.clone(), sessions.0.config.outgoing.clone());
        let tools = Toolbox::new(library, http, tenant.clone(), plan.bound.clone());
        if let Some((llm, _)) = &plan.llm {
            let warming = llm.warm();
            // Whether it worked shows with the first request.
            tokio::spawn(async move { warming.await.ok() });
        }
        Self {
            tenant,
            call: call.clone(),
            engine,
            clock,
            journal,
            brain: Brain::new(sessions.0.library.clone(), plan.engine.components.clone()),
            tools,
            ears,
            voice,
            minds: Minds::default(),
            socket: None,
            handle,
            mail,
            finished: None,
            next: VecDeque::new(),
            failed: false,
            desk: (plan_line == Line::Text).then(Desk::new),
            leaves: false,
            successor: None,
            meter: Meter::new(&sessions.0.config.prices, &plan.agent, &call.channel),
            changes: sessions.0.store.changes(),
            plan,
            sessions,
        }
    }

    /// Leads the call to its end; tells why it ended.
    pub(crate) async fn run(mut self) -> String {
        let mut renew_at = Instant::now() + RENEW_EVERY;
        // One timer for all: it is moved only when the next deadline has changed.
        let mut alarm = pin!(sleep_until(renew_at));
        if self.desk.is_some() && self.call.state != CallState::Active {
            self.journal.update(CallUpdate { state: Some(CallState::Active), ..CallUpdate::default() });
        }
        self.step(Input::Begin).await;
        while self.finished.is_none() {
            let due = self.engine.deadline().map_or(renew_at, |at| self.clock.instant(at).min(renew_at));
            let due = self.desk.as_ref().and_then(|desk| desk.deadline(&self.engine)).map_or(due, |at| at.min(due));
            if alarm.deadline() != due {
                alarm.as_mut().reset(due);
            }
            let woken = match self.wait(alarm.as_mut()).await {
                Woken::Alarm if Instant::now() >= renew_at => Woken::Renew,
                Woken::Alarm => Woken::Input(Input::Tick),
                other => other,
            };
            match woken {
                Woken::Input(input) => {
                    self.step(input).await;
                    self.mind_cost().await;
                }
                Woken::Attached(socket) => self.attach(*socket).await,
                Woken::Media(end) => {
                    self.socket = None;
                    self.step(Input::MediaStopped { end }).await;
                }
                Woken::Chat(asked) => self.asked(asked),
                Woken::Switch(successor) => self.succeed(successor).await,
                Woken::Leave => self.leaves = true,
                Woken::Changed => self.follow_contract().await,
                Woken::Nothing | Woken::Alarm => {}
                Woken::Log(error) => self.log_failed(&error).await,
                Woken::Renew => {
                    self.mind_cost().await;
                    renew_at = Instant::now() + RENEW_EVERY;
                    self.renew();
                }
            }
            self.attend().await;
        }
        // Boxed: the driver is large and moves only this once.
        Box::pin(self.finish()).await
    }

    async fn wait(&mut self, alarm: Pin<&mut Sleep>) -> Woken {
        tokio::select! {
            came = media(&mut self.socket) => match came {
                MediaIn::Audio { until_ms, audio } => {
                    let edges = self.ears.hear(audio, until_ms);
                    Woken::Input(Input::Audio { stream_ms: until_ms, edges })
                }
                MediaIn::Digit(key) => Woken::Input(Input::Digit(key)),
                MediaIn::Mark(name) => Woken::Input(Input::Mark { name }),
                MediaIn::Nothing => Woken::Nothing,
                MediaIn::Stopped => Woken::Media(MediaEnd::Stopped),
                MediaIn::Lost => Woken::Media(MediaEnd::Lost),
            },
            spoken = self.voice.next() => match spoken {
                Spoken::Audio { context, audio, words } => Woken::Input(Input::Speech { context, audio, words }),
                Spoken::Done { context } => Woken::Input(Input::SpeechDone { context }),
                Spoken::Failed { context, fault } => Woken::Input(Input::SpeechFailed { context, fault }),
                Spoken::Nothing => Woken::Nothing,
            },
            (generation, piece) = self.minds.next() => match piece {
                Some(piece) => {
                    if let Ok(Delta::Done { usage, .. }) = &piece {
                        self.meter.thought(*usage);
                    }
                    let delta = piece.map_err(|error| crate::ears::fault(&error, error.retryable()));
                    Woken::Input(Input::Llm { generation, delta })
                }
                None => Woken::Nothing,
            },
            heard = self.ears.next() => match heard {
                Heard::Words(transcript) => {
                    self.handle.feeds.tell(|| Some(Feed::Hearing(transcript.text.clone())));
                    Woken::Input(Input::Transcript(transcript))
                }
                Heard::Failed(fault) => Woken::Input(Input::SttFailed(fault)),
                Heard::Note(what) => {
                    if !what.is_empty() {
                        tracing::info!(call = %self.call.id, what, "speech recognition");
                    }
                    Woken::Nothing
                }
            },
            (event_seq, outcome) = self.brain.next() => Woken::Input(Input::Decided { event_seq, outcome }),
            (request_id, outcome) = self.tools.next() => Woken::Input(Input::ToolDone { request_id, outcome }),
            committed = self.journal.committed() => match committed {
                Ok(seq) => {
                    self.tools.committed(seq);
                    self.handle.feeds.tell(|| Some(Feed::Committed(seq)));
                    if let Some(desk) = &mut self.desk {
                        desk.committed(seq).await;
                    }
                    Woken::Input(Input::Committed { seq })
                }
                Err(error) => Woken::Log(error),
            },
            mail = self.mail.recv() => match mail {
                Some(Mail::Attach(socket)) => Woken::Attached(socket),
                Some(Mail::Control(control)) => Woken::Input(Input::Control(control)),
                Some(Mail::Chat(asked)) => Woken::Chat(asked),
                Some(Mail::Switch(successor)) => Woken::Switch(successor),
                Some(Mail::Leave) => Woken::Leave,
                // The registry holds a sender as long as the call is live.
                None => Woken::Nothing,
            },
            Ok(()) = self.changes.changed() => Woken::Changed,
            () = alarm => Woken::Alarm,
        }
    }

    /// One input, and everything that follows from it.
    async fn step(&mut self, input: Input) {
        let mut sent = false;
        self.next.push_back(input);
        while let Some(input) = self.next.pop_front() {
            for command in self.engine.handle(self.clock.now(), input) {
                sent |= matches!(command, Command::Carrier(_));
                self.execute(command).await;
            }
        }
        if sent && let Some(socket) = &mut self.socket {
            socket.flush().await;
        }
        self.ears.expect(self.engine.expects_words());
        if let Err(error) = self.journal.flush().await {
            tracing::error!(call = %self.call.id, %error, "the log does not take rows");
            self.finished.get_or_insert_with(|| "failed".to_owned());
        }
    }

    async fn execute(&mut self, command: Command) {
        match command {
            Command::Append { row, state, urgent } => {
                if matches!(row.entry, Entry::MediaStarted { .. }) {
                    self.journal.update(CallUpdate { state: Some(CallState::Active), ..CallUpdate::default() });
                }
                self.failed |= matches!(row.entry, Entry::Dropped { .. });
                if let Entry::Event { event: Event::Failed(failure), .. } = &row.entry {
                    let (part, code, pii_message) = (&failure.part, &failure.code, &failure.message);
                    tracing::warn!(call = %self.call.id, part, code, pii_message, "a provider failed");
                }
                if let Some(desk) = &mut self.desk {
                    desk.row(&row);
                }
                self.journal.push(row, state, urgent);
            }
            Command::Decide { event_seq, at_ms, component, event, state, seed } => {
                self.brain.decide(component, event_seq, at_ms, seed, state, *event);
            }
            Command::Switched => self.switched(),
            Command::Carrier(out) => self.carry(out).await,
            Command::FinalizeStt => self.ears.finalize(),
            Command::ReconnectStt => self.ears.connect(),
            Command::SttHints(words) => self.ears.hint(words),
            Command::Generate { generation, request } => {
                if let Some((llm, settings)) = &self.plan.llm {
                    let request = LlmRequest::new(settings, *request);
                    self.minds.add(generation, llm.generate(&request));
                }
            }
            Command::CancelGenerate { generation } => self.minds.cancel(generation),
            Command::Speak { context, text } => {
                self.handle.feeds.tell(|| {
                    let (index, text) = self.engine.being_said(context)?;
                    Some(Feed::Saying { index, text: text.to_owned() })
                });
                self.meter.spoke(&text);
                self.voice.speak(context, &text);
            }
            Command::Write { index, text } => {
                if let Some(desk) = &mut self.desk {
                    desk.piece(index, text).await;
                }
            }
            Command::FinishSpeech { context } => self.voice.finish(context),
            Command::CancelSpeech { context } => self.voice.cancel(context),
            Command::RunTool { request_id, name, args, idempotency_key, after_seq, effect: _ } => {
                let info = &self.plan.engine.call;
                let caller = Caller {
                    call: self.call.id.to_string(),
                    key: idempotency_key,
                    locale: info.locale.clone(),
                    utc_offset_minutes: info.utc_offset_minutes,
                };
                self.tools.run(toolbox::Request { id: request_id, name, args, caller, after_seq });
            }
            Command::CancelTool { request_id } => self.tools.cancel(&request_id),
            Command::CloseMedia(_) => self.close_media().await,
            Command::Finished { reason } => {
                self.journal.update(self.last_update(&reason));
                self.finished = Some(reason);
            }
        }
    }

    async fn carry(&mut self, out: Out) {
        let Some(socket) = &mut self.socket else { return };
        match out {
            Out::Media { audio, plays_at } => {
                self.ears.played(plays_at, &audio);
                socket.media(&audio).await;
            }
            Out::Mark(name) => socket.mark(&name).await,
            Out::Clear => {
                self.ears.cleared();
                socket.clear().await;
            }
        }
    }

    /// What is known of the call when it is over, and who is told.
    fn last_update(&self, reason: &str) -> CallUpdate {
        let now_ms = unix_ms();
        let result = self.engine.results();
        CallUpdate {
            state: Some(CallState::Ended),
            ended_at_ms: Some(now_ms),
            end_reason: Some(reason.to_owned()),
            result: Some(serde_json::Value::Object(result.clone())),
            cost_micros: Some(self.meter.micros(self.clock.now())),
            emit: news(&self.call, &self.plan.agent, reason, result, now_ms),
            ..CallUpdate::default()
        }
    }

    async fn attach(&mut self, socket: MediaSocket) {
        if let Some(old) = self.socket.replace(socket) {
            old.close(self.plan.line.replaced()).await;
            self.step(Input::MediaStopped { end: MediaEnd::Lost }).await;
        }
        self.ears.new_stream();
        let stream_id = self.socket.as_ref().map(|socket| socket.stream_sid().to_owned()).unwrap_or_default();
        self.step(Input::MediaStarted { stream_id }).await;
    }

    fn asked(&mut self, asked: Asked) {
        match &mut self.desk {
            Some(desk) if !self.leaves => desk.ask(asked),
            Some(_) => drop(asked.taken.send(Taken::Again)),
            // A call that is spoken takes nothing in writing.
            None => drop(asked),
        }
    }

    /// Whoever writes gets on when everything before is answered.
    async fn attend(&mut self) {
        let Some(desk) = &mut self.desk else { return };
        match desk.next(&self.engine) {
            Next::Write(text) => self.step(Input::Text(text)).await,
            Next::Rest => {
                let result = serde_json::Value::Object(self.engine.results().clone());
                desk.rest(false, result).await;
            }
            Next::Leave => self.leaves = true,
            Next::Nothing => {}
        }
        let free = self.desk.as_ref().is_none_or(Desk::is_free);
        if self.leaves && free && self.engine.at_rest() && self.finished.is_none() {
            self.finished = Some(LEFT.to_owned());
        }
    }

    /// Keeps nothing but the log: the next one who writes reads it again.
    async fn leave(&mut self) {
        if let Err(error) = self.tenant.calls().lease_release(self.call.id, self.call.fencing).await {
            tracing::warn!(call = %self.call.id, %error, "a lease was not released");
        }
        self.sessions.unregister(self.call.id, &self.handle);
        self.mail.close();
        while let Some(mail) = self.mail.recv().await {
            if let Mail::Chat(asked) = mail {
                asked.taken.send(Taken::Again).ok();
            }
        }
    }

    async fn close_media(&mut self) {
        // Before the socket closes: the carrier asks at once what is next.
        self.handle.over.store(true, Ordering::Release);
        if let Some(socket) = self.socket.take() {
            socket.close(CloseReason::Done).await;
        }
    }

    async fn log_failed(&mut self, error: &StoreError) {
        tracing::error!(call = %self.call.id, %error, "the log of a call cannot be written");
        if matches!(error, StoreError::Fenced { .. }) {
            // Another host leads this call now: nothing more may be said or written here.
            self.finished = Some("fenced".to_owned());
        } else {
            self.close_media().await;
            self.finished = Some("failed".to_owned());
        }
    }

    fn renew(&self) {
        let (tenant, id, fencing) = (self.tenant.clone(), self.call.id, self.call.fencing);
        tokio::spawn(async move {
            // A lost lease shows with the next row.
            if let Err(error) = tenant.calls().lease_renew(id, fencing, unix_ms(), LEASE_MS).await {
                tracing::warn!(call = %id, %error, "a lease was not renewed");
            }
        });
    }

    async fn finish(mut self) -> String {
        let left = self.finished.as_deref() == Some(LEFT);
        self.handle.over.store(true, Ordering::Release);
        if let Some(socket) = self.socket.take() {
            socket.close(CloseReason::Done).await;
        }
        let reason = self.finished.take().unwrap_or_default();
        let logged = self.journal.finish().await;
        if let Err(error) = &logged {
            tracing::error!(call = %self.call.id, %error, "the end of a call was not logged");
        }
        if left {
            self.leave().await;
            return reason;
        }
        // Without its end in the log the answer is lost to whoever waits for it.
        let ended = logged.is_ok() && !matches!(reason.as_str(), "failed" | "fenced");
        if let Some(desk) = self.desk.as_mut().filter(|_| ended) {
            desk.rest(true, serde_json::Value::Object(self.engine.results().clone())).await;
        }
        if let Some(digest) = self.brain.digest().filter(|_| !self.failed)
            && let Err(error) = self.sessions.0.library.mark_good(self.call.tenant, &digest).await
        {
            tracing::warn!(%error, "a component that proved good was not noted");
        }
        tracing::info!(call = %self.call.id, reason, "a call ended");
        reason
    }
}

/// Why a thread's task ended that is not over.
const LEFT: &str = "left";

/// What the carrier sends; never ends without a socket. Cancel-safe.
async fn media(socket: &mut Option<MediaSocket>) -> MediaIn<'_> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}
