//! What a Swift source offers: every declaration that says `public`, and the cases of enumerations, by what they stand in.

use super::bare::bare;

/// What only the generated code needs, though it must say `public`.
const PLUMBING: [&str; 6] = ["FfiConverter", "NoHandle", "RustBuffer", "Uniffi", "uniffi", "unsafeFromHandle"];

/// The declarations of a source, one line each.
pub(super) fn of(source: &str) -> Vec<String> {
    let source = bare(source);
    let mut found = Vec::new();
    // What we stand in: the depth of its body, and its name; none where it is nobody's business.
    let mut inside: Vec<(i32, Option<String>)> = Vec::new();
    // The depth of the body of a public protocol, whose members need no `public`.
    let mut protocol = None;
    let mut depth = 0_i32;
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let mut head = line.trim().to_owned();
        let demanded = protocol == Some(depth) && head.starts_with("func ");
        let declares = ["public ", "open ", "case "].iter().any(|word| head.starts_with(word)) || demanded;
        while declares && open(&head) {
            let Some(more) = lines.next() else { break };
            head.push(' ');
            head.push_str(more.trim());
        }
        let before = depth;
        depth += braces(&head);
        let place = inside.last().and_then(|(at, name)| (*at == before).then(|| name.clone()).flatten());
        let shape = shape(&head);
        let path = match &place {
            Some(place) => Some(format!("{place}.{shape}")),
            None if before == 0 && !head.starts_with("case ") => Some(shape.clone()),
            None => None,
        };
        if declares {
            found.extend(path.filter(|path| !PLUMBING.iter().any(|word| path.contains(word))));
            if depth > before {
                inside.push((depth, type_name(&shape)));
                if shape.starts_with("protocol ") {
                    protocol = Some(depth);
                }
            }
        } else if depth > before {
            inside.push((depth, extended(&head)));
        }
        inside.retain(|(at, _)| *at <= depth);
        protocol = protocol.filter(|at| *at <= depth);
    }
    found
}

/// Whether apps see a generated declaration: those of the types that our own sources give a name. The generated module itself is not
/// theirs to import.
pub(super) fn is_shown(declaration: &str, own: &[String]) -> bool {
    let first = declaration.split(' ').next().unwrap_or_default();
    let name = match first.split_once('.') {
        Some((name, _)) => Some(name.to_owned()),
        None => type_name(declaration),
    };
    name.is_some_and(|name| own.contains(&format!("typealias {name} = KoppelFFI.{name}")))
}

fn open(head: &str) -> bool {
    let count = |c: char| head.chars().filter(|it| *it == c).count();
    count('(') > count(')')
}

fn braces(head: &str) -> i32 {
    head.chars().map(|c| i32::from(c == '{') - i32::from(c == '}')).sum()
}

/// A declaration without its body and its value.
fn shape(head: &str) -> String {
    let head = head.split(" {").next().unwrap_or_default();
    let head = head.trim_end_matches('{').trim_end_matches(',');
    let words: Vec<&str> = head.split_whitespace().filter(|word| *word != "public").collect();
    words
        .join(" ")
        .replace("( ", "(")
        .replace(" )", ")")
        .replace(" ,", ",")
        .replace(")async", ") async")
        .replace(")throws", ") throws")
}

fn type_name(shape: &str) -> Option<String> {
    let mut words = shape.split([' ', ':', '<', '{']).filter(|word| !word.is_empty());
    words.find(|word| ["class", "struct", "enum", "actor", "protocol", "extension"].contains(word))?;
    words.next().map(str::to_owned)
}

fn extended(head: &str) -> Option<String> {
    head.contains("extension ").then(|| type_name(head)).flatten()
}

#[cfg(test)]
mod tests {
    use super::{is_shown, of};

    #[test]
    fn a_surface_is_what_others_can_use() {
        let source = "
            public struct Account: Equatable {
                /// Doc
                public let id: AccountId
                let hidden: Int
                public init(id: AccountId,
                    label: String) {
                    self.id = id
                }
            }
            public enum Outcome {
                case approved
                case wrongNumber(left: UInt32
                )
                func no() { switch self { case .approved: break } }
            }
            fileprivate struct FfiConverterInt { public static func lift() {} }
            public func FfiConverterTypeAccount_lift() {}
            struct Internal { public let nobodys: Int }
            public protocol Store: Sendable {
                func names() throws -> [String]
            }
            extension Outcome {
                public var isGood: Bool { true }
            }
        ";
        assert_eq!(
            of(source),
            [
                "struct Account: Equatable",
                "Account.let id: AccountId",
                "Account.init(id: AccountId, label: String)",
                "enum Outcome",
                "Outcome.case approved",
                "Outcome.case wrongNumber(left: UInt32)",
                "protocol Store: Sendable",
                "Store.func names() throws -> [String]",
                "Outcome.var isGood: Bool",
            ]
        );
    }

    #[test]
    fn what_our_sources_do_not_name_is_not_shown() {
        let own = ["typealias Account = KoppelFFI.Account".to_owned(), "final class KoppelClient: Sendable".to_owned()];
        let shown = |declaration: &str| is_shown(declaration, &own);
        assert!(shown("struct Account: Equatable") && shown("Account.let id: AccountId"));
        assert!(!shown("open class RawClient: RawClientProtocol") && !shown("RawClient.open func stop() async throws"));
        assert!(!shown("func hostOf(invitation: Invitation) throws -> String"));
    }
}
