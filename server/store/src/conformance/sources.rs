//! Budgets of addresses, and what strangers learn.

use koppel_domain::{
    Actor, Command, Door, Refusal, Reply, SourceTry, StartPairing,
    fixture::{self, ORGANISATION, World, desk, source},
};
use koppel_protocol::id::InvitationId;

use super::{Outside, decided, furnished, retell, run, soon, with_a_phone};
use crate::{Ask, Environment, Locator, Store};

async fn knock(store: &impl Store, from: u8, start: StartPairing) -> Result<Reply, Refusal> {
    let at = match &start.door {
        Door::Link { invitation, .. } => Locator::Invitation(*invitation),
        Door::Code { name, .. } | Door::Login { name } => Locator::LoginName(ORGANISATION, name.clone()),
    };
    let actor = Actor::Phone { organisation: ORGANISATION, device: None };
    let command = Command::StartPairing(Box::new(start));
    let ask = Ask { at, command, actor, source: Some(source(from)), proof: None, idempotency: None, deadline: soon() };
    decided(store.execute(ask).await.expect("decides"))
}

fn guess(world: &World, name: &str, phone: &str) -> StartPairing {
    let code = world.keys.koppelcode(InvitationId::from_bytes([77; 16]));
    world.knock_at(phone, Door::Code { name: name.parse().expect("a name"), code })
}

const WRONG: Result<Reply, Refusal> = Err(Refusal::WrongCode { tries_left: None });

/// threats rows 12 and 33
pub(crate) async fn failed_tries_are_counted_by_source_and_name<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard, mut world, _) = with_a_phone(make, &outside).await;
    let told = world.told.len();
    let invitation = world.koppelcode();
    retell(&store, &outside, &world, told).await;
    for n in 0..5 {
        let spelling = if n % 2 == 0 { "jan.de.vries" } else { "JAN.DE.VRIES" };
        assert_eq!(knock(&store, 1, guess(&world, spelling, &format!("g{n}"))).await, WRONG);
    }
    // The sixth is not even compared, right as it is.
    let right = world.knock("right", invitation);
    assert!(matches!(knock(&store, 1, right.clone()).await, Err(Refusal::TooManyTries { .. })));
    // Another address still may; a right try costs nothing, however often the answer is lost.
    for _ in 0..8 {
        assert!(matches!(knock(&store, 2, right.clone()).await, Ok(Reply::PairingStarted { .. })));
    }
    for n in 0..4 {
        assert_eq!(knock(&store, 2, guess(&world, "jan.de.vries", &format!("h{n}"))).await, WRONG);
    }
    // A new koppelcode begins anew with the name, not with the address.
    let fresh = run(&store, Command::IssueInvitation { by: koppel_domain::Issuer::Desk }, desk()).await;
    let Ok(Reply::Invited { invitation }) = fresh else { panic!("{fresh:?}") };
    assert!(matches!(knock(&store, 1, world.knock("again", invitation.id)).await, Ok(Reply::PairingStarted { .. })));
    let mut n = 0;
    while knock(&store, 1, guess(&world, &format!("name{n}"), "x")).await == WRONG {
        n += 1;
    }
    assert_eq!(n, 15, "twenty failed an hour, five were spent");
    // The login door draws from the same budgets, before the directory is asked.
    let attempt = SourceTry { source: source(1).bucket, name: None };
    let reserved = store.reserve(ORGANISATION, attempt).await.expect("decides");
    assert!(matches!(reserved, Err(Refusal::TooManyTries { .. })));
    outside.set(world.now.plus(3600));
    let attempt = SourceTry { source: source(1).bucket, name: None };
    assert_eq!(store.reserve(ORGANISATION, attempt).await, Ok(Ok(())));
}

/// threats rows 12 and 30
pub(crate) async fn an_unknown_user_is_answered_like_a_known_one<S: Store, G>(make: fn(Environment) -> (S, G)) {
    let outside = Outside::new();
    let (store, _guard) = furnished(make, &outside).await;
    let mut world = World::new();
    world.put_user();
    let invitation = world.koppelcode();
    retell(&store, &outside, &world, 0).await;
    let mut answers = Vec::new();
    for (n, name) in ["jan.de.vries", "nobody"].into_iter().enumerate() {
        let mut said = Vec::new();
        for guess_number in 0..6 {
            let from = u8::try_from(n).expect("two");
            said.push(knock(&store, from, guess(&world, name, &format!("{name}{guess_number}"))).await);
        }
        answers.push(said);
    }
    assert_eq!(answers[0], answers[1]);
    // Expired is wrong, too.
    outside.set(world.now.plus(601));
    world.wait(601);
    assert_eq!(knock(&store, 9, world.knock("late", invitation)).await, WRONG);
    let absent = store.read(crate::Snapshot {
        at: Locator::LoginName(ORGANISATION, "nobody".parse().expect("a name")),
        needs: koppel_domain::Needs::everything(),
    });
    assert_eq!(absent.await.expect("readable"), None, "nothing was made");
    let _ = fixture::external_id();
}
