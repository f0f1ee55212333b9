//! Cookies, and the proof that a form is ours.

use axum::http::{HeaderMap, HeaderValue, header};
use ring::hmac;

use crate::address::Address;
use crate::secret::{Secret, b64u, from_b64u};
use crate::session::SessionToken;

/// The value of a cookie; a name that stands there twice is not trusted.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(other, _)| *other == name)
        .map(|(_, value)| value);
    let value = found.next();
    if found.next().is_some() { None } else { value }
}

/// How this site names and protects its cookies.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    https: bool,
}

impl Cookies {
    /// `__Host-` and `Secure` wherever there is https.
    pub fn of(site: &Address) -> Self {
        Self { https: site.is_https() }
    }

    /// The name of the session's cookie.
    pub fn session_name(self) -> &'static str {
        if self.https { "__Host-linden" } else { "linden" }
    }

    /// The session that a browser carries.
    pub fn session(self, headers: &HeaderMap) -> Option<SessionToken> {
        SessionToken::parse(read(headers, self.session_name())?)
    }

    /// Gives the browser another session; it forgets it when it is closed. `Lax`, because the browser comes back from the
    /// verification server's site and must still be known.
    pub fn set_session(self, token: &SessionToken) -> HeaderValue {
        self.set(&format!("{}={}", self.session_name(), token.text()))
    }

    /// Takes the session away.
    pub fn clear_session(self) -> HeaderValue {
        self.set(&format!("{}=; Max-Age=0", self.session_name()))
    }

    /// Remembers the language for a year.
    pub fn set_language(self, tag: &str) -> HeaderValue {
        self.set(&format!("language={tag}; Max-Age=31536000"))
    }

    fn set(self, pair: &str) -> HeaderValue {
        let secure = if self.https { "; Secure" } else { "" };
        let cookie = format!("{pair}; Path=/; HttpOnly; SameSite=Lax{secure}");
        // Made of base64url and our own words.
        HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static(""))
    }
}

/// Makes and checks the hidden field of every form: an HMAC of the cookie under a key that lives as long as the process.
///
/// Another site can make a browser send our cookie, but cannot read it and so cannot know the field. Nothing is kept for
/// it, so that visitors who never sign in cost no memory.
pub struct FormTokens(hmac::Key);

impl Default for FormTokens {
    fn default() -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, Secret::<32>::fresh().bytes()))
    }
}

impl FormTokens {
    /// The field's value for a browser with this cookie.
    pub fn make(&self, session: &SessionToken) -> String {
        b64u(hmac::sign(&self.0, session.bytes()).as_ref())
    }

    /// Whether `field` was made for this cookie; in constant time.
    pub fn check(&self, session: &SessionToken, field: &str) -> bool {
        from_b64u(field).is_some_and(|tag| hmac::verify(&self.0, session.bytes(), &tag).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(address: &str) -> Cookies {
        Cookies::of(&address.parse().unwrap())
    }

    #[test]
    fn cookies_are_host_only_and_secure_wherever_there_is_https() {
        let token = SessionToken::fresh();
        let set = cookies("https://panel.nl").set_session(&token);
        let expected = format!("__Host-linden={}; Path=/; HttpOnly; SameSite=Lax; Secure", token.text());
        assert_eq!(set.to_str().unwrap(), expected);
        let set = cookies("http://127.0.0.1:1").set_session(&token);
        assert!(set.to_str().unwrap().starts_with("linden=") && !set.to_str().unwrap().contains("Secure"));
    }

    #[test]
    fn a_session_is_read_back_and_a_doubled_or_broken_one_is_not() {
        let site = cookies("https://panel.nl");
        let token = SessionToken::fresh();
        let headers = |line: String| HeaderMap::from_iter([(header::COOKIE, line.parse().unwrap())]);
        let own = format!("__Host-linden={}", token.text());
        assert!(site.session(&headers(format!("a=b; {own}"))).is_some());
        assert!(site.session(&headers(format!("{own}; __Host-linden=x"))).is_none());
        assert!(site.session(&headers("__Host-linden=x".to_owned())).is_none());
        assert!(site.session(&headers(format!("linden={}", token.text()))).is_none());
    }

    #[test]
    fn a_form_of_another_browser_or_another_process_is_refused() {
        let (forms, own) = (FormTokens::default(), SessionToken::fresh());
        let field = forms.make(&own);
        assert!(forms.check(&own, &field));
        assert!(!forms.check(&SessionToken::fresh(), &field));
        assert!(!FormTokens::default().check(&own, &field));
        assert!(!forms.check(&own, "") && !forms.check(&own, "!"));
    }
}
