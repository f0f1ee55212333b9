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
    let mut depth = 0_i32;
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let mut head = line.trim().to_owned();
        let declares = head.starts_with("public ") || head.starts_with("open ") || head.starts_with("case ");
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
            }
        } else if depth > before {
            inside.push((depth, extended(&head)));
        }
        inside.retain(|(at, _)| *at <= depth);
    }
    found
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
    use super::of;

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
                "Outcome.var isGood: Bool",
            ]
        );
    }
}
