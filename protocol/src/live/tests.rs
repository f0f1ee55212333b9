use super::*;
use crate::json;

#[test]
fn a_frame_is_named_by_its_t() {
    let ended = r#"{"t":"ended","cid":"ch_gaytemzugu3doobzmfrggzdfmy","seq":2,"state":"superseded"}"#;
    let frame: ServerFrame = json::object(ended.as_bytes()).unwrap();
    assert!(matches!(frame, ServerFrame::Ended { seq: 2, state: ChallengeState::Superseded, .. }));
    assert_eq!(serde_json::to_string(&frame).unwrap(), ended);
    let bye: ServerFrame = json::object(br#"{"t":"bye","reconnect_in":7}"#).unwrap();
    assert_eq!(bye, ServerFrame::Bye { reconnect_in: 7, why: None });
}

#[test]
fn a_phone_ignores_frames_from_the_future() {
    let frame: ServerFrame = json::object(br#"{"t":"weather","sun":true}"#).unwrap();
    assert_eq!(frame, ServerFrame::Unknown);
    let more: ServerFrame = json::object(br#"{"t":"bye","reconnect_in":7,"song":"x"}"#).unwrap();
    assert!(matches!(more, ServerFrame::Bye { .. }));
}

#[test]
fn a_server_refuses_them() {
    assert!(json::object::<PhoneFrame>(br#"{"t":"proof","proof":"a.b.c"}"#).is_ok());
    for wrong in [
        br#"{"t":"weather"}"#.as_slice(),
        br#"{"t":"proof","proof":"a.b.c","more":1}"#,
        br#"{"proof":"a.b.c"}"#,
        br#"{"t":"proof","t":"receipt","receipts":[]}"#,
    ] {
        assert!(json::object::<PhoneFrame>(wrong).is_err());
    }
}
