use super::*;
use crate::json;

const CID: &str = "ch_gaytemzugu3doobzmfrggzdfmy";
const NID: &str = "no_gaytemzugu3doobzmfrggzdfmy";

#[test]
fn both_kinds_of_receipt_are_read_and_nothing_between() {
    let both = format!(
        r#"{{"receipts":[{{"cid":"{CID}","seq":1,"kind":"arrived","alert":"blocked","road":"live"}},{{"nid":"{NID}","kind":"arrived"}}]}}"#
    );
    let receipts: Receipts = json::object(both.as_bytes()).unwrap();
    assert!(matches!(receipts.receipts[..], [Receipt::Challenge(_), Receipt::Notice(_)]));
    assert_eq!(serde_json::to_string(&receipts).unwrap(), both);
    for wrong in [
        format!(r#"{{"receipts":[{{"cid":"{CID}","nid":"{NID}","seq":1,"kind":"arrived","road":"live"}}]}}"#),
        format!(r#"{{"receipts":[{{"cid":"{CID}","kind":"arrived","road":"live"}}]}}"#),
        format!(r#"{{"receipts":[{{"cid":"{CID}","seq":1,"kind":"arrived","road":"pigeon"}}]}}"#),
        r#"{"receipts":[{}]}"#.to_owned(),
        r#"{"receipts":[],"more":1}"#.to_owned(),
    ] {
        assert!(json::object::<Receipts>(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn requests_refuse_what_they_do_not_know() {
    assert!(json::object::<Nothing>(b"{}").is_ok());
    assert!(json::object::<Nothing>(br#"{"a":1}"#).is_err());
    assert!(json::object::<Nothing>(b"[]").is_err());
    assert!(json::object::<InboxRequest>(b"{}").is_ok());
    assert!(json::object::<DevicesRequest>(br#"{"remove":"dv_gaytemzugu3doobzmfrggzdfmy"}"#).is_ok());
    assert!(json::object::<DevicesRequest>(br#"{"remove":"us_gaytemzugu3doobzmfrggzdfmy"}"#).is_err());
}

#[test]
fn answers_ignore_what_they_do_not_know() {
    let answer = format!(r#"{{"time":1,"cid":"{CID}","since_version":9}}"#);
    assert!(json::object::<TestAnswer>(answer.as_bytes()).is_ok());
}

#[test]
fn only_pending_and_approved_can_still_change() {
    use ChallengeState::{Approved, Consumed, Denied, Fraud, Lapsed, Pending};
    assert!(!Pending.is_final() && !Approved.is_final());
    assert!([Denied, Fraud, Consumed, Lapsed].iter().all(|state| state.is_final()));
}
