//! How a simulated conversation went: every expectation, the transcript and the times.

use super::playout::Counts;
use super::script::{Script, differences};
use crate::output::{Out, Tone, clean, seconds};
use serde::Serialize;
use serde_json::{Map, Value};
use trunkline_contract::log::TurnLatency;
use trunkline_store::TranscriptLine;

/// What happened, whatever it was played over.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// By step.
    pub(super) steps: Vec<PlayedStep>,
    pub(super) transcript: Vec<TranscriptLine>,
    pub(super) result: Map<String, Value>,
    pub(super) end: Option<(String, u64)>,
    pub(super) latency: Vec<TurnLatency>,
    pub(super) problems: Vec<String>,
    pub(super) line: Option<Counts>,
    pub(super) cancelled: bool,
}

/// What happened in one step.
#[derive(Clone, Debug, Default)]
pub(super) struct PlayedStep {
    /// The step did not come to its turn.
    pub(super) skipped: bool,
    pub(super) began_ms: Option<u64>,
    pub(super) answered_ms: Option<u64>,
    /// All that the agent said in answer.
    pub(super) answer: String,
    pub(super) result: Map<String, Value>,
}

/// What is told of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) call: String,
    pub(super) agent_id: String,
    pub(super) agent_version: Value,
    pub(super) channel: &'static str,
    /// Everything that was expected has happened, and nothing went wrong.
    pub(super) ok: bool,
    pub(super) end_reason: Option<String>,
    pub(super) duration_ms: Option<u64>,
    pub(super) result: Map<String, Value>,
    pub(super) steps: Vec<StepReport>,
    pub(super) end: Vec<Verdict>,
    pub(super) problems: Vec<String>,
    pub(super) transcript: Vec<TranscriptLine>,
    pub(super) latency: Vec<TurnLatency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<Counts>,
}

/// How one step went.
#[derive(Debug, Serialize)]
pub(super) struct StepReport {
    /// From 1.
    pub(super) step: usize,
    /// Line of the script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) script_line: Option<usize>,
    pub(super) does: String,
    /// On the caller's clock.
    pub(super) began_ms: Option<u64>,
    /// From the caller's last sound to the agent's first.
    pub(super) answered_ms: Option<u64>,
    pub(super) answer: String,
    pub(super) verdicts: Vec<Verdict>,
}

/// Whether something that was expected has happened.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Verdict {
    pub(super) ok: bool,
    /// What was expected.
    pub(super) expected: String,
    /// What was found instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<String>,
}

impl Verdict {
    fn of(ok: bool, expected: String, found: impl Into<String>) -> Self {
        Self { ok, expected, found: (!ok).then(|| found.into()) }
    }
}

/// Which conversation is judged.
pub(super) struct Subject {
    pub(super) call: String,
    pub(super) agent_id: String,
    pub(super) agent_version: Value,
    pub(super) channel: &'static str,
}

/// Compares what happened with what was expected.
pub(super) fn judge(subject: Subject, script: &Script, played: Played) -> Report {
    let steps: Vec<StepReport> = script
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let went = played.steps.get(at).cloned().unwrap_or_default();
            let said = || if went.skipped { "the call was over before".to_owned() } else { spoken(&went.answer) };
            let contains = step.expect.iter().map(|pattern| {
                Verdict::of(!went.skipped && pattern.fits(&went.answer), format!("the agent says {pattern}"), said())
            });
            let lacks = step.expect_not.iter().map(|pattern| {
                Verdict::of(
                    !went.skipped && !pattern.fits(&went.answer),
                    format!("the agent does not say {pattern}"),
                    said(),
                )
            });
            let mut verdicts: Vec<Verdict> = contains.chain(lacks).collect();
            verdicts.extend(result(&step.expect_result, &went.result));
            StepReport {
                step: at + 1,
                script_line: Some(step.line).filter(|line| *line > 0),
                does: step.act.words(),
                began_ms: went.began_ms,
                answered_ms: went.answered_ms,
                answer: went.answer,
                verdicts,
            }
        })
        .collect();
    let reason = played.end.as_ref().map(|(reason, _)| reason.clone());
    let mut end: Vec<Verdict> = result(&script.end.expect_result, &played.result).into_iter().collect();
    if let Some(expected) = &script.end.expect_reason {
        let found = reason.clone().unwrap_or_else(|| "the conversation goes on".to_owned());
        end.push(Verdict::of(found == *expected, format!("the end is {expected}"), found));
    }
    let kept = steps.iter().flat_map(|step| &step.verdicts).chain(&end).all(|verdict| verdict.ok);
    Report {
        call: subject.call,
        agent_id: subject.agent_id,
        agent_version: subject.agent_version,
        channel: subject.channel,
        ok: kept && played.problems.is_empty() && !played.cancelled,
        end_reason: reason,
        duration_ms: played.end.map(|(_, duration)| duration),
        result: played.result,
        steps,
        end,
        problems: played.problems,
        transcript: played.transcript,
        latency: played.latency,
        line: played.line,
    }
}

fn spoken(answer: &str) -> String {
    if answer.is_empty() { "it says nothing".to_owned() } else { format!("it says \"{answer}\"") }
}

fn result(expected: &Map<String, Value>, found: &Map<String, Value>) -> Option<Verdict> {
    if expected.is_empty() {
        return None;
    }
    let faults = differences(expected, found);
    Some(Verdict::of(
        faults.is_empty(),
        format!("the result has {}", Value::Object(expected.clone())),
        faults.join("; "),
    ))
}

impl Report {
    /// Shows everything but the transcript.
    pub(super) fn show(&self, out: &Out) -> std::io::Result<()> {
        if self.steps.iter().any(|step| step.answered_ms.is_some() || !step.verdicts.is_empty()) {
            out.line("")?;
        }
        for step in &self.steps {
            let place = step.script_line.map_or_else(String::new, |line| format!(" (line {line})"));
            let answered = step.answered_ms.map_or_else(String::new, |ms| format!(", answered after {ms} ms"));
            let does: String = clean(&step.does).chars().take(70).collect();
            out.line(out.paint(Tone::Quiet, &format!("step {}{place}: {does}{answered}", step.step)))?;
            step.verdicts.iter().try_for_each(|verdict| verdict.show(out))?;
        }
        if !self.end.is_empty() {
            out.line(out.paint(Tone::Quiet, "at the end"))?;
            self.end.iter().try_for_each(|verdict| verdict.show(out))?;
        }
        for problem in &self.problems {
            out.line(format!("{} {}", out.paint(Tone::Bad, "problem:"), clean(problem)))?;
        }
        let reason = self.end_reason.as_deref().unwrap_or("not ended");
        let lasted = self.duration_ms.map_or_else(String::new, |ms| format!(" after {}", seconds(ms)));
        out.line(format!("{} {}  {}{lasted}", out.paint(Tone::Quiet, "call"), self.call, clean(reason)))?;
        if !self.result.is_empty() {
            let result = Value::Object(self.result.clone()).to_string();
            out.line(format!("{} {}", out.paint(Tone::Quiet, "result"), clean(&result)))?;
        }
        let verdicts = || self.steps.iter().flat_map(|step| &step.verdicts).chain(&self.end);
        let (all, kept) = (verdicts().count(), verdicts().filter(|verdict| verdict.ok).count());
        let expectations = if all > 0 { format!(", {kept} of {all} expectations met") } else { String::new() };
        let (tone, word) = if self.ok { (Tone::Good, "ok") } else { (Tone::Bad, "failed") };
        out.line(format!("{}{expectations}", out.paint(tone, word)))
    }
}

impl Verdict {
    fn show(&self, out: &Out) -> std::io::Result<()> {
        let (tone, word) = if self.ok { (Tone::Good, "ok    ") } else { (Tone::Bad, "failed") };
        let found = self.found.as_deref().map(|found| format!(": {found}")).unwrap_or_default();
        out.line(format!("  {}  {}", out.paint(tone, word), clean(&format!("{}{found}", self.expected))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::path::Path;

    const SCRIPT: &str = r#"
[[step]]
say = "How old?"
expect = ["forty", "/two$/"]
expect_not = "sorry"
expect_result = { age = 42 }
[[step]]
say = "Bye."
expect = "good-bye"
[end]
expect_reason = "agent-hangup"
"#;

    fn subject() -> Subject {
        Subject { call: "c".into(), agent_id: "a".into(), agent_version: json!(1), channel: "chat" }
    }

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn step(answer: &str, result: &Value) -> PlayedStep {
        PlayedStep { answer: answer.into(), result: object(result), ..PlayedStep::default() }
    }

    fn judged(played: Played) -> Report {
        judge(subject(), &Script::parse(SCRIPT, Path::new("")).unwrap(), played)
    }

    #[test]
    fn what_is_expected_and_happens_is_ok() {
        let steps = vec![step("Forty-two", &json!({"age": 42})), step("Good-bye!", &json!({}))];
        let report = judged(Played { steps, end: Some(("agent-hangup".into(), 9)), ..Played::default() });
        assert!(report.ok, "{report:#?}");
        assert_eq!(report.steps[0].verdicts.len(), 4);
    }

    #[test]
    fn what_does_not_happen_is_told_with_what_was_found() {
        let skipped = PlayedStep { skipped: true, ..PlayedStep::default() };
        let steps = vec![step("Sorry, forty.", &json!({"age": 41})), skipped];
        let report = judged(Played { steps, end: Some(("failed".into(), 9)), ..Played::default() });
        assert!(!report.ok);
        let verdicts: Vec<(bool, Option<&str>)> =
            report.steps.iter().flat_map(|step| &step.verdicts).map(|v| (v.ok, v.found.as_deref())).collect();
        let said = Some("it says \"Sorry, forty.\"");
        let expected = [
            (true, None),
            (false, said),
            (false, said),
            (false, Some("`age` is 41, expected 42")),
            (false, Some("the call was over before")),
        ];
        assert_eq!(verdicts, expected);
        assert_eq!(report.end[0].found.as_deref(), Some("failed"));
    }

    #[test]
    fn a_problem_on_the_line_is_a_failure_though_nothing_was_expected() {
        let played = Played { problems: vec!["lost".into()], ..Played::default() };
        let report = judge(subject(), &Script::default(), played);
        assert!(!report.ok);
    }
}
