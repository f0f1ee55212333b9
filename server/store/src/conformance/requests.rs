//! Repeated requests, used proofs, taken names, ids of others.

use std::sync::Arc;

use koppel_domain::{
    Actor, Command, Mode, Needs, Proof, PutUser, Refusal, Reply,
    fixture::{self, ORGANISATION, Step, World, desk, panel, phone},
};
use koppel_protocol::{
    Bytes,
    id::{ChallengeId, DeviceId, InvitationId, OrganisationId, PairingId, PromptId, UserId},
};

use super::{Outside, ask, decided, furnished, here, idempotency, retell, soon, whole, with_a_phone, written_down};
use crate::{Answer, Ask, Environment, Locator, Snapshot, Store, Users};

fn invite() -> Step {
    Step {
        command: Command::IssueInvitation { by: koppel_domain::Issuer::Desk },
        actor: desk(),
        source: None,
        proof: None,
    }
}

pub(crate) async fn the_same_request_gets_its_first_answer<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard, world, _) = with_a_phone(make, &outside).await;
    let mut asked = ask(&invite());
    asked.idempotency = Some(idempotency(1, 1, written_down()));
    let first = decided(store.execute(asked.clone()).await.expect("decides"));
    assert!(matches!(first, Ok(Reply::Invited { .. })));
    let version = whole(&store).await.expect("there").user.version;

    let Ok(Answer::Replayed(sealed)) = store.execute(asked.clone()).await else { panic!("not replayed") };
    assert_eq!(*sealed, *format!("{first:?}").into_bytes());
    assert_eq!(whole(&store).await.expect("there").user.version, version, "nothing was done twice");

    asked.idempotency = Some(idempotency(1, 2, written_down()));
    assert_eq!(store.execute(asked.clone()).await, Ok(Answer::Decided(Err(Refusal::Mismatch))));

    // What the server does not seal is decided again.
    asked.idempotency = Some(idempotency(2, 1, Arc::new(|_| None)));
    for _ in 0..2 {
        assert!(matches!(store.execute(asked.clone()).await, Ok(Answer::Decided(Ok(_)))));
    }
    // A day later the key is free.
    outside.set(world.now.plus(86_401));
    asked.idempotency = Some(idempotency(1, 2, written_down()));
    assert!(matches!(store.execute(asked).await, Ok(Answer::Decided(Ok(_)))));
}

/// threats row 20
pub(crate) async fn a_proof_counts_once<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard, world, device) = with_a_phone(make, &outside).await;
    let proof = Some(Proof { device, jti: Bytes::new([1; 16]), until: world.now.plus(300) });
    let step = Step { command: Command::Seen { device }, actor: phone(device), source: None, proof };
    assert_eq!(decided(store.execute(ask(&step)).await.expect("decides")), Ok(Reply::Done));
    assert_eq!(decided(store.execute(ask(&step)).await.expect("decides")), Err(Refusal::Unauthenticated));
}

fn put(external: &str, name: &str) -> Ask {
    let put = PutUser::named(name.parse().expect("a name"));
    let at = Locator::ExternalId(ORGANISATION, external.parse().expect("an id"));
    let command = Command::PutUser(Box::new(put));
    Ask { at, command, actor: panel(), source: None, proof: None, idempotency: None, deadline: soon() }
}

pub(crate) async fn users_are_read_in_pieces_by_the_panels_id<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard, world, device) = with_a_phone(make, &outside).await;
    outside.draw_from(1 << 41);
    for external in ["b", "a\u{e9}", "10", "9"] {
        decided(store.execute(put(external, external)).await.expect("decides")).expect("put");
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.read(Users { organisation: ORGANISATION, after, limit: 2 }).await.expect("readable");
        let Some(last) = page.last() else { break };
        after = Some(last.user.external_id.clone());
        seen.extend(page);
    }
    let ids: Vec<_> = seen.iter().map(|account| account.user.external_id.as_str()).collect();
    assert!(ids.is_sorted() && ids.len() == 5, "{ids:?}");
    let ours = seen.iter().find(|account| account.user.id == world.account.user.id).expect("the world's");
    assert!(ours.device(device).is_some() && ours.method(koppel_domain::MethodKind::App).is_some());
    let other = koppel_domain::Organisation::OPERATORS;
    assert_eq!(store.read(Users { organisation: other, after: None, limit: 9 }).await, Ok(Vec::new()));
}

pub(crate) async fn a_login_name_belongs_to_one_user<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard) = furnished(make, &outside).await;
    let answer = |answer: Result<Answer, _>| decided(answer.expect("decides"));
    assert_eq!(answer(store.execute(put("1", "Jan")).await), Ok(Reply::UserPut { created: true }));
    assert_eq!(answer(store.execute(put("2", "ＪＡＮ")).await), Err(Refusal::LoginNameTaken));
    assert_eq!(answer(store.execute(put("2", "Piet")).await), Ok(Reply::UserPut { created: true }));
    assert_eq!(answer(store.execute(put("2", "jan")).await), Err(Refusal::LoginNameTaken));
    assert_eq!(answer(store.execute(put("1", "Johan")).await), Ok(Reply::UserPut { created: false }));
    assert_eq!(answer(store.execute(put("2", "jan")).await), Ok(Reply::UserPut { created: false }));
    let mut gone = put("2", "jan");
    gone.command = Command::DeleteUser;
    assert!(answer(store.execute(gone).await).is_ok());
    assert_eq!(answer(store.execute(put("3", "jan")).await), Ok(Reply::UserPut { created: true }));
}

/// threats row 32
pub(crate) async fn every_locator_leads_to_its_user_and_to_no_other<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard, mut world, device) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    let challenge = world.challenge(1, Mode::Number).id;
    let prompt = world.bound_prompt(2, koppel_domain::Purpose::Login);
    let (pairing, _) = world.pending_phone("b");
    let invitation = world.koppelcode();
    retell(&store, &outside, &world, told).await;
    let token = world.account.prompt(prompt).expect("there").token;
    let other = [9; 16];
    let pairs = [
        (Locator::User(world.account.user.id), Locator::User(UserId::from_bytes(other))),
        (here(), Locator::ExternalId(OrganisationId::from_bytes(other), fixture::external_id())),
        (
            Locator::LoginName(ORGANISATION, "JAN.de.vries".parse().expect("a name")),
            Locator::LoginName(ORGANISATION, "jan".parse().expect("a name")),
        ),
        (Locator::Challenge(challenge), Locator::Challenge(ChallengeId::from_bytes(other))),
        (Locator::Prompt(prompt), Locator::Prompt(PromptId::from_bytes(other))),
        (Locator::PageToken(token), Locator::PageToken(Bytes::new([9; 32]))),
        (Locator::Device(device), Locator::Device(DeviceId::from_bytes(other))),
        (Locator::Pairing(pairing), Locator::Pairing(PairingId::from_bytes(other))),
        (Locator::Invitation(invitation), Locator::Invitation(InvitationId::from_bytes(other))),
    ];
    for (right, wrong) in pairs {
        let needs = Needs::everything();
        let found = store.read(Snapshot { at: right.clone(), needs: needs.clone() }).await.expect("readable");
        assert_eq!(found.map(|account| account.user.id), Some(world.account.user.id), "{right:?}");
        let found = store.read(Snapshot { at: wrong.clone(), needs }).await.expect("readable");
        assert_eq!(found, None, "{wrong:?}");
        let stranger = Actor::Panel {
            organisation: OrganisationId::from_bytes(other),
            relying_party: fixture::RELYING_PARTY,
            key: fixture::API_KEY,
        };
        let command = Command::RemoveDevice { device };
        let ask =
            Ask { at: right, command, actor: stranger, source: None, proof: None, idempotency: None, deadline: soon() };
        assert_eq!(decided(store.execute(ask).await.expect("decides")), Err(Refusal::NotFound));
    }
    let mut elsewhere = World::new();
    elsewhere.put_user();
    assert_eq!(whole(&store).await.as_ref(), Some(&world.account));
}
