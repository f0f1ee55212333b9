//! The one function that gives verdicts.
//!
//! Every operation has the same shape, from top to bottom: who may ask, what state is it in, count, compare, move. The
//! pieces:
//!
//! - [`draft`]: the working copy of the account; a state changes only together with its audit entry;
//! - [`guard`]: the questions that every road to a verdict asks again;
//! - [`settle`]: what time has ended is ended before anything else is decided;
//! - one file for each kind of operation.

mod answer;
mod challenge;
mod code;
mod confirm;
mod consume;
mod contacts;
mod desk;
mod device;
mod draft;
mod guard;
mod invitation;
mod methods;
mod pairing;
mod prompt;
mod recall;
mod settle;
mod setup;
mod sign_in;
mod user;

use draft::Draft;

use crate::{Account, Actor, Change, Command, Context, Refusal, Reply};

/// What a verdict answers and writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the caller hears.
    pub reply: Result<Reply, Refusal>,
    /// What is written, whatever the caller hears.
    pub changes: Vec<Change>,
}

/// Decides.
pub fn decide(account: &Account, command: &Command, context: &Context<'_>) -> Outcome {
    let mut draft = Draft::new(account, context);
    let reply = enter(&mut draft).and_then(|()| rule(&mut draft, command));
    draft.finish(reply)
}

/// What holds before every operation.
fn enter(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    draft.of_this_organisation()?;
    draft.settle();
    draft.remember_proof()
}

fn rule(draft: &mut Draft<'_>, command: &Command) -> Result<Reply, Refusal> {
    match command {
        Command::PutUser(put) => draft.put_user(put),
        Command::DeleteUser => draft.delete_user(),
        Command::OpenPrompt(open) => draft.open_prompt(open),
        Command::BindPrompt { token, cookie, user_agent } => draft.bind_prompt(*token, *cookie, user_agent),
        Command::NoteForeignBrowser { prompt } => draft.note_foreign_browser(*prompt),
        Command::CancelPrompt { prompt, relying_party } => draft.cancel_prompt(*prompt, *relying_party),
        Command::StartChallenge { request, prepared } => draft.start_challenge(request, prepared.as_deref()),
        Command::Redeliver { challenge, holder, method, prepared } => {
            draft.redeliver(*challenge, holder, *method, prepared.as_deref())
        }
        Command::CheckCode { challenge, holder, typed } => draft.check_code(*challenge, holder, typed),
        Command::Consume { challenge, terms, v } => draft.consume(*challenge, terms, v),
        Command::Decide(answer) => draft.answer(answer),
        Command::CancelChallenge { challenge, holder } => draft.cancel_challenge(*challenge, holder),
        Command::SetUp { page, step } => draft.set_up(page, step),
        Command::ChangeMethods { page, change } => draft.change_methods(page, change),
        Command::RemoveMethod { kind } => draft.remove_method_for(*kind),
        Command::ImportAuthenticator { seed } => draft.import_authenticator(seed),
        Command::PostponeSetUp { page, code } => draft.postpone_set_up(page, *code),
        Command::FinishPrompt { prompt, terms, cookie, code, remember } => {
            draft.finish_prompt(*prompt, terms, *cookie, *code, *remember)
        }
        Command::Recall { page, browser } => draft.recall(page, browser),
        Command::ExchangeResult { prompt, terms, v, code } => draft.exchange_result(*prompt, terms, v, *code),
        Command::IssueInvitation { by } => draft.issue_invitation(by),
        Command::StartPairing(start) => draft.start_pairing(start),
        Command::Reveal(reveal) => draft.reveal(reveal),
        Command::ConfirmPairing { pairing, number, by } => draft.confirm_pairing(*pairing, number, by),
        Command::Seen { device } => draft.seen(*device),
        Command::Receive { device, receipts } => draft.receive(*device, receipts),
        Command::Unlock => draft.unlock(),
        Command::LookUp => draft.look_up(),
        Command::EnableTyping { kind } => draft.enable_typing(*kind),
        Command::Reset(step) => draft.reset(*step),
        Command::SignIn { right } => draft.sign_in(*right),
        Command::PasswordChosen => draft.password_chosen(),
        Command::RemoveDevice { device } => draft.remove_device(*device),
        Command::Settle => draft.prune(),
    }
}

impl Actor {
    /// A desk's named agent, reason and ticket are there.
    fn is_accountable(&self) -> bool {
        match self {
            Self::Desk { agent, reason, ticket, .. } => ![agent, reason, ticket].iter().any(|text| text.is_empty()),
            _ => false,
        }
    }
}
