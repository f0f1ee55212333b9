//! Forms: small, from this very page, and each rendered form counts once.
//!
//! A form token is `nonce.mac`, the MAC over what the form is for (a page, the desk), cookie and nonce: only the browser that holds it
//! can have one. The nonce is the form's idempotency key, so that a double click is one try.

use axum::body::Body;
use http::{HeaderMap, Uri};
use koppel_protocol::Bytes;
use koppel_protocol::bytes::{decode, encode};
use ring::hmac;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::body;
use crate::problem::{Problem, Slug};

/// A form is a few short fields.
const FORM: usize = 4 * 1024;

fn mac(app: &App, place: &[u8], cookie: &Bytes<32>, nonce: &str) -> hmac::Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, app.keys.session.expose());
    let mut context = hmac::Context::with_key(&key);
    context.update(b"koppel/form/v1");
    context.update(&app.epoch().to_be_bytes());
    context.update(place);
    context.update(cookie.as_bytes());
    context.update(nonce.as_bytes());
    context.sign()
}

/// A token for the forms of one rendering.
pub(crate) fn token(app: &App, place: &[u8], cookie: &Bytes<32>) -> Result<String, Problem> {
    let nonce = encode(&app.draw::<16>()?);
    let mac = encode(mac(app, place, cookie, &nonce).as_ref());
    Ok(format!("{nonce}.{mac}"))
}

/// The nonce of a genuine token.
pub(crate) fn nonce<'t>(app: &App, place: &[u8], cookie: &Bytes<32>, token: &'t str) -> Option<&'t str> {
    let (nonce, given) = token.split_once('.')?;
    let given = decode(given).ok()?;
    let genuine: bool = subtle::ConstantTimeEq::ct_eq(mac(app, place, cookie, nonce).as_ref(), given.as_slice()).into();
    (genuine && nonce.len() == 22).then_some(nonce)
}

/// Whether a browser says that the form was sent from this host. Browsers that say nothing pass: the token decides.
pub(crate) fn from_this_host(headers: &HeaderMap, own: &koppel_protocol::Origin) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = text("origin").is_none_or(|origin| origin == own.to_string());
    site && origin
}

/// Reads a form.
pub(crate) async fn read<T: DeserializeOwned>(headers: &HeaderMap, uri: &Uri, body: Body) -> Result<T, Problem> {
    if uri.query().is_some() {
        return Err(Problem::because(Slug::InvalidRequest, "A form has no query."));
    }
    let bytes = body::read(headers, body, FORM).await?;
    body::expect_type(headers, "application/x-www-form-urlencoded")?;
    let pairs = url::form_urlencoded::parse(&bytes);
    let mut object = serde_json::Map::new();
    for (name, value) in pairs {
        if object.insert(name.into_owned(), value.into_owned().into()).is_some() {
            return Err(Problem::because(Slug::InvalidField, "A field stands twice in the form."));
        }
    }
    serde_json::from_value(object.into())
        .map_err(|_| Problem::because(Slug::InvalidField, "A field of the form is missing or unknown."))
}
