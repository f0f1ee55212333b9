//! Where a user is reached: told by the panel, in no entry of the chain, gone with the user.

use crate::{
    Command, Contacts, MailAddress, Mobile, PutContacts, PutUser, Refusal, Reply,
    fixture::{World, expect, login_name, panel},
};

const NUMBER: &str = "+31612345678";

fn put(world: &mut World, contacts: PutContacts) -> Result<Reply, Refusal> {
    let put = PutUser { contacts, ..PutUser::named(login_name()) };
    world.run(Command::PutUser(Box::new(put)), panel())
}

fn mobile(number: &str, verified: Option<bool>) -> PutContacts {
    PutContacts { mobile: Some(number.parse().ok()), mobile_verified: verified, mail: None }
}

fn mail(addresses: &[&str]) -> PutContacts {
    let addresses = addresses.iter().map(|address| address.parse().expect("an address"));
    PutContacts { mail: Some(addresses.collect()), ..PutContacts::default() }
}

fn known(world: &World) -> &Contacts {
    &world.account.user.contacts
}

fn number(world: &World) -> Option<(&str, bool)> {
    known(world).mobile.as_ref().map(|Mobile { number, verified }| (number.expose(), *verified))
}

#[test]
fn what_is_not_told_stays_and_what_is_taken_away_goes() {
    let mut world = World::new();
    expect(put(&mut world, mobile(NUMBER, Some(true))), "told");
    expect(put(&mut world, mail(&["anna@example.nl", "jan@example.nl"])), "told");
    expect(put(&mut world, PutContacts::default()), "nothing told");
    assert_eq!(number(&world), Some((NUMBER, true)));
    assert_eq!(
        known(&world).mail.iter().map(MailAddress::expose).collect::<Vec<_>>(),
        ["anna@example.nl", "jan@example.nl"]
    );
    expect(put(&mut world, PutContacts { mobile: Some(None), ..mail(&[]) }), "taken away");
    assert!(known(&world).mobile.is_none() && known(&world).mail.is_empty());
}

/// threats row 8: whoever changes the addresses does not silence what comes after.
#[test]
fn an_address_that_was_taken_away_hears_for_three_days_more() {
    let mut world = World::new();
    let told = |world: &World| known(world).addresses(world.now).map(MailAddress::expose).collect::<Vec<_>>().join(" ");
    expect(put(&mut world, mail(&["anna@example.nl", "jan@example.nl"])), "told");
    expect(put(&mut world, mail(&["eva@example.nl", "jan@example.nl"])), "another");
    assert_eq!(told(&world), "eva@example.nl jan@example.nl anna@example.nl");
    world.wait(86_400);
    expect(put(&mut world, mail(&["anna@example.nl"])), "back again");
    assert_eq!(told(&world), "anna@example.nl eva@example.nl jan@example.nl");
    world.wait(3 * 86_400);
    assert_eq!(told(&world), "anna@example.nl");
    expect(put(&mut world, mail(&["anna@example.nl"])), "the same");
    assert!(known(&world).former.is_empty(), "and then they are forgotten");
}

#[test]
fn another_number_is_not_the_user_s_until_somebody_says_so() {
    let mut world = World::new();
    expect(put(&mut world, mobile(NUMBER, Some(true))), "told");
    expect(put(&mut world, mobile(NUMBER, None)), "the same");
    assert_eq!(number(&world), Some((NUMBER, true)));
    expect(put(&mut world, mobile("+31687654321", None)), "another");
    assert_eq!(number(&world), Some(("+31687654321", false)));
    expect(put(&mut world, PutContacts { mobile_verified: Some(true), ..PutContacts::default() }), "said");
    assert_eq!(number(&world), Some(("+31687654321", true)));
}

#[test]
fn what_does_not_fit_changes_nothing_and_makes_nobody() {
    let four: Vec<String> = (0..4).map(|n| format!("{n}@example.nl")).collect();
    let four: Vec<&str> = four.iter().map(String::as_str).collect();
    let verified = PutContacts { mobile_verified: Some(true), ..PutContacts::default() };
    for wrong in [mail(&four), mail(&["a@example.nl", "A@example.nl"]), verified] {
        let mut world = World::new();
        assert!(matches!(put(&mut world, wrong), Err(Refusal::InvalidField(_))));
        assert!(!world.account.exists() || known(&world).is_empty());
        assert!(!world.entries.iter().any(|entry| entry.kind == "user.contacts"));
    }
}

/// threats row 44
#[test]
fn the_chain_says_what_changed_and_never_to_what() {
    let mut world = World::new();
    expect(put(&mut world, PutContacts { mail: mail(&["anna@example.nl"]).mail, ..mobile(NUMBER, None) }), "told");
    expect(put(&mut world, mail(&["jan@example.nl"])), "changed");
    let before = world.entries.len();
    expect(put(&mut world, mail(&["jan@example.nl"])), "the same");
    assert_eq!(world.entries.len(), before, "what did not change is no entry");
    let said = |entry: &crate::audit::Entry| entry.detail.as_ref().map(|detail| detail.json.clone());
    let kinds: Vec<_> = world.entries.iter().filter(|entry| entry.kind == "user.contacts").filter_map(said).collect();
    assert_eq!(kinds.len(), 2);
    assert!(kinds[0].contains(r#"["mobile","mail"]"#) && kinds[1].contains(r#"["mail"]"#), "{kinds:?}");
    for said in world.entries.iter().filter_map(said) {
        assert!(!said.contains("612345678") && !said.contains('@'), "{said}");
    }
}

/// threats row 15
#[test]
fn a_deleted_user_is_reached_no_more() {
    let mut world = World::new();
    expect(
        put(&mut world, PutContacts { mail: mail(&["anna@example.nl"]).mail, ..mobile(NUMBER, Some(true)) }),
        "told",
    );
    expect(world.run(Command::DeleteUser, panel()), "deleted");
    assert!(known(&world).is_empty());
    expect(put(&mut world, PutContacts::default()), "back");
    assert!(known(&world).is_empty(), "who comes back begins anew");
}

#[test]
fn nothing_that_is_printed_shows_where_a_user_is_reached() {
    let mut world = World::new();
    let told = PutContacts { mail: mail(&["anna@example.nl"]).mail, ..mobile(NUMBER, Some(true)) };
    let shown = format!("{told:?}");
    expect(put(&mut world, told), "told");
    for shown in [shown, format!("{:?}", world.account)] {
        assert!(!shown.contains("12345678") && !shown.contains("anna@"), "{shown}");
    }
    let kept = serde_json::to_string(&world.account.user).expect("a row");
    let read: crate::User = serde_json::from_str(&kept).expect("a user");
    assert_eq!(read, world.account.user);
}
