//! What a Kotlin source offers: every declaration that is not internal or private, by the path of what it stands in.

use super::bare::bare;

/// What a declaration is of; the words before it say who may use it, and how.
const TYPES: [&str; 3] = ["class", "interface", "object"];
const MEMBERS: [&str; 5] = ["fun", "val", "var", "typealias", "constructor"];

/// The declarations of a source, one line each.
pub(super) fn of(source: &str) -> Vec<String> {
    let source = bare(source);
    let mut reader = Reader { rest: &source, found: Vec::new() };
    reader.body("", false);
    reader.found
}

struct Reader<'a> {
    rest: &'a str,
    found: Vec<String>,
}

impl Reader<'_> {
    /// Reads a body to its closing brace; declarations of what is hidden are passed over.
    fn body(&mut self, path: &str, of_enum: bool) {
        let mut entries = of_enum;
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\n', ',', '\t']);
            let Some(first) = self.rest.chars().next() else { return };
            if first == '}' {
                self.rest = &self.rest[1..];
                return;
            }
            if first == ';' {
                entries = false;
                self.rest = &self.rest[1..];
                continue;
            }
            if first == '{' || first == ')' {
                self.rest = &self.rest[1..];
                if first == '{' {
                    self.skip();
                }
                continue;
            }
            if entries {
                let name: String = self.rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !name.is_empty() {
                    self.rest = &self.rest[name.len()..];
                    self.found.push(format!("{path}.{name}"));
                    continue;
                }
                entries = false;
            }
            self.declaration(path);
        }
    }

    fn declaration(&mut self, path: &str) {
        let (head, end) = self.head();
        let head = tidy(&head);
        let words: Vec<&str> = head.split(' ').collect();
        let place = words.iter().position(|word| TYPES.contains(word) || MEMBERS.contains(word));
        let (before, is_type) = match place {
            // `fun interface` is a type.
            Some(place) => (&words[..place], words[place..].iter().take(2).any(|word| TYPES.contains(word))),
            None => (&words[..], false),
        };
        let hidden = before.iter().any(|word| ["private", "internal"].contains(word));
        let is_member = place.is_some() && !is_type;
        if !hidden && (is_type || is_member) && !before.contains(&"override") {
            self.found.push(if path.is_empty() { head.clone() } else { format!("{path}.{head}") });
        }
        match end {
            '{' if is_type && !hidden => {
                let name = name_of(&head);
                let inner = if path.is_empty() { name } else { format!("{path}.{name}") };
                self.body(&inner, words.contains(&"enum"));
            }
            '{' => self.skip(),
            '=' => self.expression(),
            _ => {}
        }
    }

    /// The head of a declaration: to its body, its value, or the end of its line.
    fn head(&mut self) -> (String, char) {
        let (mut depth, mut last) = (0_i32, ' ');
        for (at, c) in self.rest.char_indices() {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                '{' if depth == 0 => return self.cut(at, 1, '{'),
                '=' if depth == 0 => return self.cut(at, 1, '='),
                '}' if depth == 0 => return self.cut(at, 0, '}'),
                // What goes on after a comma or a colon, or begins so on the next line, is one declaration.
                '\n' if depth == 0 && !matches!(last, ',' | ':') => {
                    let next = self.rest[at..].trim_start().chars().next();
                    let annotation =
                        self.rest[..at].trim_start().starts_with('@') && !self.rest[..at].contains(" fun ");
                    if !matches!(next, Some('{' | ':' | '=')) && !annotation {
                        return self.cut(at, 1, '\n');
                    }
                }
                _ => {}
            }
            if !c.is_whitespace() {
                last = c;
            }
        }
        let all = self.rest.len();
        self.cut(all, 0, ' ')
    }

    fn cut(&mut self, at: usize, more: usize, end: char) -> (String, char) {
        let head = self.rest[..at].to_owned();
        self.rest = &self.rest[at + more..];
        (head, end)
    }

    /// Passes over a value: to the end of a line on which nothing is open.
    fn expression(&mut self) {
        let mut depth = 0_i32;
        for (at, c) in self.rest.char_indices() {
            match c {
                '(' | '[' | '{' => depth += 1,
                '}' if depth == 0 => {
                    self.rest = &self.rest[at..];
                    return;
                }
                ')' | ']' | '}' => depth -= 1,
                '\n' if depth == 0 && !self.rest[..at].trim().is_empty() => {
                    let next = self.rest[at..].trim_start();
                    if !["?:", ".", "else", "catch", "finally", "as", "?."].iter().any(|word| next.starts_with(word)) {
                        self.rest = &self.rest[at..];
                        return;
                    }
                }
                _ => {}
            }
        }
        self.rest = "";
    }

    /// Passes over a block whose brace was just read.
    fn skip(&mut self) {
        let mut depth = 1_i32;
        for (at, c) in self.rest.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth == 0 {
                self.rest = &self.rest[at + 1..];
                return;
            }
        }
        self.rest = "";
    }
}

/// The name that a type's head declares.
fn name_of(head: &str) -> String {
    let mut words = head.split([' ', '(', ':', '<']).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        match word {
            "companion" => return "Companion".to_owned(),
            "class" | "interface" | "object" => return words.next().unwrap_or_default().to_owned(),
            _ => {}
        }
    }
    String::new()
}

/// One line, one blank between words; without what says nothing to whoever uses it.
fn tidy(head: &str) -> String {
    let words: Vec<&str> = head.split_whitespace().filter(|word| *word != "public").collect();
    let line = words.join(" ").replace('`', "").replace("kotlin.", "");
    let line = line
        .replace("( ", "(")
        .replace(" )", ")")
        .replace(" (", "(")
        .replace(",)", ")")
        .replace(" :", ":")
        .replace(" ,", ",");
    let line = line.replace("@Throws(KoppelException::class) ", "").replace("@Throws(PlatformException::class) ", "");
    line.trim_start_matches("@Volatile ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_surface_is_what_others_can_use() {
        let source = r#"
            package a
            /** Doc { */
            public class Client private constructor(private val raw: Raw) : AutoCloseable {
                private val hidden = "}{"
                public val state: State<A> = run { 1 }
                public suspend fun pair(
                    a: Int, // one
                    b: String,
                ): Offer { return Offer() }
                override fun close(): Unit = stop()
                internal fun no() = 1
                public companion object {
                    private val open = 1
                    public fun open(at: Path): Client = other(at) {
                        it
                    }
                }
            }
            internal class Raw { fun a() {} }
            enum class Kind {
                /** One */
                ONE,
                TWO;
                companion object
            }
            public val Kind.text: String
                get() = name
            @Throws(KoppelException::class) internal fun `no`(): kotlin.String { }
        "#;
        assert_eq!(
            of(source),
            [
                "class Client private constructor(private val raw: Raw): AutoCloseable",
                "Client.val state: State<A>",
                "Client.suspend fun pair(a: Int, b: String): Offer",
                "Client.companion object",
                "Client.Companion.fun open(at: Path): Client",
                "enum class Kind",
                "Kind.ONE",
                "Kind.TWO",
                "Kind.companion object",
                "val Kind.text: String",
            ]
        );
    }
}
