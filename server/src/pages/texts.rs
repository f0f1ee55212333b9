//! Every sentence of the pages, in both languages.
//!
//! The sentences stand in `l10n/nl.ftl` and `l10n/en.ftl` (Project Fluent). Each has a method
//! here, named after its key, whose parameters are the arguments of the sentence; so a template
//! that asks for a sentence that does not exist does not compile, a method that no page uses is a
//! warning, and the tests below hold the two files to the list of methods.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

use super::Language;

const DUTCH: &str = include_str!("../../../l10n/nl.ftl");
const ENGLISH: &str = include_str!("../../../l10n/en.ftl");

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<[Bundle; 2]> = LazyLock::new(|| Language::ALL.map(bundle));

fn bundle(language: Language) -> Bundle {
    let source = match language {
        Language::Dutch => DUTCH,
        Language::English => ENGLISH,
    };
    let mut bundle = Bundle::new_concurrent(language.tag().parse().into_iter().collect());
    // The marks that isolate arguments from right-to-left text would end up in copied names;
    // what comes from outside is cleaned of bidi characters at the border.
    bundle.set_use_isolating(false);
    // A broken entry is skipped here and found by the tests: a page is never worth a panic.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(good, _)| good);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The sentences of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts {
    language: Language,
}

impl Texts {
    /// The sentences in `language`.
    pub fn new(language: Language) -> Self {
        Texts { language }
    }

    /// The language of these sentences.
    pub fn language(self) -> Language {
        self.language
    }

    fn format(self, method: &str, arguments: &FluentArgs) -> String {
        let key = method.replace('_', "-");
        let bundle = &BUNDLES[self.language as usize];
        let Some(pattern) = bundle.get_message(&key).and_then(|message| message.value()) else {
            return key;
        };
        let mut errors = Vec::new();
        bundle.format_pattern(pattern, Some(arguments), &mut errors).into_owned()
    }
}

macro_rules! texts {
    ($(fn $name:ident($($argument:ident: $kind:ty),*);)*) => {
        impl Texts {
            $(
                pub(crate) fn $name(self $(, $argument: $kind)*) -> String {
                    #[allow(unused_mut, reason = "most sentences have no argument")]
                    let mut arguments = FluentArgs::new();
                    $(arguments.set(stringify!($argument), $argument);)*
                    self.format(stringify!($name), &arguments)
                }
            )*
        }

        /// Each method with the names of its arguments.
        #[cfg(test)]
        const METHODS: &[(&str, &[&str])] = &[
            $((stringify!($name), &[$(stringify!($argument)),*])),*
        ];
    };
}

texts! {
    // On every page
    fn page_secured_by();
    fn page_continue();
    fn page_refresh();
    fn page_back_to(party: &str);
    fn page_retry();
    fn page_copy();
    fn page_copied();
    fn page_offline();
    fn page_account(account: &str);
    fn page_seconds_left(seconds: u32);
    fn support_ring(number: &str);

    // Verifying
    fn verify_tab();
    fn verify_wait();
    fn verify_title();
    fn verify_code_intro();
    fn verify_code_label(digits: u32);
    fn verify_code_resend();
    fn verify_code_again();
    fn verify_number_intro();
    fn verify_number_label();
    fn verify_number_care();
    fn verify_number_resend();
    fn verify_number_again();
    fn verify_resend_wait(seconds: &str);
    fn verify_others(count: u32);
    fn verify_totp_intro();
    fn verify_recovery_intro();
    fn verify_recovery_label();
    fn verify_recovery_example();
    fn verify_remember(days: u32);
    fn verify_remember_care();
    fn verify_other();
    fn verify_other_app();
    fn verify_other_totp();
    fn verify_other_recovery();
    fn verify_nothing_works(party: &str);
    fn verify_approved_title();
    fn verify_approved_text(party: &str);

    // How a delivery stands
    fn line_queued();
    fn line_sent();
    fn line_arrived();
    fn line_shown();
    fn line_approved();
    fn line_unreached();
    fn line_ended();
    fn hint_sent();
    fn hint_arrived();
    fn hint_shown_code();
    fn hint_shown_number();
    fn hint_approved();
    fn hint_unreached();
    fn hint_quiet();

    // What can go wrong while typing
    fn problem_wrong_code(tries: u32);
    fn problem_not_now();
    fn problem_incomplete(digits: u32);
    fn problem_recovery_form();
    fn problem_wait(seconds: u32);
    fn problem_too_soon(seconds: u32);
    fn problem_superseded();
    fn problem_no_more_sends();

    // How a verification ends
    fn ended_delivery_title();
    fn ended_delivery_code();
    fn ended_delivery_number();
    fn ended_expired_title();
    fn ended_expired_text();
    fn ended_denied_title();
    fn ended_denied_text();
    fn ended_fraud_title();
    fn ended_fraud_text(party: &str);
    fn ended_locked_title();
    fn ended_locked_text(party: &str);
    fn ended_tries_title();
    fn ended_tries_text();
    fn ended_superseded_title();
    fn ended_superseded_text();
    fn ended_cancelled_title();
    fn ended_cancelled_text();
    fn ended_unavailable_title();
    fn ended_unavailable_text();

    // Adding a phone
    fn enrol_tab();
    fn enrol_title();
    fn enrol_another_title();
    fn enrol_why();
    fn enrol_another_why();
    fn enrol_install();
    fn enrol_elsewhere();
    fn enrol_step_open();
    fn enrol_step_scan();
    fn enrol_step_type();
    fn enrol_qr_label();
    fn enrol_this_phone();
    fn enrol_with_code();
    fn enrol_code_intro();
    fn enrol_code_server();
    fn enrol_code_user();
    fn enrol_code_code();
    fn enrol_with_link();
    fn enrol_link_intro();
    fn enrol_link_label();
    fn enrol_waiting();
    fn enrol_waiting_hint();
    fn enrol_go_on();
    fn enrol_new_invitation();
    fn enrol_start_again();
    fn enrol_pending_title();
    fn enrol_pending_many();
    fn enrol_pending_intro();
    fn enrol_pending_label(digits: u32);
    fn enrol_pending_care();
    fn enrol_pending_line();
    fn enrol_pending_hint();
    fn enrol_confirm();
    fn enrol_not_mine();
    fn enrol_wrong_number(tries: u32);
    fn enrol_choose_one();
    fn enrol_refused_title();
    fn enrol_refused_text();
    fn enrol_expired_title();
    fn enrol_expired_text();
    fn enrol_test_title();
    fn enrol_test_intro();
    fn enrol_test_number_intro();
    fn enrol_test_again();
    fn enrol_done_title();
    fn enrol_done_text(device: &str);
    fn enrol_done_next();
    fn enrol_continue_to(party: &str);

    // Setting up methods
    fn wizard_why();
    fn wizard_advice();
    fn wizard_optional_title();
    fn wizard_later();
    fn wizard_later_any();
    fn wizard_later_until(day: &str);
    fn wizard_backup_title();
    fn wizard_backup_text();
    fn wizard_recovered_title();
    fn wizard_recovered_text();
    fn wizard_more_title();
    fn wizard_more_text();
    fn wizard_app();
    fn wizard_app_text();
    fn wizard_call();
    fn wizard_call_text();
    fn wizard_totp();
    fn wizard_totp_text();
    fn wizard_totp_backup_text();
    fn wizard_advised();
    fn wizard_codes();
    fn wizard_codes_text();
    fn wizard_add();
    fn wizard_add_label(method: &str);
    fn wizard_added();
    fn wizard_unavailable(party: &str);
    fn wizard_call_number(party: &str, number: &str);
    fn wizard_other();
    fn wizard_totp_title();
    fn wizard_totp_this_phone();
    fn wizard_totp_install();
    fn wizard_totp_elsewhere();
    fn wizard_totp_open();
    fn wizard_totp_scan();
    fn wizard_totp_qr_label();
    fn wizard_totp_type();
    fn wizard_totp_label(digits: u32);
    fn wizard_totp_add();
    fn wizard_totp_wrong();
    fn wizard_totp_manual();
    fn wizard_totp_key_intro();
    fn wizard_totp_key_label();
    fn wizard_codes_intro();
    fn wizard_codes_again();
    fn wizard_codes_show();
    fn wizard_codes_make_new();
    fn wizard_codes_title();
    fn wizard_codes_once();
    fn wizard_codes_print();
    fn wizard_codes_save();
    fn wizard_codes_file();
    fn wizard_codes_tick();
    fn wizard_codes_kept_title();
    fn wizard_codes_kept_text();
    fn wizard_done_text();

    // Where a user is reached
    fn reached_mobile();
    fn reached_mail();

    // Settings
    fn settings_title();
    fn settings_methods();
    fn settings_phones();
    fn settings_add();
    fn settings_primary();
    fn settings_make_primary();
    fn settings_used(date: &str);
    fn settings_never_used();
    fn settings_codes_left(count: u32);
    fn settings_seen(date: &str);
    fn settings_approves();
    fn settings_codes_only();
    fn settings_remove();
    fn settings_remove_yes();
    fn settings_remove_method(method: &str);
    fn settings_remove_phone(phone: &str);
    fn settings_browsers();
    fn settings_browsers_intro();
    fn settings_browser();
    fn settings_browser_until(used: &str, until: &str);
    fn settings_browser_forget();
    fn settings_reached();
    fn settings_reached_change(party: &str);
    fn settings_needed();
    fn settings_no_name();
    fn settings_rename();
    fn settings_rename_yes();
    fn settings_name_label();

    // What happened
    fn history_title();
    fn history_intro();
    fn history_open();
    fn history_none();
    fn history_older();
    fn history_newest();
    fn history_back();
    fn event_some_method();
    fn event_by_support();
    fn event_elsewhere();
    fn event_logged_in();
    fn event_settings_opened();
    fn event_asked();
    fn event_asked_again();
    fn event_approved();
    fn event_consumed();
    fn event_lapsed();
    fn event_denied();
    fn event_fraud();
    fn event_failed();
    fn event_expired();
    fn event_superseded();
    fn event_cancelled();
    fn event_wrong_code();
    fn event_wrong_number();
    fn event_device_pending();
    fn event_device_proven();
    fn event_device_active();
    fn event_device_suspended();
    fn event_device_revoked();
    fn event_device_renamed();
    fn event_invited();
    fn event_invitation_wrong();
    fn event_invitation_twice();
    fn event_pairing_committed();
    fn event_pairing_proven();
    fn event_pairing_confirmed();
    fn event_pairing_refused();
    fn event_pairing_expired();
    fn event_pairing_wrong();
    fn event_method_offered(method: &str);
    fn event_method_wrong(method: &str);
    fn event_codes_made();
    fn event_method_added(method: &str);
    fn event_method_imported(method: &str);
    fn event_method_primary(method: &str);
    fn event_method_removed(method: &str);
    fn event_typing_disabled();
    fn event_typing_enabled();
    fn event_browser_remembered();
    fn event_browser_forgotten();
    fn event_browsers_forgotten();
    fn event_page_opened();
    fn event_page_done();
    fn event_page_done_again();
    fn event_page_exchanged();
    fn event_page_left();
    fn event_page_expired();
    fn event_foreign_browser();
    fn event_recovered();
    fn event_result_wrong();
    fn event_postponed();
    fn event_user_created();
    fn event_user_changed();
    fn event_user_contacts();
    fn event_user_enabled();
    fn event_user_disabled();
    fn event_user_deleted();
    fn event_user_locked();
    fn event_user_unlocked();
    fn event_reset_asked();
    fn event_reset_withdrawn();
    fn event_reset();
    fn event_looked();
    fn event_password_right();
    fn event_password_wrong();
    fn event_password_chosen();

    // The link that a phone opens
    fn link_tab();
    fn link_title(party: &str);
    fn link_intro();
    fn link_open();
    fn link_no_app();
    fn link_stores(party: &str);
    fn link_manual();
    fn link_copy_intro();
    fn link_code_intro();
    fn link_label();
    fn link_care();
    fn link_broken_title();
    fn link_broken_text();
    fn link_noscript();

    // Pages that say why it goes no further
    fn message_stolen_title();
    fn message_stolen_text();
    fn message_stolen_advice();
    fn message_other_browser_title();
    fn message_other_browser_text();
    fn message_window_title();
    fn message_window_text();
    fn message_window_open();
    fn message_expired_title();
    fn message_expired_text();
    fn message_used_title();
    fn message_used_text();
    fn message_unknown_title();
    fn message_unknown_text();
    fn message_support_title();
    fn message_support_text();
    fn message_support_advice(party: &str);
    fn message_stale_title();
    fn message_stale_text();
    fn message_busy_title();
    fn message_busy_text(seconds: u32);

    // The desk
    fn desk_panels();
    fn desk_panels_none();
    fn desk_panels_open();
    fn desk_panels_back();
    fn desk_panel_open(name: &str);
    fn desk_rule();
    fn desk_rule_off();
    fn desk_rule_optional();
    fn desk_rule_from(day: &str);
    fn desk_rule_day();
    fn desk_rule_required();
    fn desk_progress();
    fn desk_progress_sum(percent: u64, users: u64);
    fn desk_percent();
    fn desk_progress_more();
    fn desk_group();
    fn desk_no_group();
    fn desk_users();
    fn desk_set_up();
    fn desk_backup_missing();
    fn desk_put_off();
    fn desk_not_yet();
    fn desk_lost();
    fn desk_disabled(count: u64);
    fn desk_rules();
    fn desk_rules_methods();
    fn desk_rules_backups();
    fn desk_rules_mode();
    fn desk_rules_code();
    fn desk_rules_number();
    fn desk_rules_rule();
    fn desk_rules_day();
    fn desk_rules_care();
    fn desk_rules_save();
    fn desk_rules_saved();
    fn desk_rules_saved_nobody();
    fn desk_rules_no_factor();
    fn desk_rules_signature();
    fn desk_rules_too_many();
    fn desk_rules_meanwhile();
    fn desk_rules_no_day();
    fn desk_rules_no_group();
    fn desk_rules_remember();
    fn desk_rules_days();
    fn desk_shown();
    fn desk_remembered();
    fn desk_groups();
    fn desk_groups_intro();
    fn desk_groups_add();
    fn desk_groups_remove(group: &str);
    fn desk_support();
    fn desk_support_intro();
    fn desk_support_telephone();
    fn desk_support_web();
    fn desk_support_note();
    fn desk_support_save();
    fn desk_support_no_telephone();
    fn desk_support_no_web();
    fn desk_support_no_note();
    fn desk_look();
    fn desk_look_intro();
    fn desk_look_colour();
    fn desk_look_save();
    fn desk_look_no_colour();
    fn desk_look_too_pale(ratio: &str);
    fn desk_own();
    fn desk_own_intro(organisation: &str);
    fn desk_own_open(organisation: &str);
    fn desk_own_koppelcodes();
    fn desk_own_protect();
    fn desk_own_second();
    fn desk_own_wait();
    fn desk_own_hours();
    fn desk_title();
    fn desk_sign_in_intro();
    fn desk_name();
    fn desk_password();
    fn desk_sign_in();
    fn desk_sign_in_care();
    fn desk_sign_in_wrong();
    fn desk_sign_in_wait(seconds: u32);
    fn desk_sign_in_ended();
    fn desk_sign_in_again();
    fn desk_sign_in_over();
    fn desk_welcome_title();
    fn desk_welcome_intro();
    fn desk_welcome_code();
    fn desk_welcome_password();
    fn desk_welcome_rule();
    fn desk_welcome_again();
    fn desk_welcome_link();
    fn desk_welcome_length();
    fn desk_welcome_differs();
    fn desk_signed_in(name: &str, role: &str);
    fn desk_role_support();
    fn desk_role_supervisor();
    fn desk_role_admin();
    fn desk_leave();
    fn desk_find_title();
    fn desk_find_intro();
    fn desk_organisation();
    fn desk_find_name();
    fn desk_reason();
    fn desk_ticket();
    fn desk_find();
    fn desk_find_care();
    fn desk_find_nobody();
    fn desk_find_no_reason();
    fn desk_protected();
    fn desk_reached();
    fn desk_reached_nothing();
    fn desk_unchecked();
    fn desk_reached_change();
    fn desk_call_for(ticket: &str, reason: &str);
    fn desk_why();
    fn desk_why_nothing();
    fn desk_finding_locked(at: &str);
    fn desk_finding_disabled();
    fn desk_finding_never();
    fn desk_finding_nothing_left();
    fn desk_finding_disabled_method(method: &str);
    fn desk_finding_pause(method: &str, seconds: u32);
    fn desk_finding_suspended(phone: &str);
    fn desk_finding_unreached();
    fn desk_finding_quiet();
    fn desk_unlock();
    fn desk_unlock_care();
    fn desk_methods();
    fn desk_no_methods();
    fn desk_enable_typing();
    fn desk_suspended();
    fn desk_questions();
    fn desk_no_questions();
    fn desk_outcome_pending();
    fn desk_outcome_right();
    fn desk_outcome_denied();
    fn desk_outcome_fraud();
    fn desk_outcome_failed();
    fn desk_outcome_superseded();
    fn desk_outcome_cancelled();
    fn desk_outcome_expired();
    fn desk_audit_open();
    fn desk_new_phone();
    fn desk_confirm_intro();
    fn desk_invite_locked();
    fn desk_code_intro();
    fn desk_spelled();
    fn desk_code_until(at: &str);
    fn desk_code_give();
    fn desk_code_again();
    fn desk_code_not_yet();
    fn desk_code_never();
    fn desk_code_care();
    fn desk_line_waiting();
    fn desk_hint_waiting();
    fn desk_line_pending();
    fn desk_hint_pending();
    fn desk_reset();
    fn desk_reset_nothing();
    fn desk_reset_now();
    fn desk_reset_waits(second: &str);
    fn desk_reset_open();
    fn desk_reset_care();
    fn desk_reset_do();
    fn desk_reset_ask();
    fn desk_reset_asked(agent: &str, due: &str, second: &str);
    fn desk_reset_carry_out();
    fn desk_reset_approve();
    fn desk_reset_withdraw();
    fn desk_said_confirmed();
    fn desk_said_over();
    fn desk_said_unlocked();
    fn desk_said_typing();
    fn desk_said_reset();
    fn desk_said_reset_asked();
    fn desk_said_reset_withdrawn();
    fn desk_said_second_agent();
    fn desk_said_too_soon();
    fn desk_said_locked();
    fn desk_said_not_yours();
    fn desk_close();
    fn desk_audit_title(name: &str);
    fn desk_audit_sound(count: u64);
    fn desk_audit_broken(n: u64);
    fn desk_audit_back();

    // Mail
    fn mail_hello();
    fn mail_account(account: &str);
    fn mail_when(when: &str);
    fn mail_not_you(organisation: &str);
    fn mail_why(organisation: &str);
    fn mail_never();
    fn mail_phone_added(organisation: &str);
    fn mail_phone_added_text();
    fn mail_phone_removed(organisation: &str);
    fn mail_phone_removed_text();
    fn mail_authenticator_added(organisation: &str);
    fn mail_authenticator_added_text();
    fn mail_authenticator_removed(organisation: &str);
    fn mail_authenticator_removed_text();
    fn mail_recovery_made(organisation: &str);
    fn mail_recovery_made_text();
    fn mail_recovery_removed(organisation: &str);
    fn mail_recovery_removed_text();
    fn mail_codes_disabled(organisation: &str);
    fn mail_codes_disabled_text(method: &str);
    fn mail_addresses(organisation: &str);
    fn mail_addresses_text();
    fn mail_locked(organisation: &str);
    fn mail_locked_text();
    fn mail_unlocked(organisation: &str);
    fn mail_unlocked_text();
    fn mail_reset_asked(organisation: &str);
    fn mail_reset_asked_text(due: &str, second: &str);
    fn mail_reset(organisation: &str);
    fn mail_reset_text();
    fn mail_test();
    fn mail_test_text();
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The keys of a file, each with the arguments that its sentence names.
    fn keys(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut keys = BTreeMap::new();
        let mut current = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((key, _)) = line.split_once(" =")
                && key.starts_with(|first: char| first.is_ascii_lowercase())
            {
                current = key.to_owned();
                let earlier = keys.insert(current.clone(), BTreeSet::new());
                assert!(earlier.is_none(), "{key} stands there twice");
            }
            for rest in line.split('$').skip(1) {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let name = &rest[..end.unwrap_or(rest.len())];
                keys.get_mut(&current).unwrap().insert(name.to_owned());
            }
        }
        keys
    }

    fn methods() -> BTreeMap<String, BTreeSet<String>> {
        METHODS
            .iter()
            .map(|(name, arguments)| {
                let arguments = arguments.iter().map(|&argument| argument.to_owned());
                (name.replace('_', "-"), arguments.collect())
            })
            .collect()
    }

    #[test]
    fn both_files_hold_exactly_the_sentences_that_the_pages_use() {
        assert_eq!(keys(DUTCH), methods());
        assert_eq!(keys(ENGLISH), methods());
    }

    #[test]
    fn both_files_are_valid() {
        for source in [DUTCH, ENGLISH] {
            let parsed = FluentResource::try_new(source.to_owned());
            assert!(parsed.is_ok(), "{:?}", parsed.err().map(|(_, errors)| errors));
        }
    }

    #[test]
    fn every_sentence_formats_without_an_error() {
        for bundle in BUNDLES.iter() {
            for (name, names) in METHODS {
                let mut arguments = FluentArgs::new();
                for name in *names {
                    arguments.set(*name, 2);
                }
                let message = bundle.get_message(&name.replace('_', "-")).unwrap();
                let mut errors = Vec::new();
                let text = bundle.format_pattern(message.value().unwrap(), Some(&arguments), &mut errors);
                assert!(errors.is_empty(), "{name}: {errors:?}");
                assert!(!text.is_empty(), "{name}");
            }
        }
    }

    #[test]
    fn only_the_manuals_own_sentence_has_exclamation_marks() {
        for source in [DUTCH, ENGLISH] {
            for line in source.lines().filter(|line| line.contains('!')) {
                assert!(line.starts_with("enrol-done-title"), "{line}");
            }
        }
    }

    #[test]
    fn no_sentence_uses_our_own_jargon() {
        for source in [DUTCH, ENGLISH] {
            for line in source.lines().filter(|line| !line.starts_with('#')) {
                let text = line.split_once(" = ").map_or(line, |(_, text)| text);
                // The manual's own name of this page.
                if line.starts_with("settings-title") {
                    continue;
                }
                for word in ["challenge", "token", "otp", "javascript", "2fa", "prompt"] {
                    assert!(!text.to_lowercase().contains(word), "{line}");
                }
            }
        }
    }

    #[test]
    fn numbers_choose_their_form() {
        let (nl, en) = (Texts::new(Language::Dutch), Texts::new(Language::English));
        assert!(nl.problem_wrong_code(1).contains("één keer"));
        assert!(nl.problem_wrong_code(4).contains("4 keer"));
        assert!(en.problem_wrong_code(1).contains("one more time"));
        assert!(en.problem_wrong_code(4).contains("4 more times"));
    }
}
