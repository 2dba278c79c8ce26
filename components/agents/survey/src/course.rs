//! The course of the survey: what is asked next, and how it ends.

use crate::answer::Answer;
use crate::settings::{Kind, Question};
use crate::when::{in_words, rfc3339};
use crate::{Phase, Survey, keys};
use trunkline_sdk::{Callback, Ctx, Listen};

type Cx = Ctx<Survey>;

/// A question that cannot be said so often ends the call: nobody hears it.
const MOST_MUTE: u32 = 3;
/// Answers to these kinds of questions have pauses: the silence that ends them, ms.
const THINKING_MS: u32 = 1_200;

pub(crate) fn begin(ctx: &mut Cx, greeting: &str) {
    ctx.set_result("completed", false);
    let lead = join([greeting, &ctx.settings.intro]);
    next(ctx, &lead);
    ctx.state.introduces = true;
}

/// A new contract: goes on where its questions and the answers so far say.
pub(crate) fn reconfigured(ctx: &mut Cx) {
    if ctx.state.phase != Phase::Over && open(ctx).is_none() {
        next(ctx, "");
    }
}

pub(crate) fn resumed(ctx: &mut Cx, reason: &str) {
    keys::forget(ctx);
    let cut_off = ctx.settings.lines.cut_off.clone();
    match ctx.state.phase {
        Phase::Over => {
            ctx.hang_up("survey over");
        }
        Phase::Callback => ask_when(ctx, &cut_off),
        // Another component had the call: its answers are in the call's result, but nobody tells which. The next turn may
        // have been meant for it.
        Phase::Asking if ctx.state.at.is_empty() => {
            next(ctx, "");
            ctx.state.unheard = true;
        }
        Phase::Asking if reason == "component-changed" => {}
        Phase::Asking => ask(ctx, &cut_off),
    }
}

/// The host asks whether anybody is there; the question after that keeps a "yes" from being taken for its answer.
pub(crate) fn silent(ctx: &mut Cx) {
    match ctx.state.phase {
        Phase::Over => {}
        Phase::Callback => ask_when(ctx, ""),
        Phase::Asking => ask(ctx, ""),
    }
}

/// The question could not be said.
pub(crate) fn mute(ctx: &mut Cx) {
    ctx.state.asking = None;
    ctx.state.mute += 1;
    if ctx.state.mute >= MOST_MUTE {
        ctx.state.phase = Phase::Over;
        ctx.hang_up_now("no voice");
    } else {
        silent(ctx);
    }
}

/// The open question.
pub(crate) fn open(ctx: &Cx) -> Option<Question> {
    find(ctx, &ctx.state.at)
}

pub(crate) fn find(ctx: &Cx, id: &str) -> Option<Question> {
    ctx.settings.questions.iter().find(|question| question.id == id).cloned()
}

/// Opens the first question that is not done, or ends the survey; `lead` is said first.
pub(crate) fn next(ctx: &mut Cx, lead: &str) {
    let mut left = ctx.settings.questions.iter().filter(|question| !ctx.state.done.contains_key(&question.id));
    match left.next().cloned() {
        Some(question) => turn_to(ctx, &question, lead),
        None => finish(ctx, lead),
    }
}

/// Opens a question, done or not.
pub(crate) fn turn_to(ctx: &mut Cx, question: &Question, lead: &str) {
    ctx.state.at.clone_from(&question.id);
    (ctx.state.tries, ctx.state.asks) = (0, 0);
    if !ctx.call.is_text() {
        let endpointing_ms = matches!(question.kind, Kind::Text | Kind::Phone).then_some(THINKING_MS);
        ctx.listen(Listen { hints: question.expected(), endpointing_ms });
    }
    ask(ctx, lead);
}

/// Asks the open question.
pub(crate) fn ask(ctx: &mut Cx, lead: &str) {
    let in_writing = ctx.call.is_text();
    if let Some(question) = open(ctx) {
        say(ctx, lead, &question.put(in_writing));
    }
}

/// Says something that waits for an answer.
pub(crate) fn say(ctx: &mut Cx, lead: &str, question: &str) {
    ctx.state.lead = lead.len();
    ctx.state.introduces = false;
    ctx.state.unheard = false;
    ctx.state.asking = Some(ctx.say(join([lead, question])));
}

/// Stores an answer to any question; `None`: the question stays without one.
pub(crate) fn store(ctx: &mut Cx, id: &str, answer: Option<&Answer>) {
    if let Some(answer) = answer {
        ctx.set_result(id, answer.value.clone());
        if ctx.state.done.get(id) == Some(&false) {
            ctx.set_result(format!("{id}_raw"), ());
        }
    }
    ctx.state.done.insert(id.to_owned(), answer.is_some());
    ctx.state.before = Some(id.to_owned());
    let count = ctx.state.done.values().filter(|answered| **answered).count();
    ctx.set_result("answers_count", count);
}

/// Stores the answer to the open question and goes on.
pub(crate) fn accept(ctx: &mut Cx, question: &Question, answer: &Answer) {
    store(ctx, &question.id, Some(answer));
    let echo = answer.echo.as_deref().filter(|_| ctx.settings.echo).map(|echo| format!("{echo}."));
    let thanks = &ctx.settings.acknowledgements;
    let turn = ctx.state.done.len().saturating_sub(1).checked_rem(thanks.len());
    let thanks = turn.and_then(|turn| thanks.get(turn)).cloned();
    next(ctx, &join([&echo.unwrap_or_default(), &thanks.unwrap_or_default()]));
}

/// The open question stays without an answer.
pub(crate) fn leave(ctx: &mut Cx, question: &Question, lead: &str) {
    store(ctx, &question.id, None);
    next(ctx, lead);
}

/// The answer was not understood: asks again with what is allowed, or leaves the question.
pub(crate) fn not_understood(ctx: &mut Cx, question: &Question, raw: &str) {
    ctx.state.tries += 1;
    if ctx.state.tries >= ctx.settings.max_tries {
        ctx.set_result(format!("{}_raw", question.id), raw.trim());
        let lead = ctx.settings.lines.moving_on.clone();
        leave(ctx, question, &lead);
        return;
    }
    let lead = ctx.settings.lines.not_understood.clone();
    match &question.retry {
        Some(retry) => say(ctx, &lead, retry),
        None => {
            let keys = if ctx.state.tries > 1 && !ctx.call.is_text() { question.keys_hint() } else { "" };
            again(ctx, &lead, question, keys);
        }
    }
}

/// Asks with what is allowed; in writing the list of choices says it.
pub(crate) fn again(ctx: &mut Cx, lead: &str, question: &Question, keys: &str) {
    let text = if ctx.call.is_text() && question.kind == Kind::Choice {
        question.put(true)
    } else {
        join([&question.ask, &question.hint(), keys])
    };
    say(ctx, lead, &text);
}

fn finish(ctx: &mut Cx, lead: &str) {
    ctx.set_result("completed", !ctx.settings.questions.is_empty());
    let skipped: Vec<String> =
        ctx.state.done.iter().filter(|(_, answered)| !**answered).map(|(id, _)| id.clone()).collect();
    if !skipped.is_empty() {
        ctx.set_result("skipped", skipped);
    }
    if ctx.settings.questions.is_empty() {
        ctx.note("error", "the survey has no questions: set `behaviour.settings.questions`");
    }
    let last_words = join([lead, &ctx.settings.outro]);
    end(ctx, last_words, "survey completed");
}

/// The caller does not want to go on.
pub(crate) fn decline(ctx: &mut Cx) {
    ctx.set_result("declined", true);
    let line = ctx.settings.lines.declined.clone();
    end(ctx, line, "caller declined");
}

/// Asks a busy caller when to call back.
pub(crate) fn ask_when(ctx: &mut Cx, lead: &str) {
    ctx.state.phase = Phase::Callback;
    let line = ctx.settings.lines.busy.clone();
    say(ctx, lead, &line);
}

/// Notes when to call back. The wish is a result of the call, whether or not this host calls back by itself.
pub(crate) fn call_back(ctx: &mut Cx, wish: &str, time: Option<(i64, i64)>) {
    ctx.set_result("callback", wish.trim());
    let spoken = match time {
        Some((at, now)) => {
            let at_text = rfc3339(at, ctx.call.utc_offset_minutes);
            ctx.set_result("callback_at", at_text.as_str());
            let note = Some(format!("survey, {} answers so far: {}", ctx.state.done.len(), wish.trim()));
            ctx.schedule_callback(Callback { at: at_text, number: None, note });
            in_words(at, now)
        }
        None => wish.trim().trim_end_matches(['.', '!', '?']).to_owned(),
    };
    let line = ctx.settings.lines.noted.replace("{when}", &spoken);
    end(ctx, line, "caller is busy");
}

fn end(ctx: &mut Cx, last_words: String, reason: &str) {
    keys::forget(ctx);
    ctx.state.phase = Phase::Over;
    ctx.state.asking = None;
    ctx.say(last_words);
    ctx.hang_up(reason);
}

/// Sentences after one another.
pub(crate) fn join<const N: usize>(texts: [&str; N]) -> String {
    texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}
