//! What the caller says: an answer, or a wish about the survey.

use crate::answer::{Answer, answer};
use crate::course::{
    accept, again, ask, ask_when, call_back, decline, find, join, leave, next, not_understood, open, store, turn_to,
};
use crate::request::{Request, request};
use crate::settings::{Kind, Question};
use crate::when::when;
use crate::words::{core, from, is_any, words};
use crate::yes_no::{is_bare_no, is_nothing};
use crate::{Phase, Survey, keys};
use trunkline_sdk::Ctx;

type Cx = Ctx<Survey>;

/// A question is asked so often for other reasons than answers that were not understood; then these count too.
const MOST_ASKS: u32 = 5;

pub(crate) fn turn(ctx: &mut Cx, text: &str) {
    keys::forget(ctx);
    let said = words(text);
    match ctx.state.phase {
        Phase::Over => {}
        Phase::Callback => callback_time(ctx, &said, text),
        Phase::Asking => match open(ctx) {
            Some(question) => answered(ctx, &question, &said, text),
            None => next(ctx, ""),
        },
    }
}

fn answered(ctx: &mut Cx, question: &Question, said: &[String], text: &str) {
    let wish = request(said, question.kind, ctx.state.done.is_empty());
    if ctx.state.unheard && !matches!(wish, Some(Request::Stop | Request::Busy)) {
        // Unless the question is just being said.
        if ctx.state.asking.is_none() {
            let lead = if ctx.state.introduces { ctx.settings.intro.clone() } else { String::new() };
            ask(ctx, &lead);
        }
        return;
    }
    let meant = answer(question, said, text);
    if let Some(answer) = meant.as_ref().filter(|answer| answer.certain) {
        accept(ctx, question, answer);
        return;
    }
    match wish {
        Some(wish) => wished(ctx, wish, question, said, text),
        None if !question.required && question.kind == Kind::Text && is_nothing(said) => leave(ctx, question, ""),
        None => match meant {
            Some(answer) => accept(ctx, question, &answer),
            // What was said back was wrong.
            None if is_bare_no(said) && said_back(ctx, question) => back(ctx),
            None => not_understood(ctx, question, text),
        },
    }
}

fn wished(ctx: &mut Cx, wish: Request, question: &Question, said: &[String], text: &str) {
    match wish {
        Request::Stop => decline(ctx),
        Request::Busy if !ctx.settings.callback => decline(ctx),
        Request::Busy => match time(ctx, said) {
            Some(time) => call_back(ctx, text, Some(time)),
            None => ask_when(ctx, ""),
        },
        Request::Correct(start) => correct(ctx, question, from(said, start), text),
        Request::Skip if !question.required => leave(ctx, question, ""),
        // Not to know is an answer where any words are.
        Request::Skip if question.kind == Kind::Text && doubts(said) => {
            accept(ctx, question, &Answer { value: text.trim().into(), echo: None, certain: false });
        }
        Request::Skip => {
            ctx.state.tries += 1;
            if ctx.state.tries >= ctx.settings.max_tries {
                let lead = ctx.settings.lines.moving_on.clone();
                leave(ctx, question, &lead);
            } else {
                let lead = ctx.settings.lines.required.clone();
                again(ctx, &lead, question, "");
            }
        }
        Request::Back | Request::Repeat | Request::Who | Request::Options | Request::Wait => {
            ctx.state.asks += 1;
            if ctx.state.asks > MOST_ASKS {
                not_understood(ctx, question, text);
                return;
            }
            match wish {
                Request::Wait => {
                    ctx.state.asking = None;
                    ctx.say(ctx.settings.lines.wait.clone());
                }
                Request::Who => {
                    let intro = ctx.settings.intro.clone();
                    ask(ctx, &intro);
                }
                Request::Options => again(ctx, "", question, ""),
                Request::Back => back(ctx),
                _ => ask(ctx, ""),
            }
        }
    }
}

/// The answer before was just said back as it was understood.
fn said_back(ctx: &Cx, question: &Question) -> bool {
    let before = ctx.state.before.as_ref().and_then(|id| find(ctx, id));
    let echoed = before.is_some_and(|before| !matches!(before.kind, Kind::Text | Kind::YesNo));
    echoed && ctx.settings.echo && ctx.state.tries == 0 && question.kind != Kind::YesNo
}

fn doubts(said: &[String]) -> bool {
    const DOUBTS: &str = "\
    dont know, i dont know, i do not know, no idea, i have no idea, not sure, im not sure, no opinion";
    is_any(core(said), DOUBTS)
}

/// Asks the question before again, with its answer to be replaced.
fn back(ctx: &mut Cx) {
    match ctx.state.before.take().and_then(|id| find(ctx, &id)) {
        Some(question) => turn_to(ctx, &question, ""),
        None => ask(ctx, ""),
    }
}

/// "I meant four": the open question if an answer to it was not understood, else the one before.
fn correct(ctx: &mut Cx, question: &Question, rest: &[String], text: &str) {
    let before = ctx.state.before.clone().filter(|_| ctx.state.tries == 0).and_then(|id| find(ctx, &id));
    let spoken = rest.join(" ");
    if let Some(before) = before {
        if let Some(answer) = answer(&before, rest, &spoken) {
            store(ctx, &before.id, Some(&answer));
            let echo = answer.echo.filter(|_| ctx.settings.echo).map(|echo| format!("{echo}."));
            let lead = join([&ctx.settings.lines.changed, &echo.unwrap_or_default()]);
            ask(ctx, &lead);
            return;
        }
        if rest.is_empty() {
            back(ctx);
            return;
        }
    }
    let spoken = if question.kind == Kind::Text { text } else { &spoken };
    match answer(question, rest, spoken) {
        Some(answer) => accept(ctx, question, &answer),
        None => not_understood(ctx, question, text),
    }
}

fn callback_time(ctx: &mut Cx, said: &[String], text: &str) {
    const GO_ON: &str = "\
    never mind, go on, go ahead, continue, carry on, lets continue, lets go on, now is fine, now is good, now, \
    right now, i have time, i have time now, its fine, lets do it, lets do it now, we can do it now, no go on, \
    no continue, no lets go on, no its fine";
    if ctx.state.unheard && ctx.state.asking.is_none() {
        ask_when(ctx, "");
        return;
    }
    if is_any(core(said), GO_ON) {
        ctx.state.phase = Phase::Asking;
        ask(ctx, "");
        return;
    }
    let named = time(ctx, said);
    match request(said, Kind::Text, false) {
        Some(Request::Stop) => decline(ctx),
        _ if is_nothing(said) || is_any(core(said), "never, not at all, dont, no dont, no need") => decline(ctx),
        Some(Request::Repeat | Request::Wait | Request::Who | Request::Options) if named.is_none() => {
            ask_when(ctx, "");
        }
        _ if said.is_empty() => ask_when(ctx, ""),
        _ => call_back(ctx, text, named),
    }
}

/// The time that is named, and now; where this call knows the time of day.
fn time(ctx: &Cx, said: &[String]) -> Option<(i64, i64)> {
    let utc = i64::try_from(ctx.unix_ms()? / 1_000).ok()?;
    let now = utc + i64::from(ctx.call.utc_offset_minutes) * 60;
    when(said, now).map(|at| (at, now))
}
