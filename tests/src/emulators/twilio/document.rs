//! Reads TwiML as strictly as Twilio does, or more: what the emulator cannot carry out is an error in words.

use roxmltree::{Document as Xml, Node};

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verb {
    Connect { action: Option<String>, url: String, status_callback: Option<String>, parameters: Vec<(String, String)> },
    Dial { number: String, caller_id: Option<String>, action: Option<String>, timeout_s: Option<u32> },
    Say(String),
    Pause(u64),
    Reject(String),
    Hangup,
}

/// Parses a document; the error says what is wrong with it.
pub(super) fn parse(xml: &str) -> Result<Vec<Verb>, String> {
    let document = Xml::parse(xml).map_err(|error| format!("the TwiML is not XML: {error}"))?;
    let root = document.root_element();
    expect_name(root, "Response")?;
    let verbs: Vec<Verb> = elements(root).map(verb).collect::<Result<_, _>>()?;
    if verbs.iter().skip(1).any(|verb| matches!(verb, Verb::Reject(_))) {
        return Err("<Reject> must be the first verb: after another one the call is already answered".into());
    }
    Ok(verbs)
}

fn verb(node: Node<'_, '_>) -> Result<Verb, String> {
    match node.tag_name().name() {
        "Connect" => connect(node),
        "Dial" => {
            attributes(node, &["callerId", "action", "method", "timeout"])?;
            let number = match only_element(node)? {
                Some(inner) => {
                    expect_name(inner, "Number")?;
                    inner.text()
                }
                None => node.text(),
            };
            let number = number.map(str::trim).filter(|number| !number.is_empty()).ok_or("<Dial> names no number")?;
            Ok(Verb::Dial {
                number: number.to_owned(),
                caller_id: owned(node, "callerId"),
                action: owned(node, "action"),
                timeout_s: number_of(node, "timeout")?,
            })
        }
        "Say" => {
            attributes(node, &["voice", "language", "loop"])?;
            Ok(Verb::Say(node.text().unwrap_or_default().to_owned()))
        }
        "Pause" => {
            attributes(node, &["length"])?;
            Ok(Verb::Pause(number_of(node, "length")?.unwrap_or(1)))
        }
        "Reject" => {
            attributes(node, &["reason"])?;
            match node.attribute("reason").unwrap_or("rejected") {
                reason @ ("rejected" | "busy") => Ok(Verb::Reject(reason.to_owned())),
                other => Err(format!("<Reject> has the reason {other:?}, Twilio knows rejected and busy")),
            }
        }
        "Hangup" => {
            attributes(node, &[])?;
            Ok(Verb::Hangup)
        }
        other => Err(format!("the verb <{other}> is not emulated")),
    }
}

fn connect(node: Node<'_, '_>) -> Result<Verb, String> {
    attributes(node, &["action", "method"])?;
    let stream = only_element(node)?.ok_or("<Connect> is empty")?;
    expect_name(stream, "Stream")?;
    attributes(stream, &["url", "name", "statusCallback", "statusCallbackMethod"])?;
    let url = owned(stream, "url").ok_or("<Stream> has no url")?;
    if !url.starts_with("wss://") && !url.starts_with("ws://") {
        return Err(format!("<Stream> must have a wss:// url, not {url}"));
    }
    if url.contains('?') {
        return Err(format!("Twilio does not carry a query string in the url of a <Stream>: {url}"));
    }
    let mut parameters = Vec::new();
    for parameter in elements(stream) {
        expect_name(parameter, "Parameter")?;
        attributes(parameter, &["name", "value"])?;
        let name = owned(parameter, "name").ok_or("<Parameter> has no name")?;
        let value = owned(parameter, "value").ok_or("<Parameter> has no value")?;
        let chars = name.chars().count() + value.chars().count();
        if chars >= 500 {
            return Err(format!(
                "<Parameter> {name} has {chars} characters with its name, Twilio takes fewer than 500"
            ));
        }
        parameters.push((name, value));
    }
    let status_callback = owned(stream, "statusCallback");
    Ok(Verb::Connect { action: owned(node, "action"), url, status_callback, parameters })
}

fn elements<'a, 'input>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

fn only_element<'a, 'input>(node: Node<'a, 'input>) -> Result<Option<Node<'a, 'input>>, String> {
    let mut inner = elements(node);
    let first = inner.next();
    match inner.next() {
        None => Ok(first),
        Some(second) => Err(format!(
            "<{}> holds more than one element: also <{}>",
            node.tag_name().name(),
            second.tag_name().name()
        )),
    }
}

fn expect_name(node: Node<'_, '_>, name: &str) -> Result<(), String> {
    let found = node.tag_name().name();
    if found == name { Ok(()) } else { Err(format!("expected <{name}>, found <{found}>")) }
}

fn attributes(node: Node<'_, '_>, known: &[&str]) -> Result<(), String> {
    match node.attributes().find(|attribute| !known.contains(&attribute.name())) {
        Some(unknown) => Err(format!("<{}> has the attribute {}", node.tag_name().name(), unknown.name())),
        None => Ok(()),
    }
}

fn owned(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).map(str::to_owned)
}

fn number_of<N: std::str::FromStr>(node: Node<'_, '_>, name: &str) -> Result<Option<N>, String> {
    let Some(text) = node.attribute(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("<{}> has {name}={text:?}, not a number", node.tag_name().name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_twilio::twiml;

    #[test]
    fn what_the_host_builds_is_read() {
        let stream = twiml::Stream::new("ws://127.0.0.1:1/m").parameter("call_token", "a&b");
        let response = twiml::Response::new()
            .then(twiml::Connect { action: Some("http://h/after".into()), stream })
            .then(twiml::Dial { timeout_s: Some(20), ..twiml::Dial::new("+15550001") })
            .then(twiml::Say::new("Bye"))
            .then(twiml::Verb::Pause(2))
            .then(twiml::Verb::Hangup);
        let verbs = parse(&response.to_xml().unwrap()).unwrap();
        assert_eq!(
            verbs,
            [
                Verb::Connect {
                    action: Some("http://h/after".into()),
                    url: "ws://127.0.0.1:1/m".into(),
                    status_callback: None,
                    parameters: vec![("call_token".into(), "a&b".into())],
                },
                Verb::Dial { number: "+15550001".into(), caller_id: None, action: None, timeout_s: Some(20) },
                Verb::Say("Bye".into()),
                Verb::Pause(2),
                Verb::Hangup,
            ]
        );
        let busy = parse(&twiml::Response::overloaded(None).to_xml().unwrap()).unwrap();
        assert_eq!(busy, [Verb::Reject("busy".into())]);
    }

    #[test]
    fn what_cannot_be_carried_out_is_said() {
        let table = [
            ("hello", "the TwiML is not XML"),
            ("<Resp/>", "expected <Response>"),
            ("<Response><Gather/></Response>", "the verb <Gather> is not emulated"),
            ("<Response><Connect/></Response>", "<Connect> is empty"),
            ("<Response><Connect><Stream url='https://h'/></Connect></Response>", "must have a wss:// url"),
            ("<Response><Connect><Stream url='wss://h?a=b'/></Connect></Response>", "query string"),
            ("<Response><Say/><Reject/></Response>", "must be the first verb"),
            ("<Response><Pause length='x'/></Response>", "not a number"),
            ("<Response><Hangup now='1'/></Response>", "has the attribute now"),
        ];
        for (xml, expected) in table {
            let error = parse(xml).unwrap_err();
            assert!(error.contains(expected), "{xml}: {error}");
        }
    }
}
