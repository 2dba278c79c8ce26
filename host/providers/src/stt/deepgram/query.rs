//! The address of a stream, with everything that it shall do.

use crate::stt::SttRequest;
use trunkline_contract::speech::AudioFormat;
use trunkline_egress::Url;

/// The model of those who name none.
const DEFAULT_MODEL: &str = "nova-3";

pub(super) fn address(base: &Url, request: &SttRequest) -> Url {
    let mut url = base.clone();
    let path = format!("{}/v1/listen", base.path().trim_end_matches('/'));
    url.set_path(&path);
    let (encoding, hz) = match request.format {
        AudioFormat::Mulaw8k => ("mulaw", 8_000),
        AudioFormat::Pcm16 { hz } => ("linear16", hz),
    };
    let mut query = url.query_pairs_mut();
    let model = request.model.as_deref().unwrap_or(DEFAULT_MODEL);
    query.append_pair("model", model);
    if let Some(language) = &request.language {
        query.append_pair("language", language);
    }
    query.append_pair("encoding", encoding);
    query.append_pair("sample_rate", &hz.to_string());
    query.append_pair("channels", "1");
    query.append_pair("interim_results", "true");
    query.append_pair("punctuate", "true");
    match request.endpointing_ms {
        Some(ms) => query.append_pair("endpointing", &ms.to_string()),
        None => query.append_pair("endpointing", "false"),
    };
    if let Some(ms) = request.utterance_end_ms {
        query.append_pair("utterance_end_ms", &ms.max(1_000).to_string());
    }
    // Models before the third generation know only the older name.
    let keyterm = if model.starts_with("nova-3") { "keyterm" } else { "keywords" };
    for term in &request.keyterms {
        query.append_pair(keyterm, term);
    }
    drop(query);
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_contract::agent;

    fn stt(json: &str) -> agent::Stt {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_phone_call_is_sent_as_it_is() {
        let stt = stt(r#"{"provider":"deepgram","keyterms":["Trunkline","zwei Wörter"]}"#);
        let request = SttRequest::new(&stt, "de-DE", AudioFormat::Mulaw8k);
        let url = address(&"wss://api.deepgram.com".parse().unwrap(), &request);
        assert_eq!(
            url.as_str(),
            "wss://api.deepgram.com/v1/listen?model=nova-3&language=de-DE&encoding=mulaw&sample_rate=8000&channels=1\
             &interim_results=true&punctuate=true&endpointing=300&utterance_end_ms=1000&keyterm=Trunkline\
             &keyterm=zwei+W%C3%B6rter"
        );
    }

    #[test]
    fn a_servers_own_path_is_kept() {
        let mut request = SttRequest::new(
            &stt(r#"{"provider":"deepgram","model":"nova-2","language":"en","keyterms":["x"]}"#),
            "de",
            AudioFormat::Pcm16 { hz: 16_000 },
        );
        request.endpointing_ms = None;
        request.utterance_end_ms = None;
        let url = address(&"http://127.0.0.1:9/stt/".parse().unwrap(), &request);
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:9/stt/v1/listen?model=nova-2&language=en&encoding=linear16&sample_rate=16000&channels=1\
             &interim_results=true&punctuate=true&endpointing=false&keywords=x"
        );
    }
}
