//! A moment on a page: in Dutch time, until the script says it in the time of whoever reads.

use super::Language;

/// A moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// As machines read it (RFC 3339).
    pub machine: String,
    /// As people read it without script.
    pub text: String,
}

impl Moment {
    /// This moment, in seconds of Unix time.
    pub fn of(seconds: u64, language: Language) -> Moment {
        let at = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        Moment { machine: at.map(|at| at.to_string()).unwrap_or_default(), text: language.moment(seconds) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_and_people_read_the_same_moment() {
        let moment = Moment::of(1_795_744_980, Language::Dutch);
        assert_eq!(moment.machine, "2026-11-27T02:03:00Z");
        assert_eq!(moment.text, "27-11-2026 03:03 CET");
    }
}
