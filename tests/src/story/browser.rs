//! A browser without a window: follows redirects, keeps cookies, fills in forms, and waits as the page's script does.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method, redirect};
use serde_json::Value;
use url::Url;

use super::html::{self, Form};

/// How long a page may take to change after whatever changes it.
const PATIENCE: Duration = Duration::from_secs(30);
/// What it calls itself.
pub const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) Story/1.0";

/// What a browser shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its address.
    pub url: Url,
    /// The status it came with.
    pub status: u16,
    /// The HTML.
    pub html: String,
}

/// One person's browser. Cookies belong to the host, whatever the port, as in every browser.
#[derive(Debug)]
pub struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
    /// Every address that it asked for, redirects too.
    pub visited: Vec<Url>,
}

impl Page {
    /// The form whose action ends so.
    ///
    /// # Errors
    /// When the page has none.
    pub fn form(&self, action: &str) -> Result<Form> {
        html::forms(&self.html)
            .into_iter()
            .find(|form| form.action.ends_with(action))
            .with_context(|| format!("no form {action} on {self}"))
    }

    /// The koppelcode that an enrol page shows.
    ///
    /// # Errors
    /// When it shows none.
    pub fn koppelcode(&self) -> Result<String> {
        html::text_of(&self.html, "class", "koppelcode").with_context(|| format!("no koppelcode on {self}"))
    }

    /// The pairing link that an enrol page shows.
    ///
    /// # Errors
    /// When it shows none.
    pub fn link(&self) -> Result<String> {
        html::textarea(&self.html).with_context(|| format!("no link on {self}"))
    }

    /// The number that a person types into the phone.
    ///
    /// # Errors
    /// When it shows none.
    pub fn number(&self) -> Result<String> {
        html::text_of(&self.html, "class", "number").with_context(|| format!("no number on {self}"))
    }

    /// In how many seconds the page lets its reader ask for another delivery.
    #[must_use]
    pub fn resend_after(&self) -> u64 {
        html::attribute(&self.html, "data-wait").and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
    }

    /// What is behind the login on the panel's start page: `device_signature` or `server`; an error where nobody is in.
    ///
    /// # Errors
    /// When this is not the start page of somebody who is in.
    pub fn evidence(&self) -> Result<String> {
        match html::attribute(&self.html, "data-evidence") {
            Some(evidence) if self.status == 200 => Ok(evidence),
            _ => bail!("not in: {self}"),
        }
    }

    /// Which screen of the server's page this is, such as `code-1` or `ended-fraud`.
    #[must_use]
    pub fn screen(&self) -> String {
        html::attribute(&self.html, "data-screen").unwrap_or_default()
    }
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = html::text(self.html.split_once("<main").map_or(&*self.html, |it| it.1));
        let short: String = text.chars().take(240).collect();
        // The query of an address may hold a result code.
        write!(f, "{} ({}): {short}", self.url.path(), self.status)
    }
}

impl Browser {
    /// A browser that has never been anywhere.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new() -> Result<Self> {
        crate::install_crypto();
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(40))
            .user_agent(USER_AGENT)
            .build()?;
        Ok(Self { http, cookies: BTreeMap::new(), visited: Vec::new() })
    }

    /// Opens an address and follows where it leads.
    ///
    /// # Errors
    /// When a server does not answer, or redirects without end.
    pub async fn open(&mut self, url: &str) -> Result<Page> {
        let page = self.ask(Method::GET, Url::parse(url)?, None).await?;
        self.follow(page).await
    }

    /// Sends a form and follows where it leads.
    ///
    /// # Errors
    /// See [`Browser::open`].
    pub async fn submit(&mut self, page: &Page, form: Form) -> Result<Page> {
        let sent = self.send(page, form).await?;
        self.follow(sent).await
    }

    /// Sends a form and stops at the first answer; where it redirects to.
    ///
    /// # Errors
    /// When the answer is no redirect.
    pub async fn submit_and_stop(&mut self, page: &Page, form: Form) -> Result<Url> {
        let sent = self.send(page, form).await?;
        sent.1.with_context(|| format!("no redirect: {}", sent.0))
    }

    /// Waits, by the page's own long poll, until its screen satisfies `wanted`, and loads the page again.
    ///
    /// # Errors
    /// When that does not happen in time.
    pub async fn until(&mut self, page: &Page, wanted: impl Fn(&str) -> bool) -> Result<Page> {
        self.within(PATIENCE, page, wanted).await
    }

    /// The same with a patience of one's own.
    ///
    /// # Errors
    /// When that does not happen in time.
    pub async fn within(&mut self, patience: Duration, page: &Page, wanted: impl Fn(&str) -> bool) -> Result<Page> {
        let path = html::attribute(&page.html, "data-page").with_context(|| format!("not a live page: {page}"))?;
        let mut version = html::attribute(&page.html, "data-version").unwrap_or_default();
        let mut screen = page.screen();
        let begin = Instant::now();
        while !wanted(&screen) {
            if begin.elapsed() > patience {
                bail!("the page stays on {screen}: {page}");
            }
            let asked = page.url.join(&format!("{path}/state?after={version}&wait=5"))?;
            let (answer, _) = self.ask(Method::GET, asked, None).await?;
            let state: Value = serde_json::from_str(&answer.html).with_context(|| format!("not a state: {answer}"))?;
            version = state["version"].to_string();
            screen = state["screen"].as_str().unwrap_or_default().to_owned();
        }
        self.open(page.url.join(&path)?.as_str()).await
    }

    async fn send(&mut self, page: &Page, form: Form) -> Result<(Page, Option<Url>)> {
        self.ask(Method::POST, page.url.join(&form.action)?, Some(form.fields)).await
    }

    async fn follow(&mut self, (mut page, mut next): (Page, Option<Url>)) -> Result<Page> {
        for _ in 0..10 {
            let Some(to) = next else { return Ok(page) };
            (page, next) = self.ask(Method::GET, to, None).await?;
        }
        bail!("redirects without end: {page}")
    }

    /// One request, as a browser that navigates makes it; the answer, and where it redirects to.
    async fn ask(
        &mut self,
        method: Method,
        url: Url,
        fields: Option<Vec<(String, String)>>,
    ) -> Result<(Page, Option<Url>)> {
        self.visited.push(url.clone());
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self
            .http
            .request(method, url.clone())
            .header("accept", "text/html,application/xhtml+xml")
            .header("accept-language", "en")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", cookies.join("; "));
        if let Some(fields) = fields {
            let origin = url.origin().ascii_serialization();
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            request =
                request.header("origin", origin).header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        for cookie in answer.headers().get_all("set-cookie") {
            self.keep(cookie.to_str()?);
        }
        let location = answer.headers().get("location").map(|to| to.to_str()).transpose()?;
        let next = match (status, location) {
            (301..=303 | 307 | 308, Some(to)) => Some(url.join(to)?),
            _ => None,
        };
        Ok((Page { url, status, html: answer.text().await? }, next))
    }

    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let gone = parts.any(|part| part.eq_ignore_ascii_case("max-age=0"));
        if gone || value.is_empty() {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
