//! What calls cost, by a price list that the operator keeps: providers bill later, and in their own words.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use trunkline_contract::agent::Agent;
use trunkline_contract::event::Usage;

/// What the parts of a call cost, US dollars. What is not listed costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prices {
    /// By `provider/model`, or `provider` for all of its models.
    pub llm: BTreeMap<String, TokenPrice>,
    /// Of a minute that is listened to, by `provider/model` or `provider`.
    pub stt_per_minute: BTreeMap<String, f64>,
    /// Of a thousand letters that are spoken, by `provider/model` or `provider`.
    pub tts_per_1k_letters: BTreeMap<String, f64>,
    /// Of a minute of the line, by the call's channel.
    pub line_per_minute: BTreeMap<String, f64>,
}

/// What a million tokens cost, US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenPrice {
    /// Read.
    pub input_per_million: f64,
    /// Read from the provider's cache; none given: as `input_per_million`.
    pub cached_per_million: Option<f64>,
    /// Written.
    pub output_per_million: f64,
}

/// What one call costs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    tokens: TokenPrice,
    per_letter: f64,
    per_ms: f64,
    /// US dollars, without what grows with time.
    spent: f64,
    /// What agents before this one had cost by the time they were replaced, and when that was, ms.
    since_ms: u64,
}

impl Meter {
    pub(crate) fn new(prices: &Prices, agent: &Agent, channel: &str) -> Self {
        let mut meter = Self::default();
        meter.change(prices, agent, channel, 0);
        meter
    }

    /// Another agent leads from `at_ms` on.
    pub(crate) fn change(&mut self, prices: &Prices, agent: &Agent, channel: &str, at_ms: u64) {
        self.spent = self.dollars(at_ms);
        self.since_ms = at_ms;
        let name = |provider: &str, model: Option<&str>| {
            let whole = model.map(|model| format!("{provider}/{model}"));
            (whole.unwrap_or_default(), provider.to_owned())
        };
        self.tokens = agent.llm.as_ref().map_or_else(TokenPrice::default, |llm| {
            let (whole, provider) = name(&wire(&llm.provider), llm.model.as_deref());
            prices.llm.get(&whole).or(prices.llm.get(&provider)).copied().unwrap_or_default()
        });
        let of = |list: &BTreeMap<String, f64>, names: (String, String)| {
            list.get(&names.0).or(list.get(&names.1)).copied().unwrap_or_default()
        };
        self.per_letter = agent.tts.as_ref().map_or(0.0, |tts| {
            of(&prices.tts_per_1k_letters, name(&wire(&tts.provider), tts.model.as_deref())) / 1_000.0
        });
        let heard = agent
            .stt
            .as_ref()
            .filter(|_| channel != crate::line::Line::CHAT)
            .map_or(0.0, |stt| of(&prices.stt_per_minute, name(&wire(&stt.provider), stt.model.as_deref())));
        let line = prices.line_per_minute.get(channel).copied().unwrap_or_default();
        self.per_ms = (heard + line) / 60_000.0;
    }

    pub(crate) fn thought(&mut self, usage: Usage) {
        let fresh = f64::from(usage.input_tokens.saturating_sub(usage.cached_tokens));
        let cached = self.tokens.cached_per_million.unwrap_or(self.tokens.input_per_million);
        let sum = fresh * self.tokens.input_per_million
            + f64::from(usage.cached_tokens) * cached
            + f64::from(usage.output_tokens) * self.tokens.output_per_million;
        self.spent += sum / 1_000_000.0;
    }

    pub(crate) fn spoke(&mut self, text: &str) {
        self.spent += self.per_letter * f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
    }

    /// What it has cost at `now_ms` of the call's clock, US dollars.
    pub(crate) fn dollars(&self, now_ms: u64) -> f64 {
        let lasted = u32::try_from(now_ms.saturating_sub(self.since_ms)).unwrap_or(u32::MAX);
        self.spent + self.per_ms * f64::from(lasted)
    }

    /// The same in millionths.
    pub(crate) fn micros(&self, now_ms: u64) -> u64 {
        // A cost is neither negative nor beyond what is exact.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let micros = (self.dollars(now_ms) * 1_000_000.0).round().clamp(0.0, 9e15) as u64;
        micros
    }
}

/// What a provider is called in contracts and price lists.
fn wire(provider: &impl Serialize) -> String {
    serde_json::to_value(provider).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn agent() -> Agent {
        serde_json::from_value(json!({
            "name": "a", "prompt": {},
            "llm": {"provider": "openai", "model": "small"},
            "stt": {"provider": "deepgram"},
            "tts": {"provider": "elevenlabs", "voice": "v"},
        }))
        .unwrap()
    }

    fn prices() -> Prices {
        serde_json::from_value(json!({
            "llm": {"openai/small": {"input_per_million": 1.0, "cached_per_million": 0.5, "output_per_million": 4.0}},
            "stt_per_minute": {"deepgram": 0.006},
            "tts_per_1k_letters": {"elevenlabs": 0.1},
            "line_per_minute": {"phone-inbound": 0.0085},
        }))
        .unwrap()
    }

    #[test]
    fn a_call_costs_what_its_parts_cost() {
        let mut meter = Meter::new(&prices(), &agent(), "phone-inbound");
        meter.thought(Usage { input_tokens: 3_000, output_tokens: 500, cached_tokens: 1_000 });
        meter.spoke(&"x".repeat(200));
        let expected = 2_000 + 500 + 2_000 + 20_000 + 29_000;
        assert_eq!(meter.micros(120_000), expected);
    }

    #[test]
    fn what_is_not_listed_costs_nothing_and_writing_is_not_heard() {
        assert_eq!(Meter::new(&Prices::default(), &agent(), "phone-inbound").micros(3_600_000), 0);
        assert_eq!(Meter::new(&prices(), &agent(), "chat").micros(3_600_000), 0);
    }

    #[test]
    fn another_agent_goes_on_from_what_was_spent() {
        let mut meter = Meter::new(&prices(), &agent(), "phone-inbound");
        meter.change(&Prices::default(), &agent(), "phone-inbound", 60_000);
        assert_eq!(meter.micros(600_000), 14_500);
    }
}
