//! From an agent's contract to the provider that it names.

use crate::config::{EndpointConfig, ProvidersConfig, Secret};
use crate::documents::Documents;
use crate::error::{ErrorKind, ProviderError};
use crate::llm::{Llm, builtin, builtin::Builtin, openai, openai::OpenAi};
use crate::local::{self, Local, ProgramStatus};
use crate::stt::{Stt, deepgram, deepgram::Deepgram};
use crate::tts::{Tts, elevenlabs, elevenlabs::ElevenLabs};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use trunkline_contract::agent;
use trunkline_egress::{Egress, HttpClient, Policy, Url};

/// All providers of this host. Shared between calls; connections to language models are pooled here.
#[derive(Clone)]
pub struct Providers {
    deepgram: Result<Arc<Deepgram>, ProviderError>,
    openai: Result<Arc<OpenAi>, ProviderError>,
    elevenlabs: Result<Arc<ElevenLabs>, ProviderError>,
    local: Local,
    tenants: HttpClient,
}

/// What a provider does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names of the field")]
pub enum Kind {
    Stt,
    Llm,
    Tts,
}

/// A provider as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProviderStatus {
    /// As in contracts.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// It can be used.
    pub ready: bool,
    /// What to do when it cannot.
    pub problem: Option<String>,
    /// The programs of `local`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<ProgramStatus>,
}

impl Providers {
    /// Addresses in `config` are the operator's and trusted; those in agents' contracts pass `tenants`. A provider that
    /// is not usable (no key, an address that is none) fails when it is asked for, with a sentence that says why.
    ///
    /// # Errors
    /// The HTTP clients cannot be set up.
    pub fn new(config: &ProvidersConfig, egress: &Egress, tenants: Policy) -> Result<Self, ProviderError> {
        let client =
            |policy| egress.http(policy).map_err(|e| ProviderError::from_egress(openai::NAME, &e, &Secret::default()));
        let trusted = client(Policy::trusted())?;
        let deepgram = endpoint(deepgram::NAME, &config.deepgram, deepgram::PUBLIC);
        let openai = endpoint(openai::NAME, &config.openai, openai::PUBLIC);
        let elevenlabs = endpoint(elevenlabs::NAME, &config.elevenlabs, elevenlabs::PUBLIC);
        Ok(Self {
            deepgram: deepgram.map(|(url, key)| Arc::new(Deepgram::new(egress.clone(), Policy::trusted(), url, key))),
            openai: openai.map(|(url, key)| Arc::new(OpenAi::new(trusted, url, key))),
            elevenlabs: elevenlabs
                .map(|(url, key)| Arc::new(ElevenLabs::new(egress.clone(), Policy::trusted(), url, key))),
            local: Local::new(&config.local),
            tenants: client(tenants)?,
        })
    }

    /// The provider of speech recognition.
    ///
    /// # Errors
    /// It is not configured.
    pub fn stt(&self, settings: &agent::Stt) -> Result<Arc<dyn Stt>, ProviderError> {
        match settings.provider {
            agent::SttProvider::Deepgram => Ok(self.deepgram.clone()?),
            agent::SttProvider::Local => {
                self.local.can_listen(settings.model.as_deref())?;
                Ok(Arc::new(self.local.clone()))
            }
        }
    }

    /// The provider of the language model. An address in the contract is asked under the tenants' policy, and without
    /// the operator's key. `documents` are the agent's, for the engine that looks into them by itself.
    ///
    /// # Errors
    /// It is not configured, or the contract's address cannot be used.
    pub fn llm(
        &self,
        settings: &agent::Llm,
        documents: Option<Arc<dyn Documents>>,
    ) -> Result<Arc<dyn Llm>, ProviderError> {
        match (settings.provider, &settings.base_url) {
            (agent::LlmProvider::Builtin, _) => Ok(Arc::new(Builtin::new(documents))),
            (agent::LlmProvider::Openai, None) => Ok(self.openai.clone()?),
            (agent::LlmProvider::Openai, Some(url)) => {
                let url = parse(openai::NAME, url)?;
                Ok(Arc::new(OpenAi::new(self.tenants.clone(), url, Secret::default())))
            }
        }
    }

    /// The provider of speech synthesis; `locale` chooses among what is on this machine.
    ///
    /// # Errors
    /// It is not configured.
    pub fn tts(&self, settings: &agent::Tts, locale: &str) -> Result<Arc<dyn Tts>, ProviderError> {
        match settings.provider {
            agent::TtsProvider::Elevenlabs => Ok(self.elevenlabs.clone()?),
            agent::TtsProvider::Local => {
                self.local.can_speak(settings.model.as_deref(), settings.voice.as_deref(), locale)?;
                Ok(Arc::new(self.local.clone()))
            }
        }
    }

    /// All providers and whether they can be used.
    pub fn status(&self) -> Vec<ProviderStatus> {
        let programs = |name, kind, programs: Vec<ProgramStatus>| {
            let ready = programs.iter().any(|program| program.ready);
            let problem = programs.iter().find_map(|program| program.problem.clone()).filter(|_| !ready);
            ProviderStatus { name, kind, ready, problem, programs }
        };
        let remote = |name, kind, problem: Option<&ProviderError>| {
            let problem = problem.map(|error| error.message.clone());
            ProviderStatus { name, kind, ready: problem.is_none(), problem, programs: Vec::new() }
        };
        vec![
            programs(local::NAME, Kind::Stt, self.local.listeners()),
            programs(local::NAME, Kind::Tts, self.local.speakers()),
            remote(builtin::NAME, Kind::Llm, None),
            remote(deepgram::NAME, Kind::Stt, self.deepgram.as_ref().err()),
            remote(openai::NAME, Kind::Llm, self.openai.as_ref().err()),
            remote(elevenlabs::NAME, Kind::Tts, self.elevenlabs.as_ref().err()),
        ]
    }

    /// What is wrong with the configuration, one error per provider that cannot be used.
    pub fn problems(&self) -> Vec<&ProviderError> {
        let problems = [self.deepgram.as_ref().err(), self.openai.as_ref().err(), self.elevenlabs.as_ref().err()];
        problems.into_iter().flatten().collect()
    }
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Providers").field("problems", &self.problems()).finish_non_exhaustive()
    }
}

fn endpoint(name: &'static str, config: &EndpointConfig, public: &'static str) -> Result<(Url, Secret), ProviderError> {
    if config.url.is_none() && config.api_key.is_empty() {
        let message = format!("there is no key: set `providers.{name}.api_key`");
        return Err(ProviderError::new(name, ErrorKind::Unauthorised, message));
    }
    let url = parse(name, config.url.as_deref().unwrap_or(public))?;
    Ok((url, config.api_key.clone()))
}

fn parse(name: &'static str, url: &str) -> Result<Url, ProviderError> {
    let unusable = |why: &str| ProviderError::new(name, ErrorKind::InvalidRequest, format!("its address {why}"));
    let url = Url::parse(url).map_err(|e| unusable(&format!("is not one: {e}")))?;
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
        return Err(unusable("must begin with https, http, wss or ws"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn providers(toml: serde_json::Value) -> Providers {
        let config = serde_json::from_value(toml).unwrap();
        Providers::new(&config, &Egress::new(vec![]).unwrap(), Policy::tenant(vec![])).unwrap()
    }

    fn llm(json: serde_json::Value) -> agent::Llm {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_provider_without_a_key_says_which_setting_is_missing() {
        let providers = providers(serde_json::json!({"openai": {"api_key": "k"}}));
        let problems: Vec<_> = providers.problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "deepgram: there is no key: set `providers.deepgram.api_key`",
                "elevenlabs: there is no key: set `providers.elevenlabs.api_key`"
            ]
        );
        assert!(providers.llm(&llm(serde_json::json!({"provider": "openai", "model": "m"})), None).is_ok());
    }

    #[test]
    fn an_operators_server_needs_no_key_but_an_address() {
        let local =
            providers(serde_json::json!({"deepgram": {"url": "ws://127.0.0.1:1"}, "openai": {"url": "nonsense"}}));
        let problems: Vec<_> = local.problems().iter().map(|e| (e.provider, e.kind)).collect();
        assert_eq!(problems, [("openai", ErrorKind::InvalidRequest), ("elevenlabs", ErrorKind::Unauthorised)]);
    }

    #[tokio::test]
    async fn a_tenants_address_passes_the_policy() {
        let providers = providers(serde_json::json!({}));
        for (url, kind) in [
            ("http://api.example.com/v1", ErrorKind::Denied),
            ("https://127.0.0.1/v1", ErrorKind::Denied),
            ("https://localhost/v1", ErrorKind::Denied),
        ] {
            let settings = llm(serde_json::json!({"provider": "openai", "model": "m", "base_url": url}));
            let error = providers.llm(&settings, None).unwrap().warm().await.unwrap_err();
            assert_eq!(error.kind, kind, "{url}: {error}");
        }
    }
}
