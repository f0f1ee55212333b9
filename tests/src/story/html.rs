//! As much HTML as a person's eyes need: forms with their fields, and the text inside an element.

/// A form of a page, with what its fields hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Where it goes, as written.
    pub action: String,
    /// Its fields in order, name and value.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The same form with a field filled in.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(other, _)| other != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// One tag: its name (`/form` for an end), its attributes, and where the text after it begins.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, String)>,
    begin: usize,
    end: usize,
}

impl Tag<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }
}

/// The forms of a page. A submit button's own name is not among the fields: a person presses one of several.
#[must_use]
pub fn forms(page: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut open = false;
    for tag in tags(page) {
        match tag.name {
            "form" => {
                open = true;
                let action = tag.attribute("action").unwrap_or_default().to_owned();
                forms.push(Form { action, fields: Vec::new() });
            }
            "/form" => open = false,
            "input" if open => {
                if let (Some(form), Some(name)) = (forms.last_mut(), tag.attribute("name")) {
                    let value = tag.attribute("value").unwrap_or_default();
                    form.fields.push((name.to_owned(), value.to_owned()));
                }
            }
            _ => {}
        }
    }
    forms
}

/// The text of the first element that has this attribute with this value, without the tags in it.
#[must_use]
pub fn text_of(page: &str, attribute: &str, value: &str) -> Option<String> {
    let mut depth = 0_usize;
    let mut name = "";
    let mut begin = 0;
    for tag in tags(page) {
        if depth == 0 {
            if tag.attribute(attribute) == Some(value) {
                (depth, name, begin) = (1, tag.name, tag.end);
            }
        } else if tag.name == name {
            depth += 1;
        } else if tag.name.strip_prefix('/') == Some(name) {
            depth -= 1;
            if depth == 0 {
                return Some(text(&page[begin..tag.begin]));
            }
        }
    }
    None
}

/// The value of an attribute of the first tag that has it.
#[must_use]
pub fn attribute(page: &str, name: &str) -> Option<String> {
    tags(page).find_map(|tag| tag.attribute(name).map(str::to_owned))
}

/// The content of the page's one `textarea`, where the pairing link stands.
#[must_use]
pub fn textarea(page: &str) -> Option<String> {
    let begin = tags(page).find(|tag| tag.name == "textarea")?.end;
    let end = page[begin..].find("</textarea>")?;
    Some(unescape(&page[begin..begin + end]))
}

/// All text without tags, spaces collapsed: for messages.
#[must_use]
pub fn text(page: &str) -> String {
    let mut text = String::new();
    let mut from = 0;
    for tag in tags(page) {
        text.push_str(&page[from..tag.begin]);
        from = tag.end;
    }
    text.push_str(&page[from..]);
    unescape(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn tags(page: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let begin = at + page[at..].find('<')?;
        let mut quoted = false;
        let length = page[begin..].find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        })?;
        at = begin + length + 1;
        let inside = &page[begin + 1..begin + length];
        let (name, rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
        Some(Tag { name, attributes: attributes(rest), begin, end: at })
    })
}

fn attributes(mut rest: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() {
            return found;
        }
        rest = &rest[end..];
        let Some(value) = rest.strip_prefix("=\"") else {
            found.push((name, String::new()));
            rest = rest.strip_prefix('=').unwrap_or(rest);
            continue;
        };
        let (value, after) = value.split_once('"').unwrap_or((value, ""));
        found.push((name, unescape(value)));
        rest = after;
    }
}

fn unescape(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<main data-page="/p/pr_a" data-version="3"><form method="post" action="/p/pr_a/check" id="check">
        <input type="hidden" name="form_token" value="a&#38;b"><input name="digits" autofocus></form>
        <dl><dd class="koppelcode">ABCD-EFGH-J</dd></dl><p class="number" role="img"><b>123</b><b>456</b></p>
        <textarea readonly rows="3">https://h/p#v=1&#38;s=x</textarea></main>"#;

    #[test]
    fn a_form_knows_where_it_goes_and_what_it_holds() {
        let form = forms(PAGE).remove(0).with("digits", "123456");
        assert_eq!(form.action, "/p/pr_a/check");
        let fields = [("form_token", "a&b"), ("digits", "123456")];
        assert_eq!(form.fields, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn text_attributes_and_the_link_are_found() {
        assert_eq!(text_of(PAGE, "class", "koppelcode").as_deref(), Some("ABCD-EFGH-J"));
        assert_eq!(text_of(PAGE, "class", "number").as_deref(), Some("123456"));
        assert_eq!(text_of(PAGE, "class", "absent"), None);
        assert_eq!(attribute(PAGE, "data-version").as_deref(), Some("3"));
        assert_eq!(textarea(PAGE).as_deref(), Some("https://h/p#v=1&s=x"));
    }
}
