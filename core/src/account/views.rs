//! How an account is shown. Only what the server signed is taken from a challenge, and never its code.

use koppel_protocol::{
    challenge::{Purpose, Subject},
    id::{ChallengeId, NoticeId},
    pairing::Platform,
};

use super::{Account, Stage, Standing, World};
use crate::{
    effect::{Effect, News},
    inbox::{Ending, Item, NoticeLine},
    moment::Moment,
    snapshot::{
        AccountStatus, AccountView, Approving, ChallengeContent, ChallengeKind, ChallengeView, EndedView, NoticeView,
    },
    trouble::Trouble,
};

/// How many ended challenges of an account are shown.
const MOST_ENDED: usize = 16;

impl Account {
    pub(crate) fn view(&self, world: &World<'_>) -> AccountView {
        let mut view = AccountView {
            account: self.id,
            label: self.label.clone(),
            organisation: String::new(),
            user: String::new(),
            host: self.origin.host().clone(),
            server_id: None,
            device: None,
            status: AccountStatus::Pairing,
            approval: Approving::CodesOnly,
            locked: false,
            connection: self.connection.view(),
            clock_skew_s: self.clock.skew_ms(world.now).map(|skew| skew / 1_000),
        };
        match &self.stage {
            Stage::Gone => view.status = AccountStatus::Removing,
            Stage::Pairing(pairing) => {
                view.status = pairing.status();
                if let Some((organisation, user, identity)) = pairing.offered() {
                    view.organisation = organisation.to_string();
                    view.user = user.to_string();
                    view.server_id = Some(identity.server_id);
                }
                view.device = pairing.device().map(|(_, device)| device);
                view.approval = if pairing.can_approve() { Approving::Ready } else { Approving::CodesOnly };
            }
            Stage::Member(member) => {
                view.organisation = member.organisation.to_string();
                view.user = member.user.to_string();
                view.server_id = Some(member.identity.server_id);
                view.device = Some(member.device);
                view.status = match member.standing {
                    Standing::Active => AccountStatus::Active,
                    Standing::ServerChanged => AccountStatus::ServerChanged,
                    Standing::Revoked => AccountStatus::Revoked,
                    Standing::Removing => AccountStatus::Removing,
                };
                view.locked = member.locked;
                view.approval = match member.keys.approve {
                    Some(_) if member.key_invalidated => Approving::KeyInvalidated,
                    Some(_) => Approving::Ready,
                    None => Approving::CodesOnly,
                };
            }
        }
        view
    }

    /// Live challenges, oldest first. None while the account is stopped.
    pub(crate) fn challenge_views(&self, world: &mut World<'_>) -> Vec<ChallengeView> {
        let Ok(member) = self.active() else { return Vec::new() };
        let moment = self.moment(world);
        member.inbox.live(&moment).map(|item| self.item_view(item, &moment)).collect()
    }

    pub(super) fn challenge_view(&self, cid: ChallengeId, world: &mut World<'_>) -> Option<ChallengeView> {
        let member = self.active().ok()?;
        let moment = self.moment(world);
        member.inbox.find(cid, &moment).map(|item| self.item_view(item, &moment))
    }

    /// Challenges that ended lately, oldest first. One whose next delivery waits has not ended.
    pub(crate) fn ended_views(&self) -> Vec<EndedView> {
        let Ok(member) = self.active() else { return Vec::new() };
        let ended = member.inbox.ended().filter(|(stone, _)| member.inbox.claims(stone.cid).is_none());
        let mut views: Vec<_> =
            ended.map(|(stone, subject)| self.ended_view(stone.cid, subject.seq, stone.how)).collect();
        views.split_off(views.len().saturating_sub(MOST_ENDED))
    }

    pub(super) fn ended_view(&self, cid: ChallengeId, seq: u32, how: Ending) -> EndedView {
        EndedView { account: self.id, cid, seq, how: how.to_string() }
    }

    /// Notices, oldest first; also of an account that was revoked: they may say why.
    pub(crate) fn notice_views(&self) -> Vec<NoticeView> {
        let Ok(member) = self.member() else { return Vec::new() };
        member.inbox.notices().iter().map(|notice| self.line_view(notice)).collect()
    }

    pub(super) fn notice_view(&self, nid: NoticeId) -> Option<NoticeView> {
        let member = self.member().ok()?;
        member.inbox.notices().iter().find(|notice| notice.nid == nid).map(|notice| self.line_view(notice))
    }

    fn line_view(&self, notice: &NoticeLine) -> NoticeView {
        let NoticeLine { nid, kind, at, detail } = notice.clone();
        NoticeView { account: self.id, nid, kind, at, detail }
    }

    /// What is on a challenge's own screen.
    pub(crate) fn content(&self, cid: ChallengeId, world: &mut World<'_>) -> Option<ChallengeContent> {
        let member = self.active().ok()?;
        let item = member.inbox.find(cid, &self.moment(world))?;
        Some(match &item.claims().subject {
            Subject::Code { code, .. } | Subject::Test { code } => ChallengeContent::Code(code.clone()),
            Subject::Number { .. } => ChallengeContent::Number,
            Subject::ConfirmPairing { pairing } => ChallengeContent::ConfirmPairing { name: pairing.name.to_string() },
            Subject::Unlock => ChallengeContent::Unlock,
            Subject::Unknown { .. } => ChallengeContent::Unsupported,
        })
    }

    /// Whom a signature is for.
    pub(super) fn title_of(&self, cid: ChallengeId) -> String {
        let Ok(member) = self.member() else { return String::new() };
        let claims = member.inbox.claims(cid);
        match claims.map(|claims| &claims.subject) {
            Some(Subject::Number { login } | Subject::Code { login, .. }) => login.rp.name.to_string(),
            _ => member.organisation.to_string(),
        }
    }

    /// What the person must be told of a pairing as it stands.
    pub(super) fn pairing_news(&self) -> Option<Effect> {
        let Stage::Pairing(pairing) = &self.stage else { return None };
        let account = self.id;
        let news = match pairing.status() {
            AccountStatus::AwaitingConfirmation { check_number, until, .. } => {
                News::CheckNumber { account, check_number, until }
            }
            _ => {
                let (organisation, user, _) = pairing.offered()?;
                let (host, organisation, user) =
                    (self.origin.host().clone(), organisation.to_string(), user.to_string());
                News::Offer { account, host, organisation, user }
            }
        };
        Some(Effect::News(news))
    }

    pub(super) fn account_news(&self, world: &World<'_>) -> Effect {
        Effect::News(News::Account(self.view(world)))
    }

    pub(super) fn trouble_news(&self, cid: Option<ChallengeId>, trouble: Trouble, retries: bool) -> Effect {
        Effect::News(News::Trouble { account: Some(self.id), cid, trouble, retries })
    }

    fn item_view(&self, item: &Item, moment: &Moment<'_>) -> ChallengeView {
        let claims = item.claims();
        let member = self.member().ok();
        let login = match &claims.subject {
            Subject::Code { login, .. } | Subject::Number { login } => Some(login),
            _ => None,
        };
        let kind = match &claims.subject {
            Subject::Code { .. } => ChallengeKind::Code,
            Subject::Test { .. } => ChallengeKind::Test,
            Subject::Number { .. } => ChallengeKind::Number,
            Subject::Unlock => ChallengeKind::Unlock,
            Subject::Unknown { .. } => ChallengeKind::Unsupported,
            Subject::ConfirmPairing { pairing } => ChallengeKind::ConfirmPairing {
                name: pairing.name.to_string(),
                platform: platform(pairing.platform).to_owned(),
                ip: Some(pairing.ip.to_string()),
                place: pairing.place.as_ref().map(ToString::to_string),
            },
        };
        ChallengeView {
            account: self.id,
            cid: claims.cid,
            seq: claims.seq,
            kind,
            organisation: member.map(|member| member.organisation.to_string()).unwrap_or_default(),
            relying_party: login.map(|login| login.rp.name.to_string()).unwrap_or_default(),
            origin: login.map(|login| login.rp.origin.to_string()).unwrap_or_default(),
            user: claims.user.name.to_string(),
            purpose: login.map_or_else(|| claims.mode(), |login| purpose(login.purpose)).to_owned(),
            ip: login.map(|login| login.context.ip.to_string()),
            page_ip: login.and_then(|login| login.context.page_ip).map(|ip| ip.to_string()),
            browser: login.map(|login| login.context.browser.to_string()),
            place: login.and_then(|login| login.context.place.as_ref()).map(ToString::to_string),
            began_at: login.map(|login| login.context.time),
            expires_at: claims.exp,
            deadline: item.deadline(moment),
            waiting: member.map(|member| member.inbox.waiting(moment)).unwrap_or_default(),
            can_approve: claims.may_be_approved()
                && member.is_some_and(|member| member.keys.approve.is_some() && !member.key_invalidated),
            answered: member.is_some_and(|member| {
                member.approvals.iter().any(|approval| approval.subject.cid == claims.cid && approval.is_sending())
            }),
        }
    }
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Login => "login",
        Purpose::Enrol => "enrol",
        Purpose::Settings => "settings",
        Purpose::Unknown => "unknown",
    }
}

fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::Android => "android",
        Platform::Ios => "ios",
        Platform::Terminal => "terminal",
        Platform::Unknown => "unknown",
    }
}
