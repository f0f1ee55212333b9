//! The help, in the person's language: clap knows the arguments, `l10n` the words.

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches};

use crate::arguments::Arguments;
use crate::texts::{Locale, Texts};

/// Reads the command line. The language of help and errors is looked for before anything else is understood.
///
/// # Errors
/// Clap's own: wrong usage, or the help that was asked for.
pub(crate) fn read(line: Vec<OsString>) -> Result<Arguments, clap::Error> {
    let texts = Texts::of(language(&line));
    let matches = command(&texts).try_get_matches_from(line)?;
    Arguments::from_arg_matches(&matches)
}

/// The language that a command line asks for, or the environment.
pub(crate) fn language(line: &[OsString]) -> Locale {
    let words: Vec<_> = line.iter().filter_map(|word| word.to_str()).collect();
    let after = words.iter().position(|word| *word == "--locale").and_then(|at| words.get(at + 1).copied());
    let joined = words.iter().find_map(|word| word.strip_prefix("--locale="));
    let environment = std::env::var("KOPPEL_LOCALE").ok();
    after
        .or(joined)
        .or(environment.as_deref())
        .and_then(|word| word.parse().ok())
        .unwrap_or_else(|| Locale::from_environment(|name| std::env::var(name).ok()))
}

/// Whether a link with the secret of a code stands anywhere on a command line, also where none belongs.
pub(crate) fn names_a_link(line: &[OsString]) -> bool {
    line.iter().any(|word| word.to_string_lossy().to_ascii_lowercase().contains("otpauth"))
}

fn command(texts: &Texts) -> clap::Command {
    let template =
        format!("{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}", texts.say("help-usage"));
    let command = Arguments::command()
        .about(texts.say("help-koppel"))
        .after_help(texts.say("help-after"))
        .help_template(template.clone())
        .subcommand_help_heading(texts.say("help-commands"));
    dress_commands(dress(command, texts, "help-option"), texts, "", &template)
}

/// Gives every command its words, and the commands of a command theirs: they stand under the names of both.
fn dress_commands(command: clap::Command, texts: &Texts, above: &str, template: &str) -> clap::Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(&name, |sub| {
            let name = format!("{above}{name}");
            let key = format!("help-command-{name}");
            let after = texts.find(&format!("{key}.after"), &[]).unwrap_or_default();
            let sub = sub
                .about(texts.say(&key))
                .after_help(after)
                .help_template(template.to_owned())
                .subcommand_help_heading(texts.say("help-commands"))
                .disable_help_subcommand(true);
            let sub = dress(sub, texts, &format!("help-{name}"));
            dress_commands(sub, texts, &format!("{name}-"), template)
        })
    })
}

/// Behind every other option.
const LAST: usize = 999;

/// Gives every argument its words, `--help` and `--version` too. What every command takes stands under a heading of its own, below
/// the command's own options.
fn dress(command: clap::Command, texts: &Texts, section: &str) -> clap::Command {
    let command = command.disable_help_flag(true).disable_version_flag(true).arg(
        clap::Arg::new("help")
            .short('h')
            .long("help")
            .action(clap::ArgAction::HelpShort)
            .display_order(LAST)
            .help(texts.say("help-help")),
    );
    let command = match section {
        "help-option" => command.arg(
            clap::Arg::new("version")
                .short('V')
                .long("version")
                .action(clap::ArgAction::Version)
                .display_order(LAST)
                .help(texts.say("help-version")),
        ),
        _ => command,
    };
    command.mut_args(|argument| {
        let heading = match argument.get_id().as_str() {
            _ if argument.is_positional() => texts.say("help-arguments"),
            "help" | "version" => texts.say("help-general-options"),
            _ if argument.is_global_set() => texts.say("help-general-options"),
            _ => texts.say("help-options"),
        };
        let key = format!("{section}-{}", argument.get_id().as_str().replace('_', "-"));
        match texts.find(&key, &[]) {
            Some(words) => {
                // A flag has no values that could be hidden.
                let values = argument.get_action().takes_values();
                argument.help(words).help_heading(heading).hide_env(true).hide_possible_values(values)
            }
            None => argument.help_heading(heading),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(words: &[&str]) -> String {
        let line = words.iter().map(OsString::from).collect();
        read(line).expect_err("help ends the program").to_string()
    }

    #[test]
    fn every_argument_has_words_in_both_languages() {
        for locale in ["nl", "en"] {
            for sub in [
                "",
                "pair",
                "accounts",
                "test-phone",
                "rename",
                "remove",
                "start-afresh",
                "codes",
                "codes list",
                "codes add",
                "codes copy",
                "codes rename",
                "codes move",
                "codes remove",
            ] {
                let words = ["koppel", "--locale", locale].into_iter().chain(sub.split_whitespace()).chain(["--help"]);
                let help = help(&words.collect::<Vec<_>>());
                assert!(!help.contains("help-"), "{help}");
                for line in help.lines().filter(|line| line.trim_start().starts_with("--")) {
                    assert!(line.split_whitespace().count() > 1, "no words for {line:?}");
                }
            }
        }
    }

    #[test]
    fn a_commands_own_options_stand_before_those_of_every_command() {
        for (locale, own, general) in
            [("nl", "\nOpties:", "\nAlgemene opties:"), ("en", "\nOptions:", "\nOptions of every command:")]
        {
            let help = help(&["koppel", "--locale", locale, "pair", "--help"]);
            let order = [own, "--server", "--no-wait", general, "--folder", "--secrets", "--help"];
            let places: Vec<_> = order.iter().map(|words| help.rfind(words).expect(words)).collect();
            assert!(places.is_sorted(), "{places:?} in\n{help}");
        }
    }

    #[test]
    fn the_language_of_the_help_is_the_one_that_was_asked_for() {
        assert!(help(&["koppel", "--locale", "nl", "--help"]).contains("Gebruik:"));
        assert!(help(&["koppel", "--locale=en", "--help"]).contains("Usage:"));
    }
}
