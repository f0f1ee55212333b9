//! From a page to an answer, with the headers that every page needs.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// A page that can be rendered and knows which status it is answered with.
pub trait Page: Template {
    /// The HTTP status that fits what the page says.
    fn status(&self) -> StatusCode;
}

/// The content security policy of every page: nothing but our own stylesheet, script and pictures.
///
/// `return_origin` is where the page's last form is redirected to (the origin of the prompt's
/// `return_url`, such as `https://panel.voorbeeld.nl`); browsers hold redirects after a form to
/// `form-action` too. What is not an origin is left out.
pub fn content_security_policy(return_origin: Option<&str>) -> String {
    let mut policy = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self'"
        .to_owned();
    if let Some(origin) = return_origin.and_then(|origin| url::Url::parse(origin).ok())
        && let origin @ url::Origin::Tuple(..) = origin.origin()
    {
        // The URL standard lets `*`, `;` and quotes into a host; a policy gives them a meaning.
        let origin = origin.ascii_serialization();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/[]".contains(c);
        if origin.chars().all(plain) {
            policy.push(' ');
            policy.push_str(&origin);
        }
    }
    policy
}

/// Renders a page and answers it, never to be cached, framed or referred from.
pub fn respond(page: &impl Page, return_origin: Option<&str>) -> Response {
    let html = match page.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut headers = HeaderMap::new();
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        // Forms need their Origin; other sites get nothing.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::VARY, "accept-language, cookie"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(return_origin)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    (page.status(), headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_nothing_inline_and_nothing_foreign() {
        let policy = content_security_policy(None);
        assert!(policy.starts_with("default-src 'none'"));
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"));
    }

    #[test]
    fn the_last_form_may_end_at_the_origin_of_the_panel_only() {
        let policy = content_security_policy(Some("https://panel.voorbeeld.nl:8443/2fa?x=1"));
        assert!(policy.ends_with("form-action 'self' https://panel.voorbeeld.nl:8443"));
    }

    #[test]
    fn what_is_not_an_origin_does_not_get_into_the_policy() {
        for origin in ["", "'unsafe-inline'", "javascript:alert(1)", "data:,x", "https://*", "https://a;b"] {
            assert_eq!(content_security_policy(Some(origin)), content_security_policy(None));
        }
    }
}
