//! A real browser: headless Chromium with a profile of its own, driven over WebDriver. Its microphone hears a file.

mod commands;
mod microphone;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::TimeoutConfiguration;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::process::Process;
use commands::{Cdp, Log};

pub use fantoccini::key;
pub use microphone::{Heard, microphone_file};

/// What chromedriver says before its port.
const PORT_LINE: &str = "started successfully on port ";
const START_PATIENCE: Duration = Duration::from_secs(60);
/// What must happen by itself happens within this; chromedriver itself gives up a little later.
const PATIENCE_MS: u64 = 60_000;

/// How a browser is set up.
#[derive(Debug, Clone)]
pub struct BrowserSpec {
    /// What the microphone hears, once, from the moment it is opened; none given: beeps.
    pub microphone: Option<PathBuf>,
    /// Whether questions for the microphone are answered with yes.
    pub allows_microphone: bool,
    /// Width and height of the page, CSS pixels.
    pub size: (u32, u32),
    /// As a telephone: touch, two pixels per CSS pixel.
    pub phone: bool,
    /// Prefers dark pages.
    pub dark: bool,
}

impl Default for BrowserSpec {
    fn default() -> Self {
        Self { microphone: None, allows_microphone: true, size: (1440, 900), phone: false, dark: false }
    }
}

/// A browser with one tab. Dropping it ends the browser and removes its profile.
pub struct Browser {
    client: Client,
    folder: TempDir,
    _driver: Process,
}

impl Browser {
    /// Starts chromedriver and a browser.
    pub async fn start(spec: &BrowserSpec) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("trunkline-browser-").tempdir()?;
        let mut command = Command::new("chromedriver");
        command.arg("--port=0");
        let driver = Process::start("chromedriver", command, &[PORT_LINE])
            .context("scenarios with a browser need `apt-get install chromium chromium-driver`")?;
        let port = driver.announced(PORT_LINE, START_PATIENCE).await?;
        let address = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(spec, folder.path()))
            .connect(&address)
            .await
            .with_context(|| format!("no browser:{}", driver.output()))?;
        let script = Some(Duration::from_millis(PATIENCE_MS + 10_000));
        client.update_timeouts(TimeoutConfiguration::new(script, None, None)).await?;
        let browser = Self { client, folder, _driver: driver };
        browser.appear(spec).await?;
        Ok(browser)
    }

    async fn appear(&self, spec: &BrowserSpec) -> Result<()> {
        let (width, height) = spec.size;
        let scale = if spec.phone { 2 } else { 1 };
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": spec.phone});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await?;
        self.cdp("Emulation.setTouchEmulationEnabled", json!({"enabled": spec.phone})).await?;
        let scheme = if spec.dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.cdp("Emulation.setEmulatedMedia", features).await?;
        Ok(())
    }

    /// Opens an address; one that differs in its fragment only is loaded all the same.
    pub async fn open(&self, address: &str) -> Result<()> {
        self.client.goto("about:blank").await?;
        Ok(self.client.goto(address).await?)
    }

    /// The address shown.
    pub async fn address(&self) -> Result<String> {
        Ok(self.client.current_url().await?.into())
    }

    /// A command of the DevTools protocol.
    pub async fn cdp(&self, command: &str, parameters: Value) -> Result<Value> {
        Ok(self.client.issue_cmd(Cdp::new(command, &parameters)).await?)
    }

    /// What the page has written to its console since the last look, as `level message`; refused policies included.
    pub async fn console(&self) -> Result<Vec<String>> {
        let entries = self.client.issue_cmd(Log).await?;
        let entries = entries.as_array().context("the console is no list")?;
        Ok(entries.iter().map(|entry| format!("{} {}", entry["level"], entry["message"])).collect())
    }

    /// Runs a script in the page; a promise is waited for.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute(script, arguments).await?)
    }

    /// Waits until the body of a function gives something true, and gives that. It is asked at every change of the page.
    pub async fn until(&self, what: &str, body: &str) -> Result<Value> {
        let script = format!(
            "return new Promise((resolve) => {{
                const question = () => {{ {body} }};
                const look = () => {{
                    let answer = null;
                    try {{ answer = question(); }} catch {{ /* not there yet */ }}
                    if (answer) end(answer);
                }};
                const end = (answer) => {{
                    observer.disconnect();
                    clearInterval(again);
                    clearTimeout(limit);
                    resolve(answer);
                }};
                const observer = new MutationObserver(look);
                const changes = {{ subtree: true, childList: true, attributes: true, characterData: true }};
                observer.observe(document, changes);
                // Sizes, focus and typed text change without a change of the document.
                const again = setInterval(look, 50);
                const limit = setTimeout(() => end(null), {PATIENCE_MS});
                look();
            }});"
        );
        match self.client.execute(&script, Vec::new()).await {
            Ok(Value::Null) => bail!("not in time: {what}; the page says:\n{}", self.text("main").await?),
            Ok(answer) => Ok(answer),
            Err(error) => Err(anyhow!(error).context(format!("while waiting until {what}"))),
        }
    }

    /// Waits until an element is visible.
    pub async fn see(&self, css: &str) -> Result<Element> {
        let css_text = Value::from(css);
        let body = format!(
            "const all = [...document.querySelectorAll({css_text})];
            return all.find((one) => one.checkVisibility({{ visibilityProperty: true }})) ?? null;"
        );
        let found = self.until(&format!("{css} is visible"), &body).await?;
        let id = found.as_object().and_then(|found| found.values().next()?.as_str()).context("no element")?;
        Ok(Element::from_element_id(self.client.clone(), id.to_owned().into()))
    }

    /// Waits until an element is visible and its text contains another.
    pub async fn see_text(&self, css: &str, text: &str) -> Result<()> {
        let (css_text, wanted) = (Value::from(css), Value::from(text));
        let body = format!(
            "return [...document.querySelectorAll({css_text})].some(
                (one) => one.checkVisibility() && one.textContent.includes({wanted}));"
        );
        self.until(&format!("{css} says `{text}`"), &body).await.map(drop)
    }

    /// Waits for an element and presses it.
    pub async fn press(&self, css: &str) -> Result<()> {
        self.see(css).await?;
        let body = format!("const one = document.querySelector({}); return !one.disabled;", Value::from(css));
        self.until(&format!("{css} can be pressed"), &body).await?;
        Ok(self.see(css).await?.click().await?)
    }

    /// Types into the element that has the focus.
    pub async fn type_keys(&self, keys: &str) -> Result<()> {
        Ok(self.client.active_element().await?.send_keys(keys).await?)
    }

    /// Presses one key where the focus is.
    pub async fn key(&self, key: Key) -> Result<()> {
        self.type_keys(&char::from(key).to_string()).await
    }

    /// Replaces the text of a field as a paste does: at once.
    pub async fn paste(&self, css: &str, text: &str) -> Result<()> {
        self.see(css).await?.click().await?;
        let script = "const field = document.querySelector(arguments[0]);
            field.focus();
            field.select();
            document.execCommand('insertText', false, arguments[1]);";
        self.run(script, vec![json!(css), json!(text)]).await.map(drop)
    }

    /// The text of the first element that fits, as in the document.
    pub async fn text(&self, css: &str) -> Result<String> {
        let found = self.run("return document.querySelector(arguments[0])?.innerText ?? '';", vec![json!(css)]).await?;
        Ok(found.as_str().unwrap_or_default().to_owned())
    }

    /// The texts of all elements that fit.
    pub async fn texts(&self, css: &str) -> Result<Vec<String>> {
        let script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent);";
        Ok(serde_json::from_value(self.run(script, vec![json!(css)]).await?)?)
    }

    /// The value of a field.
    pub async fn value(&self, css: &str) -> Result<String> {
        let found = self.run("return document.querySelector(arguments[0]).value;", vec![json!(css)]).await?;
        Ok(found.as_str().unwrap_or_default().to_owned())
    }

    /// A picture of the page, as PNG.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        Ok(self.client.screenshot().await?)
    }

    /// Opens another tab of the same browser and goes on in it.
    pub async fn another_tab(&self) -> Result<()> {
        let tab = self.client.new_window(true).await?;
        Ok(self.client.switch_to_window(tab.handle).await?)
    }

    /// Goes on in a tab, counted from 0 in the order in which they were opened.
    pub async fn tab(&self, number: usize) -> Result<()> {
        let tabs = self.client.windows().await?;
        let tab = tabs.into_iter().nth(number).context("there is no such tab")?;
        Ok(self.client.switch_to_window(tab).await?)
    }

    /// Finds an element that must be there already.
    pub async fn element(&self, css: &str) -> Result<Element> {
        Ok(self.client.find(Locator::Css(css)).await?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromedriver is killed with its process; the browser would outlive it. Chromium says who has a profile.
        let owner = std::fs::read_link(self.folder.path().join("profile/SingletonLock"));
        let pid = owner.ok().and_then(|owner| owner.to_string_lossy().rsplit('-').next()?.parse().ok());
        if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
        }
    }
}

fn capabilities(spec: &BrowserSpec, folder: &Path) -> Map<String, Value> {
    let mut flags: Vec<String> = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=en-US",
        "--use-fake-device-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
    ]
    .map(str::to_owned)
    .into();
    flags.push(format!("--user-data-dir={}", folder.join("profile").display()));
    flags.push(format!("--window-size={},{}", spec.size.0, spec.size.1));
    if spec.allows_microphone {
        flags.push("--use-fake-ui-for-media-stream".to_owned());
    }
    if let Some(file) = &spec.microphone {
        flags.push(format!("--use-file-for-fake-audio-capture={}%noloop", file.display()));
    }
    let options = json!({"args": flags});
    let all = [("goog:chromeOptions", options), ("goog:loggingPrefs", json!({"browser": "ALL"}))];
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
