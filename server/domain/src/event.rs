//! What others may hear of what happened: the audit trail without what is nobody's business.
//!
//! An event is no row of its own. It is an audit entry whose kind stands in [`KINDS`], with those fields of its detail that stand
//! beside it. So an event and its entry can never disagree, none is lost in a crash, and a login costs nothing more.

use koppel_protocol::{
    Text,
    id::{EventId, RelyingPartyId},
};
use serde_json::{Map, Value};

use crate::{ExternalId, Time, audit::Entry};

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventKind {
    /// As panels hear it, and as the audit trail has it: `method.added`.
    pub name: &'static str,
    /// The fields of the entry's detail that belong to it. No address, no agent, no reason: those stay in the audit trail.
    pub fields: &'static [&'static str],
    /// In one sentence, for the reference.
    pub meaning: &'static str,
}

const fn kind(name: &'static str, fields: &'static [&'static str], meaning: &'static str) -> EventKind {
    EventKind { name, fields, meaning }
}

/// Everything that others may hear of, by name. Nobody hears of what does not stand here.
pub const KINDS: [EventKind; 38] = [
    kind("browser.forgotten", &[], "The user forgot one remembered browser."),
    kind("browser.remembered", &["relying_party", "prompt"], "A browser is remembered for a while."),
    kind(
        "browsers.forgotten",
        &["browsers"],
        "A factor, the password or the status changed: remembered browsers count no more.",
    ),
    kind(
        "challenge.approved",
        &["relying_party", "challenge"],
        "A phone approved; nothing is verified before `consumed`.",
    ),
    kind("challenge.cancelled", &["relying_party", "challenge"], "It was taken back."),
    kind(
        "challenge.consumed",
        &["relying_party", "challenge"],
        "It was answered right and used: the user is verified.",
    ),
    kind("challenge.denied", &["relying_party", "challenge"], "The user said no."),
    kind("challenge.expired", &["relying_party", "challenge"], "Nobody answered in time."),
    kind("challenge.failed", &["relying_party", "challenge"], "There were too many wrong answers."),
    kind(
        "challenge.fraud",
        &["relying_party", "challenge"],
        "The user said \"this was not me\"; the account is locked.",
    ),
    kind("challenge.lapsed", &["relying_party", "challenge"], "It was approved and not used in time."),
    kind("challenge.pending", &["relying_party", "challenge", "mode"], "A user is asked."),
    kind("challenge.superseded", &["relying_party", "challenge"], "A newer one took its place."),
    kind("device.active", &["device", "was"], "A phone counts."),
    kind("device.pending", &["device", "was"], "A phone is paired and waits to be confirmed."),
    kind("device.proven", &["device"], "A phone answered its first request."),
    kind("device.renamed", &["device"], "A phone has another name."),
    kind("device.revoked", &["device", "was", "why"], "A phone counts no more."),
    kind("device.suspended", &["device", "was"], "A phone counts no more until it is paired anew."),
    kind("invitation.issued", &["invitation"], "A koppelcode or link was handed out."),
    kind("method.added", &["method"], "A method was set up and proved itself."),
    kind(
        "method.codes_disabled",
        &["method", "failures"],
        "Too many wrong codes: codes of this method are not taken for now.",
    ),
    kind("method.imported", &["method"], "A panel brought a method along."),
    kind("method.primary", &["method"], "Another method is asked first."),
    kind("method.removed", &["method"], "A method was taken away."),
    kind("method.typing_enabled", &["method"], "Codes of this method are taken again."),
    kind("reset.asked", &["due"], "A desk asked to take away all factors; it waits until `due`, in seconds."),
    kind("reset.withdrawn", &["by"], "A reset that waited was taken back."),
    kind("set_up.postponed", &["relying_party", "prompt"], "The user put the set-up off."),
    kind("user.changed", &[], "The panel changed the user."),
    kind("user.contacts", &["kinds", "dropped"], "The panel gave other contacts: `mobile`, `mail`."),
    kind("user.created", &[], "There is a new user."),
    kind("user.deleted", &[], "Everything secret of the user is gone."),
    kind("user.disabled", &[], "The panel disabled the user."),
    kind("user.enabled", &[], "The panel enabled the user again."),
    kind("user.locked", &[], "\"This was not me\": nothing is approved until the lock is lifted."),
    kind("user.reset", &["how", "devices", "methods"], "A desk took away all factors."),
    kind("user.unlocked", &["by"], "The lock was lifted."),
];

/// The kind with this name, if others may hear of it.
pub fn kind_of(name: &str) -> Option<&'static EventKind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Something that happened to a user, as others hear it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same whenever it is told: the first half of the entry's hash.
    pub id: EventId,
    /// What.
    pub kind: &'static EventKind,
    /// When.
    pub at: Time,
    /// To whom, by the panel's id.
    pub user: ExternalId,
    /// Whose business alone it is; none: every panel's of the organisation.
    pub relying_party: Option<RelyingPartyId>,
    /// By whom, as the audit trail names them; told to nobody.
    pub actor: String,
    /// What more there is to say, until the detail is erased.
    pub data: Map<String, Value>,
}

impl Event {
    /// The event that an entry is, if others may hear of it.
    pub fn of(entry: &Entry, user: ExternalId) -> Option<Self> {
        let kind = kind_of(&entry.kind)?;
        let mut id = [0; 16];
        id.copy_from_slice(&entry.hash.as_bytes()[..16]);
        let detail =
            entry.detail.as_ref().and_then(|detail| serde_json::from_str::<Map<String, Value>>(&detail.json).ok());
        let mut data = detail.unwrap_or_default();
        data.retain(|field, _| kind.fields.contains(&field.as_str()));
        let relying_party = data.get("relying_party").and_then(Value::as_str).and_then(|id| id.parse().ok());
        let actor = entry.actor.clone();
        Some(Self { id: EventId::from_bytes(id), kind, at: entry.at, user, relying_party, actor, data })
    }

    /// Whether a panel may hear of it. What concerns one login is told to the panel that asked for it, and to no other; without its
    /// detail nobody knows any more whose it was.
    pub fn is_for(&self, panel: RelyingPartyId) -> bool {
        match self.relying_party {
            Some(owner) => owner == panel,
            None => !self.kind.fields.contains(&"relying_party"),
        }
    }

    /// A field as text, clean enough for a screen.
    pub fn text(&self, field: &str) -> Text {
        self.data.get(field).and_then(Value::as_str).map(Text::clean).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use koppel_protocol::{Bytes, id::UserId};
    use serde_json::json;

    use super::*;
    use crate::audit::{Chain, Salt};

    fn event(kind: &str, detail: &Value) -> Option<Event> {
        let chain = Chain::User(UserId::from_bytes([1; 16]));
        let (prev, salt) = (Bytes::new([0; 32]), Salt::new([1; 16]));
        let entry = Entry::next(chain, 1, prev, Time(7), kind, "browser", salt, detail.to_string());
        Event::of(&entry, "42".parse().expect("an id"))
    }

    #[test]
    fn the_kinds_are_sorted_and_told_apart() {
        assert!(KINDS.is_sorted_by(|one, next| one.name < next.name));
        let of_a_login = |kind: &&EventKind| kind.fields.contains(&"challenge");
        assert!(KINDS.iter().filter(of_a_login).all(|kind| kind.fields.contains(&"relying_party")));
    }

    /// threats row 45
    #[test]
    fn an_event_holds_no_address_and_no_agent() {
        let detail = json!({ "device": "dv_x", "was": "active", "ip": "192.0.2.1", "agent": "m.devries", "reason": "lost", "ticket": "7" });
        let told = event("device.revoked", &detail).expect("told");
        assert_eq!(Value::Object(told.data), json!({ "device": "dv_x", "was": "active" }));
        assert_eq!(event("desk.looked", &detail), None);
    }

    /// threats row 51
    #[test]
    fn a_login_is_the_business_of_one_panel() {
        let (own, other) = (RelyingPartyId::from_bytes([2; 16]), RelyingPartyId::from_bytes([3; 16]));
        let told = event("challenge.consumed", &json!({ "relying_party": own, "challenge": "ch_x" })).expect("told");
        assert!(told.is_for(own) && !told.is_for(other));
        let erased = event("challenge.consumed", &json!({})).expect("told");
        assert!(!erased.is_for(own), "nobody knows whose it was");
        let shared = event("method.added", &json!({ "method": "totp" })).expect("told");
        assert!(shared.is_for(own) && shared.is_for(other));
    }
}
