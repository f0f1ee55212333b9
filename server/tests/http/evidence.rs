//! Every address, what it can give, and what it asks for that (threats row 9): the road around is never shorter than the road.
//!
//! A line names the whole evidence. [`evidence_plays`](crate::evidence_plays) asks with every part of it and gets nothing, and with all of
//! it and gets what the line says.

use std::collections::BTreeSet;

use crate::fixture::World;
use crate::inventory;

/// What somebody has in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// An API key of the relying party that began, with the scope.
    Key,
    /// A named agent.
    Agent,
    /// Why.
    Reason,
    /// By which ticket.
    Ticket,
    /// The secret of the browser session that began.
    Session,
    /// The result code that the page sent back.
    Result,
    /// The code on the phone, the authenticator or the paper.
    Code,
    /// The phone's yes.
    Approval,
    /// The phone's own key for a yes.
    Signature,
    /// The number that the other screen shows.
    Number,
    /// The number on the screen of the new phone.
    CheckNumber,
    /// The address of a page, not used yet.
    Address,
    /// The browser that the panel saw.
    Browser,
    /// The cookie of the page, the desk or a remembered browser.
    Cookie,
    /// The cookie of a browser that is remembered.
    Remembered,
    /// The token of a form of this page.
    Form,
    /// A factor, used on this page in the last five minutes.
    Factor,
    /// The word with which the desk sent the browser away.
    State,
    /// An operator's password.
    Password,
    /// A phone's proof of its request.
    Proof,
    /// A koppelcode that lives.
    Koppelcode,
    /// The name that goes with it.
    Name,
    /// The box is ticked.
    Kept,
    /// A call: which user, why, by which ticket.
    Call,
}

use Need::{
    Address, Agent, Approval, Browser, Call, CheckNumber, Code, Cookie, Factor, Form, Kept, Key, Koppelcode, Name,
    Number, Password, Proof, Reason, Remembered, Result, Session, Signature, State, Ticket,
};

/// An address, what it can give, and what it asks for it. Nothing: it shows what its caller may see, begins something that has a line of its
/// own, or ends something.
pub(crate) struct Line {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// In words; empty: nothing.
    pub(crate) gives: &'static str,
    pub(crate) needs: &'static [Need],
}

const fn gives(method: &'static str, path: &'static str, gives: &'static str, needs: &'static [Need]) -> Line {
    Line { method, path, gives, needs }
}

const fn nothing(method: &'static str, path: &'static str) -> Line {
    gives(method, path, "", &[])
}

/// Every address. One that is new in the router and not here fails a test: whoever adds it says what it can give, and for what.
pub(crate) const LINES: &[Line] = &[
    nothing("GET", "/healthz"),
    nothing("GET", "/readyz"),
    nothing("GET", "/static/{name}"),
    nothing("GET", "/.well-known/koppel"),
    nothing("GET", "/static/own/{name}"),
    nothing("GET", "/v1/openapi.json"),
    nothing("GET", "/v1/events"),
    // Panels.
    nothing("POST", "/v1/prompts"),
    gives("POST", "/v1/prompts/{id}/result", "a login", &[Key, Result, Session]),
    nothing("POST", "/v1/prompts/{id}/cancel"),
    nothing("POST", "/v1/challenges"),
    nothing("GET", "/v1/challenges/{id}"),
    gives("POST", "/v1/challenges/{id}/check", "a login", &[Key, Session, Code]),
    gives("POST", "/v1/challenges/{id}/consume", "a login", &[Key, Session, Approval]),
    nothing("POST", "/v1/challenges/{id}/deliveries"),
    nothing("POST", "/v1/challenges/{id}/cancel"),
    nothing("GET", "/v1/users/{external_id}"),
    gives("PUT", "/v1/users/{external_id}", "a user", &[Key]),
    gives("DELETE", "/v1/users/{external_id}", "a user less", &[Key]),
    gives("PUT", "/v1/users/{external_id}/methods/{kind}", "a factor", &[Key]),
    gives("DELETE", "/v1/users/{external_id}/methods/{kind}", "a factor less", &[Key]),
    gives("DELETE", "/v1/users/{external_id}/devices/{device}", "a factor less", &[Key]),
    gives("POST", "/v1/users/{external_id}/koppelcodes", "a koppelcode", &[Key, Agent, Reason, Ticket]),
    gives(
        "POST",
        "/v1/users/{external_id}/pairings/{pairing}/confirm",
        "a factor",
        &[Key, Agent, Reason, Ticket, CheckNumber],
    ),
    gives("POST", "/v1/users/{external_id}/unlock", "an account unlocked", &[Key, Agent, Reason, Ticket]),
    // Phones.
    gives("POST", "/d/v1/pairings", "a phone that waits", &[Koppelcode, Name]),
    nothing("POST", "/d/v1/pairings/{pid}/reveal"),
    gives("POST", "/d/v1/pairings/{pid}/status", "an activation", &[Proof, CheckNumber]),
    nothing("GET", "/d/v1/live"),
    gives("POST", "/d/v1/inbox", "what waits", &[Proof]),
    nothing("POST", "/d/v1/challenges/unlock"),
    nothing("POST", "/d/v1/challenges/{cid}"),
    gives("POST", "/d/v1/decisions", "an approval", &[Signature, Number]),
    nothing("POST", "/d/v1/receipts"),
    gives("POST", "/d/v1/devices", "a factor less", &[Proof]),
    nothing("POST", "/d/v1/test"),
    // Pages.
    nothing("GET", "/p"),
    gives("GET", "/p/{prompt}", "a page", &[Address, Browser]),
    gives("GET", "/p/{prompt}", "a result", &[Cookie, Remembered]),
    nothing("GET", "/p/{prompt}/state"),
    nothing("GET", "/p/{prompt}/history"),
    gives("POST", "/p/{prompt}/check", "a result", &[Cookie, Form, Code]),
    gives("POST", "/p/{prompt}/finish", "a result", &[Cookie, Form, Approval]),
    nothing("POST", "/p/{prompt}/deliver"),
    nothing("POST", "/p/{prompt}/enrol"),
    nothing("POST", "/p/{prompt}/choose"),
    gives("POST", "/p/{prompt}/confirm", "a factor", &[Cookie, Form, CheckNumber]),
    gives("POST", "/p/{prompt}/prove", "a factor", &[Cookie, Form, Code]),
    nothing("POST", "/p/{prompt}/codes"),
    gives("POST", "/p/{prompt}/kept", "a factor", &[Cookie, Form, Kept]),
    gives("POST", "/p/{prompt}/change", "a factor less", &[Cookie, Form, Factor]),
    nothing("GET", "/p/{prompt}/check"),
    nothing("GET", "/p/{prompt}/finish"),
    nothing("GET", "/p/{prompt}/deliver"),
    nothing("GET", "/p/{prompt}/enrol"),
    nothing("GET", "/p/{prompt}/choose"),
    nothing("GET", "/p/{prompt}/confirm"),
    nothing("GET", "/p/{prompt}/prove"),
    nothing("GET", "/p/{prompt}/codes"),
    nothing("GET", "/p/{prompt}/kept"),
    nothing("GET", "/p/{prompt}/change"),
    // The desk.
    nothing("GET", "/desk"),
    gives("POST", "/desk/sign-in", "the page of the second factor", &[Name, Password]),
    nothing("GET", "/desk/welcome"),
    gives("POST", "/desk/welcome", "the page of the second factor", &[Address, Password]),
    gives("GET", "/desk/in", "the desk", &[Cookie, Result, State]),
    nothing("POST", "/desk/leave"),
    nothing("POST", "/desk/find"),
    nothing("GET", "/desk/call"),
    nothing("GET", "/desk/call/state"),
    nothing("GET", "/desk/call/audit"),
    gives("POST", "/desk/call/{act}", "a koppelcode", &[Cookie, Form, Call]),
    nothing("GET", "/desk/panels"),
    nothing("GET", "/desk/panels/{id}"),
    gives("POST", "/desk/panels/{id}/{what}", "other rules", &[Cookie, Form]),
    nothing("GET", "/desk/organisations/{id}"),
    gives("POST", "/desk/organisations/{id}", "other rules of the desk", &[Cookie, Form]),
    nothing("GET", "/desk/sign-in"),
    nothing("GET", "/desk/leave"),
    nothing("GET", "/desk/find"),
    nothing("GET", "/desk/call/{act}"),
    nothing("GET", "/desk/panels/{id}/{what}"),
];

#[tokio::test]
async fn every_address_has_a_line_that_says_what_it_gives_for_which_evidence() {
    let world = World::start().await;
    let lines: BTreeSet<_> = LINES.iter().map(|line| (line.method.to_owned(), line.path.to_owned())).collect();
    assert_eq!(inventory::routes(&world).await, lines);
    for Line { method, path, gives, needs } in LINES {
        assert_eq!(gives.is_empty(), needs.is_empty(), "{method} {path}");
    }
}
