//! Who may sign in with a password: the first factor, which is the panel's own business.
//!
//! Users stand in a JSON file with Argon2id hashes, written by `koppel-panel user add`. The file is read at every
//! sign-in, so that a change needs no restart. A name that does not exist costs as much time as a wrong password.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};

use crate::json_file::{FileError, JsonFile};
use crate::secret::{Secret, b64u};

/// The users of `--example-users`; the password of each is `linden-` and their name.
pub const EXAMPLES: [(&str, &str, &str); 8] = [
    ("anna", "Anna de Wit", "21"),
    ("bram", "Bram Yıldız", "22"),
    ("chloe", "Chloé Janssen", "23"),
    ("daan", "Daan Visser", "24"),
    ("esra", "Esra Kaya", "25"),
    ("femke", "Femke van Dijk", "26"),
    ("gijs", "Gijs Bakker", "27"),
    ("hanna", "Hanna Smit", "28"),
];

/// A subscriber of the exchange, as the panel's pages know one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Never changes: what the verification server knows the user by.
    pub external_id: String,
    /// What the user types.
    pub login_name: String,
    /// What the user is called.
    pub display: String,
    /// The number of the telephone on the desk.
    pub extension: String,
    /// When the password was set, in seconds since 1970.
    pub password_changed_at: i64,
}

/// A user with their password's hash. Not `Debug`, so that no hash ends in a log.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscriber {
    external_id: String,
    login_name: String,
    display: String,
    extension: String,
    password_changed_at: i64,
    password: String,
}

/// A password that cannot be hashed, or a name that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// There already is one.
    #[error("there is a user {0} already")]
    Taken(String),
    /// Empty, too long, or with white space.
    #[error("a user name has 1 to 64 letters, digits, dots, dashes or underscores")]
    BadName,
    /// Empty, too long, or with control characters.
    #[error("a display name and an extension have 1 to 64 bytes and no control characters")]
    BadDisplay,
    /// Too short or too long.
    #[error("a password has 8 to 256 characters")]
    BadPassword,
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Subscriber {
    /// A new user. Hashing takes some 20 ms and 19 MiB.
    pub fn new(name: &str, display: &str, extension: &str, password: &str, now: i64) -> Result<Self, UserError> {
        let login_name = canonical(name);
        let fits = |c: char| c.is_alphanumeric() || "._-@".contains(c);
        if !(1..=64).contains(&login_name.len()) || !login_name.chars().all(fits) {
            return Err(UserError::BadName);
        }
        let clean = |text: &str| (1..=64).contains(&text.len()) && !text.chars().any(char::is_control);
        if !clean(display) || !clean(extension) {
            return Err(UserError::BadDisplay);
        }
        if !(8..=256).contains(&password.chars().count()) {
            return Err(UserError::BadPassword);
        }
        Ok(Self {
            external_id: format!("linden-{}", b64u(Secret::<9>::fresh().bytes())),
            login_name,
            display: display.to_owned(),
            extension: extension.to_owned(),
            password_changed_at: now,
            // Argon2id with the crate's defaults: 19 MiB, two passes.
            password: hash(&Argon2::default(), password)?,
        })
    }

    fn user(&self) -> User {
        User {
            external_id: self.external_id.clone(),
            login_name: self.login_name.clone(),
            display: self.display.clone(),
            extension: self.extension.clone(),
            password_changed_at: self.password_changed_at,
        }
    }
}

/// How names are compared: as typed, but for case and space around them.
pub fn canonical(login_name: &str) -> String {
    login_name.trim().to_lowercase()
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, UserError> {
    let hash = argon2.hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|_| UserError::BadPassword)
}

/// Everybody who may sign in.
pub struct Users {
    file: Option<JsonFile>,
    examples: Vec<Subscriber>,
    /// Hash of a password that nobody knows: what an unknown name is compared with.
    nobody: String,
}

impl Users {
    /// The users of a file, which must exist.
    pub fn in_file(file: JsonFile) -> Result<Self, UserError> {
        file.read::<Vec<Subscriber>>()?;
        Ok(Self { file: Some(file), ..Self::none()? })
    }

    /// Nobody yet.
    pub fn none() -> Result<Self, UserError> {
        let nobody = hash(&Argon2::default(), &Secret::<16>::fresh().text())?;
        Ok(Self { file: None, examples: Vec::new(), nobody })
    }

    /// And [`EXAMPLES`]. Their passwords are public, so their hashes may be cheap ones.
    pub fn with_examples(mut self) -> Result<Self, UserError> {
        let cheap = Params::new(Params::MIN_M_COST, 1, 1, None).map_err(|_| UserError::BadPassword)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cheap);
        for (name, display, extension) in EXAMPLES {
            self.examples.push(Subscriber {
                // The same after a restart, or the verification server would meet a second Anna.
                external_id: format!("linden-{name}"),
                login_name: name.to_owned(),
                display: display.to_owned(),
                extension: extension.to_owned(),
                password_changed_at: 0,
                password: hash(&argon2, &format!("linden-{name}"))?,
            });
        }
        Ok(self)
    }

    /// The user of this name and password; `None` is *wrong*, and takes as long. Blocks while it hashes.
    pub fn check(&self, login_name: &str, password: &str) -> Result<Option<User>, UserError> {
        let login_name = canonical(login_name);
        let mut all = match &self.file {
            Some(file) => file.read::<Vec<Subscriber>>()?,
            None => Vec::new(),
        };
        all.extend_from_slice(&self.examples);
        let found = all.iter().find(|subscriber| subscriber.login_name == login_name);
        let hash = found.map_or(self.nobody.as_str(), |subscriber| &subscriber.password);
        let right = PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        Ok(found.filter(|_| right).map(Subscriber::user))
    }

    /// Adds one to a file, which is made when there is none.
    pub fn add(file: &JsonFile, new: Subscriber) -> Result<User, UserError> {
        file.create::<Vec<Subscriber>>()?;
        file.change(|all: &mut Vec<Subscriber>| {
            if all.iter().any(|other| other.login_name == new.login_name) {
                return Err(UserError::Taken(new.login_name.clone()));
            }
            let user = new.user();
            all.push(new);
            Ok(user)
        })?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_the_file_signs_in_with_the_right_password_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = JsonFile::at(folder.path().join("users.json"));
        let new = Subscriber::new("Noor", "Noor Smit", "31", "correct horse", 7).unwrap();
        let user = Users::add(&file, new).unwrap();
        let users = Users::in_file(file).unwrap();
        assert_eq!(users.check(" noor ", "correct horse").unwrap(), Some(user));
        assert_eq!(users.check("noor", "correct horse ").unwrap(), None);
        assert_eq!(users.check("nora", "correct horse").unwrap(), None);
    }

    #[test]
    fn a_name_is_given_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = JsonFile::at(folder.path().join("users.json"));
        let new = |name| Subscriber::new(name, "Noor", "31", "correct horse", 7).unwrap();
        Users::add(&file, new("noor")).unwrap();
        assert!(matches!(Users::add(&file, new("NOOR")), Err(UserError::Taken(_))));
    }

    #[test]
    fn bad_names_and_passwords_are_said_so() {
        let new = |name, display, password| Subscriber::new(name, display, "31", password, 0);
        assert!(matches!(new("a b", "Noor", "long enough"), Err(UserError::BadName)));
        assert!(matches!(new("", "Noor", "long enough"), Err(UserError::BadName)));
        assert!(matches!(new("noor", "", "long enough"), Err(UserError::BadDisplay)));
        assert!(matches!(new("noor", "Noor\u{7}", "long enough"), Err(UserError::BadDisplay)));
        assert!(matches!(new("noor", "Noor", "short"), Err(UserError::BadPassword)));
    }

    #[test]
    fn a_file_that_vanished_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.json");
        let new = Subscriber::new("noor", "Noor", "31", "correct horse", 7).unwrap();
        Users::add(&JsonFile::at(&path), new).unwrap();
        let users = Users::in_file(JsonFile::at(&path)).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(users.check("noor", "correct horse").is_err());
    }
}
