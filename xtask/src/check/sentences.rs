//! Every sentence is there in every language, with the same arguments.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::Findings;
use crate::workspace::Workspace;

/// The arguments of each sentence, by its key.
type Sentences<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

pub(super) fn check(workspace: &Workspace) -> Result<Findings> {
    let mut texts = Vec::new();
    for file in workspace.files()? {
        if file.ends_with(".ftl") {
            let text = std::fs::read_to_string(workspace.path(&file))?;
            texts.push((file, text));
        }
    }
    let mut findings = Vec::new();
    for (file, text) in &texts {
        for key in doubled(text) {
            findings.push(format!("{file}: {key} stands twice"));
        }
        for partner in partners(file) {
            match texts.iter().find(|(name, _)| *name == partner) {
                None => findings.push(format!("{partner} is missing beside {file}")),
                Some((_, other)) => compare((file, &sentences(text)), (&partner, &sentences(other)), &mut findings),
            }
        }
    }
    Ok(findings)
}

const LANGUAGES: [&str; 2] = ["nl", "en"];

/// The same file in the other languages: `l10n/nl.ftl` has `l10n/en.ftl`.
fn partners(file: &str) -> Vec<String> {
    let own = LANGUAGES.iter().find_map(|tag| Some((tag, file.strip_suffix(&format!("{tag}.ftl"))?)));
    let Some((own, stem)) = own else {
        return Vec::new();
    };
    let others = LANGUAGES.iter().filter(|tag| *tag != own);
    others.map(|tag| format!("{stem}{tag}.ftl")).collect()
}

/// What is in the first and missing, or different, in the second.
fn compare(here: (&str, &Sentences), there: (&str, &Sentences), findings: &mut Findings) {
    for (key, arguments) in here.1 {
        match there.1.get(key) {
            None => findings.push(format!("{}: {key} is missing", there.0)),
            Some(others) if others != arguments => {
                findings.push(format!("{}: {key} has other arguments than in {}", there.0, here.0))
            }
            Some(_) => {}
        }
    }
}

fn keys(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut offset = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let begin = offset;
        offset += line.len();
        let (key, _) = line.split_once('=')?;
        let key = key.trim_end();
        let well = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-')
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        well.then_some((key, begin))
    })
}

fn sentences(text: &str) -> Sentences<'_> {
    let starts: Vec<(&str, usize)> = keys(text).collect();
    let mut sentences = Sentences::new();
    for (index, (key, begin)) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(text.len(), |next| next.1);
        sentences.insert(key, arguments(&text[*begin..end]));
    }
    sentences
}

fn arguments(sentence: &str) -> BTreeSet<&str> {
    sentence
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| line.split('$').skip(1))
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}

fn doubled(text: &str) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    keys(text).map(|(key, _)| key).filter(|key| !seen.insert(*key)).collect()
}

#[cfg(test)]
mod tests {
    use super::{compare, doubled, partners, sentences};

    const DUTCH: &str =
        "# Kop\nhallo = Dag { $name }\nteller = { $count ->\n    [one] een\n   *[other] { $count }\n}\n";

    #[test]
    fn a_sentence_knows_its_arguments_over_all_its_lines() {
        let found = sentences(DUTCH);
        assert_eq!(found["hallo"], ["name"].into());
        assert_eq!(found["teller"], ["count"].into());
    }

    #[test]
    fn a_missing_sentence_and_another_argument_are_found() {
        let mut findings = Vec::new();
        let english = "hallo = Hello { $user }\n";
        compare(("nl.ftl", &sentences(DUTCH)), ("en.ftl", &sentences(english)), &mut findings);
        assert_eq!(findings, ["en.ftl: hallo has other arguments than in nl.ftl", "en.ftl: teller is missing"]);
    }

    #[test]
    fn every_file_has_a_partner_in_the_other_language() {
        assert_eq!(partners("l10n/nl.ftl"), ["l10n/en.ftl"]);
        assert_eq!(partners("l10n/phone.en.ftl"), ["l10n/phone.nl.ftl"]);
    }

    #[test]
    fn a_doubled_key_is_found() {
        assert_eq!(doubled("a = 1\nb = 2\na = 3\n"), ["a"]);
    }
}
