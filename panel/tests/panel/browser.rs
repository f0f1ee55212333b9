//! A browser with one cookie jar, which follows no redirect by itself.

use std::collections::HashMap;
use std::sync::Mutex;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, redirect};
use url::form_urlencoded;

/// What came back.
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    /// Where it redirects to.
    pub fn to(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text);
        self.headers[LOCATION].to_str().unwrap()
    }

    /// The value of the page's hidden field.
    pub fn form_token(&self) -> String {
        let (_, rest) = self.text.split_once(r#"name="form_token" value=""#).expect("a form");
        rest.split_once('"').unwrap().0.to_owned()
    }
}

pub struct Browser {
    client: Client,
    site: String,
    cookies: Mutex<HashMap<String, String>>,
}

impl Browser {
    pub fn at(site: &str) -> Self {
        // The first browser of the process names the crypto of all.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap();
        Self { client, site: site.to_owned(), cookies: Mutex::default() }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    pub async fn get(&self, path: &str) -> Page {
        self.get_with(path, "accept-language", "nl").await
    }

    pub async fn get_with(&self, path: &str, header: &'static str, value: &str) -> Page {
        self.send(self.client.get(self.address(path)).header(header, value)).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_with(path, fields, "sec-fetch-site", "same-origin").await
    }

    pub async fn post_with(&self, path: &str, fields: &[(&str, &str)], header: &'static str, value: &str) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = "application/x-www-form-urlencoded";
        let request = self.client.post(self.address(path)).header(header, value).header("content-type", kind);
        self.send(request.body(body)).await
    }

    fn address(&self, path: &str) -> String {
        if path.starts_with('/') { format!("{}{path}", self.site) } else { path.to_owned() }
    }

    async fn send(&self, request: RequestBuilder) -> Page {
        let pairs: Vec<_> = self.cookies.lock().unwrap().iter().map(|(n, v)| format!("{n}={v}")).collect();
        let response = request.header(COOKIE, pairs.join("; ")).send().await.unwrap();
        for set in response.headers().get_all(SET_COOKIE) {
            let (pair, rest) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if rest.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Page { status, headers, text: response.text().await.unwrap() }
    }
}
