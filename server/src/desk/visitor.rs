//! Whose browser it is.

use std::sync::Arc;

use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use koppel_domain::{Actor, DeskAct, Operator, Organisation, Via};
use koppel_protocol::{Bytes, Text};

use super::sessions::{Call, LONGEST, Session, Stage};
use crate::app::{App, By};
use crate::pages::handlers::show::with_cookie;
use crate::pages::handlers::{cookie, form};
use crate::pages::{Frame, Language};
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// A browser that is, or is about to be, an operator's.
pub(super) struct Visitor {
    pub(super) key: Bytes<32>,
    pub(super) session: Session,
    pub(super) operator: Arc<Operator>,
    pub(super) place: Place,
}

/// Where the desk is, and in which language it speaks.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) organisation: Arc<Organisation>,
    pub(super) language: Language,
    pub(super) source: Source,
}

/// What the forms of the desk are for, in their tokens.
const FORMS: &[u8] = b"desk";

/// The same for what is done in a call.
fn of_call(call: &Call) -> Vec<u8> {
    [FORMS, call.user.as_bytes().as_slice()].concat()
}

fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-koppel-desk" } else { "koppel-desk" }
}

impl Place {
    /// # Errors
    /// *Not found* while there is no operator.
    pub(super) fn of(app: &App, headers: &HeaderMap, source: Source) -> Result<Place, Problem> {
        let organisation = app.registry.operators().ok_or_else(|| Problem::new(Slug::NotFound))?;
        let accepts = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(Place { organisation, language: Language::negotiate(None, accepts), source })
    }

    pub(super) fn frame(&self) -> Frame {
        Frame::of(self.language, self.organisation.name.to_string())
    }

    fn secure(&self) -> bool {
        self.organisation.public_url.is_secure()
    }

    /// The browser comes with a session that is over.
    pub(super) fn was_signed_in(&self, app: &App, headers: &HeaderMap) -> bool {
        let token = cookie::only(headers, cookie_name(self.secure()));
        let key = token.map(|token| app.derive.desk_session(token.as_bytes()));
        key.is_some_and(|key| app.desk.find(&key, app.now()).is_none())
    }

    /// The browser says that the form comes from here.
    pub(super) fn sent_from_here(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if form::from_this_host(headers, &self.organisation.public_url) {
            Ok(())
        } else {
            Err(Problem::new(Slug::WrongBinding))
        }
    }
}

impl Visitor {
    /// # Errors
    /// *Unauthenticated*: not signed in, not any more, or no operator any more.
    pub(super) fn of(app: &App, headers: &HeaderMap, source: Source) -> Result<Visitor, Problem> {
        let place = Place::of(app, headers, source)?;
        let nobody = || Problem::new(Slug::Unauthenticated);
        let token = cookie::only(headers, cookie_name(place.secure())).ok_or_else(nobody)?;
        let key = app.derive.desk_session(token.as_bytes());
        let session = app.desk.find(&key, app.now()).ok_or_else(nobody)?;
        let operator = app.registry.operator(&session.operator).filter(|operator| operator.is_active());
        Ok(Visitor { key, session, operator: operator.ok_or_else(nobody)?, place })
    }

    /// The same, past the second factor.
    ///
    /// # Errors
    /// *Unauthenticated*.
    pub(super) fn signed_in(app: &App, headers: &HeaderMap, source: Source) -> Result<Visitor, Problem> {
        let visitor = Visitor::of(app, headers, source)?;
        match visitor.session.stage {
            Stage::In { .. } => Ok(visitor),
            Stage::Asked { .. } => Err(Problem::new(Slug::Unauthenticated)),
        }
    }

    /// The same, with a form of this session.
    ///
    /// # Errors
    /// *Unauthenticated*; *invalid request* when the form is not one of this session.
    pub(super) fn with_form(app: &App, headers: &HeaderMap, source: Source, token: &str) -> Result<Visitor, Problem> {
        let visitor = Visitor::signed_in(app, headers, source)?;
        visitor.place.sent_from_here(headers)?;
        form::nonce(app, FORMS, &visitor.key, token).ok_or_else(|| Problem::new(Slug::InvalidRequest))?;
        Ok(visitor)
    }

    /// The same, with a form of the open call, if there is one.
    ///
    /// # Errors
    /// *Unauthenticated*; *invalid request* when the form is of another call.
    pub(super) fn with_call_form(
        app: &App,
        headers: &HeaderMap,
        source: Source,
        token: &str,
    ) -> Result<Visitor, Problem> {
        let visitor = Visitor::signed_in(app, headers, source)?;
        visitor.place.sent_from_here(headers)?;
        if let Some(call) = visitor.call() {
            form::nonce(app, &of_call(call), &visitor.key, token).ok_or_else(|| Problem::new(Slug::InvalidRequest))?;
        }
        Ok(visitor)
    }

    /// For the forms of one rendering.
    pub(super) fn form_token(&self, app: &App) -> Result<String, Problem> {
        form::token(app, FORMS, &self.key)
    }

    /// For the forms of a call: they do nothing in another one, which another tab may have begun.
    pub(super) fn call_token(&self, app: &App, call: &Call) -> Result<String, Problem> {
        form::token(app, &of_call(call), &self.key)
    }

    /// The open call.
    pub(super) fn call(&self) -> Option<&Call> {
        match &self.session.stage {
            Stage::In { call } => call.as_deref(),
            Stage::Asked { .. } => None,
        }
    }

    /// Who acts in a call.
    ///
    /// # Errors
    /// *Scope missing* when this operator may not do that there.
    pub(super) fn acts(&self, call: &Call, act: DeskAct) -> Result<By, Problem> {
        if !self.operator.may(act, call.organisation) {
            return Err(Problem::new(Slug::ScopeMissing));
        }
        let actor = Actor::Desk {
            organisation: call.organisation,
            via: Via::Operator(self.operator.role),
            agent: Text::clean(self.operator.name.as_str()),
            reason: call.reason.clone(),
            ticket: call.ticket.clone(),
        };
        Ok(By::new(actor, self.place.source))
    }
}

/// A new token: what the browser keeps, and under what the session is found.
pub(super) struct NewSession {
    value: String,
    pub(super) key: Bytes<32>,
}

impl NewSession {
    pub(super) fn draw(app: &App) -> Result<NewSession, Problem> {
        let value = koppel_protocol::bytes::encode(&app.draw::<32>()?);
        Ok(NewSession { key: app.derive.desk_session(value.as_bytes()), value })
    }

    /// A redirect that gives it to the browser. `Lax`: the page of the second factor leads back by a redirect.
    pub(super) fn redirect(&self, place: &Place, to: &str) -> Response {
        redirect_with(place, to, &self.value, LONGEST)
    }
}

/// Back to where one signs in, without a cookie.
pub(super) fn sign_out(place: &Place) -> Response {
    redirect_with(place, "/desk", "", 0)
}

fn redirect_with(place: &Place, to: &str, value: &str, lifetime: u32) -> Response {
    let secure = place.secure();
    with_cookie(Redirect::to(to).into_response(), cookie::header(cookie_name(secure), value, secure, lifetime))
}
