//! `GET /p/{token}`: the first real visit of the described browser burns the token and takes the cookie.
//!
//! Link previews, prefetches and frames must not burn it, so they get a page with a link, and the token stays.

use axum::response::{IntoResponse, Redirect, Response};
use http::header::USER_AGENT;
use http::{HeaderMap, Method};
use koppel_domain::{Actor, Command, Needs, PromptState, Reply};
use koppel_store::Locator;

use super::super::Message;
use super::cookie::{self, NewCookie};
use super::show::{message, refusal, with_cookie};
use crate::app::{App, By};
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// Whether a person opened the address in a window. Browsers that do not tell pass.
fn is_visit(method: &Method, headers: &HeaderMap) -> bool {
    let is = |name: &str, wanted: &str| headers.get(name).is_none_or(|value| value.as_bytes() == wanted.as_bytes());
    let prefetch =
        headers.contains_key("sec-purpose") || headers.contains_key("purpose") || headers.contains_key("x-moz");
    *method == Method::GET && is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document") && !prefetch
}

/// Binds the browser, or says why not.
pub(super) async fn bind(app: &App, token: &str, method: &Method, source: Source, headers: &HeaderMap) -> Response {
    if !is_visit(method, headers) {
        return message(app, headers, Message::NotAWindow { address: format!("/p/{token}") });
    }
    match try_bind(app, token, source, headers).await {
        Ok(response) => response,
        Err(Refused::Page(shown)) => message(app, headers, shown),
        Err(Refused::Problem(problem)) => refusal(app, headers, token, &problem),
    }
}

enum Refused {
    Page(Message),
    Problem(Problem),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Refused {
        Refused::Problem(problem)
    }
}

async fn try_bind(app: &App, token: &str, source: Source, headers: &HeaderMap) -> Result<Response, Refused> {
    let hash = app.derive.page_token(token.as_bytes());
    let at = Locator::PageToken(hash);
    let needs = Needs { token: Some(hash), ..Needs::default() };
    let not_found = || Problem::new(Slug::NotFound);
    let account = app.account(at.clone(), needs).await?.ok_or_else(not_found)?;
    let prompt = account.prompts.iter().find(|prompt| prompt.token == hash).ok_or_else(not_found)?;
    let organisation = app.organisation(account.user.organisation)?;
    let secure = organisation.public_url.is_secure();
    // The same browser came back by its history: its page is still its page.
    if prompt.cookie.is_some() && cookie::held(app, headers, prompt.id, secure) == prompt.cookie {
        return Ok(Redirect::to(&format!("/p/{}", prompt.id)).into_response());
    }
    let was_open = prompt.state_at(app.now(), app.epoch()) == PromptState::Open;
    let cookie = NewCookie::draw(app)?;
    let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let command = Command::BindPrompt { token: hash, cookie: cookie.hash, user_agent };
    let by = By::new(Actor::Browser { organisation: organisation.id }, source);
    match app.decide(at, command, by).await {
        Ok(Reply::PromptBound { prompt }) => {
            let header = cookie.header(prompt.id, secure, organisation.policy.prompt_lifetime);
            let redirect = Redirect::to(&format!("/p/{}", prompt.id)).into_response();
            Ok(with_cookie(redirect, header))
        }
        Ok(_) => Err(Problem::new(Slug::Unavailable).into()),
        Err(problem) if problem.slug == Slug::WrongBinding => {
            Err(Refused::Page(if was_open { Message::OtherBrowser } else { Message::Stolen }))
        }
        Err(problem) => Err(problem.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn visit(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        is_visit(&Method::GET, &headers)
    }

    #[test]
    fn only_a_visit_in_a_window_burns_the_token() {
        assert!(visit(&[]), "older browsers say nothing");
        assert!(visit(&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]));
        for other in [
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-dest", "empty"),
            ("sec-purpose", "prefetch"),
            ("purpose", "prefetch"),
        ] {
            assert!(!visit(&[other]), "{other:?}");
        }
        assert!(!is_visit(&Method::HEAD, &HeaderMap::new()), "a preview asks with HEAD");
    }
}
