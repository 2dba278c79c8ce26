//! Answers with the keys of a telephone: `#` ends them, `*` takes them back or asks for the question again.

use crate::answer::{keyed, may_grow};
use crate::course::{accept, ask, leave, not_understood, open};
use crate::settings::Kind;
use crate::{Phase, Survey};
use trunkline_sdk::{Ctx, EffectId};

type Cx = Ctx<Survey>;

/// Without another key for this long, the keys are the answer, ms.
const PAUSE_MS: u64 = 3_000;

pub(crate) fn pressed(ctx: &mut Cx, digits: &str) {
    for key in digits.chars() {
        if ctx.state.phase != Phase::Asking {
            return;
        }
        press(ctx, key);
    }
}

fn press(ctx: &mut Cx, key: char) {
    let Some(question) = open(ctx) else { return };
    stop_timer(ctx);
    match key {
        '*' if ctx.state.keys.is_empty() => {
            quiet(ctx);
            ask(ctx, "");
        }
        '*' => ctx.state.keys.clear(),
        '#' if !ctx.state.keys.is_empty() => done(ctx),
        '#' if !question.required => {
            quiet(ctx);
            leave(ctx, &question, "");
        }
        '0'..='9' if question.kind != Kind::Text => {
            quiet(ctx);
            ctx.state.keys.push(key);
            if may_grow(&question, &ctx.state.keys) {
                ctx.state.keys_timer = Some(ctx.set_timer(PAUSE_MS));
            } else {
                done(ctx);
            }
        }
        _ => {}
    }
}

pub(crate) fn timed_out(ctx: &mut Cx, timer: EffectId) {
    if ctx.state.keys_timer == Some(timer) {
        ctx.state.keys_timer = None;
        done(ctx);
    }
}

/// The keys are the answer.
fn done(ctx: &mut Cx) {
    let keys = std::mem::take(&mut ctx.state.keys);
    let Some(question) = open(ctx) else { return };
    match keyed(&question, &keys) {
        Some(answer) => accept(ctx, &question, &answer),
        None => not_understood(ctx, &question, &keys),
    }
}

/// Who presses keys has heard enough.
fn quiet(ctx: &mut Cx) {
    if let Some(asking) = ctx.state.asking.take() {
        ctx.cancel(asking);
    }
}

/// The caller speaks instead.
pub(crate) fn forget(ctx: &mut Cx) {
    ctx.state.keys.clear();
    stop_timer(ctx);
}

fn stop_timer(ctx: &mut Cx) {
    if let Some(timer) = ctx.state.keys_timer.take() {
        ctx.cancel(timer);
    }
}
