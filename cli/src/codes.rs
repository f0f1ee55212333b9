//! `koppel codes`: the codes of other services.
//!
//! [`intake`] reads what is added, before the folder is touched; [`list`] shows the codes, once or for as long as somebody looks.

mod intake;
mod list;
mod picture;

use std::io::{IsTerminal, Write as _};

use crossterm::clipboard::CopyToClipboard;
use koppel_client::clock::{Clock as _, SystemClock};
use koppel_client::{AddedCode, ClientError, KoppelClient};
use koppel_core::{NotTaken, OtpCode, Trouble};
use serde_json::{Value, json};

use crate::arguments::{Arguments, Codes};
use crate::ask::Asker;
use crate::complaint::Complaint;
use crate::json;
use crate::phone::Place;
use crate::sentences;
use crate::texts::{Locale, Texts};

use self::intake::Intake;

/// Does what is asked with the codes.
pub(crate) async fn run(
    arguments: &Arguments,
    what: Option<&Codes>,
    place: &Place,
    asker: &mut Asker,
    locale: Locale,
) -> Result<(), Complaint> {
    let texts = Texts::of(locale);
    if arguments.json && matches!(what, Some(Codes::Copy { .. })) {
        // A program reads the code; the clipboard belongs to a person's terminal.
        return Err(Complaint::about("command-invalid", "--json codes copy"));
    }
    let named = match what {
        Some(Codes::List { named }) => named.as_deref().unwrap_or_default(),
        _ => "",
    };
    let intake = match what {
        Some(Codes::Add { link, qr }) => Some(intake::read(link.as_deref(), qr.as_deref(), asker).await?),
        _ => None,
    };
    if let Some(intake) = intake.as_ref().filter(|intake| intake.accounts.is_empty()) {
        say_added(arguments, &texts, &[], intake);
        return Err(Complaint::of("otp-none-kept"));
    }
    if intake.is_none() && !place.is_used() {
        say_list(arguments, &texts, Vec::new(), named);
        return match what {
            None | Some(Codes::List { .. }) => Ok(()),
            Some(_) => Err(Complaint::of("no-such-code")),
        };
    }
    let phone = place.open(asker).await?;
    let client = &phone.client;
    match what {
        None | Some(Codes::List { .. }) => show(arguments, client, named, texts).await?,
        Some(Codes::Add { .. }) => keep(arguments, client, intake.unwrap_or_default(), &texts).await?,
        Some(Codes::Copy { code }) => copy(client, code, &texts).await?,
        Some(Codes::Rename { code, label }) => {
            let id = find(&client.codes().await?, code)?.id;
            client.rename_code(id, label.clone()).await.map_err(complaint)?;
            say_list(arguments, &texts, client.codes().await?, "");
        }
        Some(Codes::Move { code, place }) => {
            let id = find(&client.codes().await?, code)?.id;
            client.move_code(id, place.saturating_sub(1)).await.map_err(complaint)?;
            say_list(arguments, &texts, client.codes().await?, "");
        }
        Some(Codes::Remove { code }) => {
            let code = find(&client.codes().await?, code)?.clone();
            let question = texts.say_with("agree-remove-code", &[("who", whole_name(&code).into())]);
            if !arguments.yes && !asker.agrees(&question)? {
                return Err(Complaint::about("cancelled", "codes"));
            }
            client.remove_code(code.id).await.map_err(complaint)?;
            say_list(arguments, &texts, client.codes().await?, "");
        }
    }
    client.stop().await;
    Ok(())
}

/// Live in a terminal, once for everybody else.
async fn show(arguments: &Arguments, client: &KoppelClient, named: &str, texts: Texts) -> Result<(), Complaint> {
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if terminal && !arguments.json && !arguments.plain {
        return list::live(client, named, texts).await;
    }
    say_list(arguments, &texts, client.codes().await?, named);
    Ok(())
}

fn say_list(arguments: &Arguments, texts: &Texts, codes: Vec<OtpCode>, named: &str) {
    let codes = list::numbered(codes, named);
    if arguments.json {
        let codes: Vec<_> = codes.iter().map(|(_, code)| fields(code)).collect();
        json::write(&json!({"event": "codes", "codes": codes}));
        return;
    }
    if codes.is_empty() {
        println!("{}", list::none(texts, named));
    }
    for line in list::lines(texts, &codes, arguments.plain) {
        println!("{line}");
    }
}

/// Keeps what was read, and says of each what became of it.
async fn keep(
    arguments: &Arguments,
    client: &KoppelClient,
    mut intake: Intake,
    texts: &Texts,
) -> Result<(), Complaint> {
    let added = client.add_codes(std::mem::take(&mut intake.accounts)).await.map_err(complaint)?;
    let codes = client.codes().await?;
    let code_of = |added: &AddedCode| Some((codes.iter().find(|code| code.id == added.id)?, added.known));
    say_added(arguments, texts, &added.iter().filter_map(code_of).collect::<Vec<_>>(), &intake);
    Ok(())
}

/// What is kept, each with whether it was before, and what is not.
fn say_added(arguments: &Arguments, texts: &Texts, added: &[(&OtpCode, bool)], intake: &Intake) {
    if arguments.json {
        let added = added.iter().map(|(code, known)| {
            let mut shown = fields(code);
            shown["known"] = (*known).into();
            shown
        });
        let refused = intake.refused.iter().map(|it| {
            let why = Complaint::from(it.why);
            json!({"issuer": it.issuer, "name": it.name, "code": why.code, "message": why.message(texts)})
        });
        let parts = intake.parts.iter().map(|part| json!({"number": part.number, "of": part.of}));
        json::write(&json!({
            "event": "codes-added", "added": added.collect::<Vec<_>>(), "refused": refused.collect::<Vec<_>>(),
            "parts": parts.collect::<Vec<_>>(), "unread": intake.unread,
        }));
        return;
    }
    for (code, known) in added {
        let key = if *known { "code-known" } else { "code-kept" };
        let digits = list::digits(code.code.expose(), arguments.plain);
        println!("{}", texts.say_with(key, &[("who", whole_name(code).into()), ("code", digits.into())]));
    }
    for NotTaken { issuer, name, why } in &intake.refused {
        let names: Vec<_> = [issuer.as_str(), name].into_iter().filter(|name| !name.is_empty()).collect();
        let who = if names.is_empty() { texts.say("code-nameless") } else { names.join(", ") };
        let why = sentences::complaint(texts, &(*why).into());
        println!("{}", texts.say_with("code-refused", &[("who", who.into()), ("why", why.into())]));
    }
    for part in intake.parts_alone() {
        println!("{}", texts.say_with("code-part", &[("number", part.number.into()), ("count", part.of.into())]));
    }
    if intake.unread > 0 {
        println!("{}", texts.say_with("code-unread", &[("count", intake.unread.into())]));
    }
}

/// Puts a code on the clipboard of the terminal (OSC 52): it also works through ssh, where this machine has none.
async fn copy(client: &KoppelClient, named: &str, texts: &Texts) -> Result<(), Complaint> {
    let mut out = std::io::stdout();
    if !out.is_terminal() {
        return Err(Complaint::of("no-clipboard"));
    }
    let codes = client.codes().await?;
    let code = find(&codes, named)?;
    crossterm::execute!(out, CopyToClipboard::to_clipboard_from(code.code.expose()))?;
    out.flush()?;
    let facts = [("who", whole_name(code).into()), ("count", list::seconds_left(code).into())];
    println!("{}", texts.say_with("code-copied", &facts));
    Ok(())
}

/// A code by its id, its number in the list, its label, or one of its names, where only one has it. What another party called its account
/// never comes before the number on screen.
fn find<'a>(codes: &'a [OtpCode], named: &str) -> Result<&'a OtpCode, Complaint> {
    let by_number = named.parse::<usize>().ok().and_then(|number| codes.get(number.checked_sub(1)?));
    let by_id = codes.iter().find(|code| code.id.to_string() == named);
    let has = |name: &str| name.to_lowercase() == named.to_lowercase();
    let mut by_label = codes.iter().filter(|code| has(&code.label));
    let mut by_name = codes.iter().filter(|code| has(&code.issuer) || has(&code.name) || has(&whole_name(code)));
    let only = |first: Option<&'a OtpCode>, second: Option<&'a OtpCode>| first.filter(|_| second.is_none());
    by_id
        .or(by_number)
        .or_else(|| only(by_label.next(), by_label.next()))
        .or_else(|| only(by_name.next(), by_name.next()))
        .ok_or_else(|| Complaint::about("no-such-code", named))
}

/// The label, and the name at the service where that says more.
fn whole_name(code: &OtpCode) -> String {
    match code.name.is_empty() || code.name == code.label {
        true => code.label.clone(),
        false => format!("{} ({})", code.label, code.name),
    }
}

fn fields(code: &OtpCode) -> Value {
    json!({
        "id": code.id.to_string(), "label": code.label, "issuer": code.issuer, "name": code.name,
        "code": code.code.expose(), "next": code.next.expose(), "period": code.period_s, "left_ms": left_ms(code),
    })
}

/// Milliseconds that a code is still valid, now.
fn left_ms(code: &OtpCode) -> u64 {
    code.until_ms.saturating_sub(SystemClock.now().wall_ms).max(0).unsigned_abs()
}

fn complaint(error: ClientError) -> Complaint {
    match error {
        ClientError::Trouble(Trouble::NotPersisted) => Complaint::of("codes-not-kept"),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use list::tests::code;

    #[test]
    fn a_code_is_found_by_whatever_it_is_called_where_only_one_is() {
        let codes = [code(1, "GitHub", "jan"), code(2, "Mail", "jan"), code(3, "Mail", "piet"), code(4, "7", "1")];
        for (named, found) in [
            ("github", Some(1)),
            ("Mail (piet)", Some(3)),
            ("piet", Some(3)),
            ("2", Some(2)),
            ("1", Some(1)),
            ("4", Some(4)),
            ("7", Some(4)),
            ("Mail", None),
            ("jan", None),
            ("0", None),
            ("9", None),
            ("", None),
        ] {
            let found = found.map(|number: usize| codes[number - 1].id);
            assert_eq!(find(&codes, named).ok().map(|code| code.id), found, "{named}");
        }
        assert_eq!(find(&codes, &codes[1].id.to_string()).map(|code| code.id), Ok(codes[1].id));
    }
}
