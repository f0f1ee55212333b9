//! What this crate may not hold: unsafe code of our own, and `Debug` that prints what types hide.

use std::path::Path;

#[test]
fn the_c_interface_is_all_that_is_unsafe() {
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let wrote: Vec<_> = code.filter(|line| line.contains("unsafe") && !line.contains("unsafe_code")).collect();
        assert!(wrote.is_empty(), "{}: {wrote:?}", path.display());
    }
}

#[test]
fn what_is_signed_is_not_printed() {
    use koppel_ffi::ids::AccountId;
    use koppel_ffi::signing::{ApprovalStep, SigningRequest};
    let request = SigningRequest {
        alias: "koppel/ac/approve".into(),
        payload: b"canary".to_vec(),
        title: "De Linden".into(),
        deadline: std::time::SystemTime::UNIX_EPOCH,
        account: AccountId { text: "ac".into() },
        challenge: None,
        generation: 1,
        monotonic_deadline: 2,
    };
    for shown in [format!("{request:?}"), format!("{:?}", ApprovalStep::Sign { request: request.clone() })] {
        assert!(!shown.contains("99, 97, 110") && !shown.contains("canary"), "{shown}");
    }
}
