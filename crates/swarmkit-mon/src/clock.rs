//! How far this host's clock is from others. Nodes of a swarm refuse certificates of a time that is not theirs, and say no more
//! than that. Who asks Rancher's API hears of its clock; all others hear of that of the monitor that acts.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// From where on it is told. Certificates of a swarm allow for an hour.
const TOLD: Duration = Duration::from_secs(300);

/// What was last heard.
#[derive(Debug, Default)]
pub struct Clock {
    apart: Mutex<Option<(Apart, String)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
    Ahead(Duration),
    Behind(Duration),
}

impl Clock {
    /// Takes in the date of an answer that has just come, and whose clock it is of. One that is none says nothing.
    pub fn hear(&self, date: &str, whose: &str, now: SystemTime) {
        let Ok(there) = httpdate::parse_http_date(date) else { return };
        let apart = match now.duration_since(there) {
            Ok(ahead) => Apart::Ahead(ahead),
            Err(behind) => Apart::Behind(behind.duration()),
        };
        *self.apart.lock().unwrap_or_else(PoisonError::into_inner) = Some((apart, whose.to_owned()));
    }

    /// What a person should know of it.
    pub fn warning(&self) -> Option<String> {
        let (apart, whose) = self.apart.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let (by, how) = match apart {
            Apart::Ahead(by) => (by, "ahead of"),
            Apart::Behind(by) => (by, "behind"),
        };
        // In whole minutes, so that it is not told anew all the time.
        let minutes = by.as_secs() / 60;
        (by >= TOLD).then(|| {
            format!(
                "this host's clock is {minutes} min {how} {whose}, and one of the two is wrong: nodes refuse each other's certificates when their \
                 clocks are far apart"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_far_off_is_told_and_one_that_is_not_is_not() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let there = httpdate::parse_http_date(date).unwrap();
        let told = |now: SystemTime| {
            let clock = Clock::default();
            clock.hear(date, "Rancher's", now);
            // What is no date changes nothing.
            clock.hear("yesterday", "nobody's", now);
            clock.warning().unwrap_or_default()
        };
        assert_eq!(told(there + Duration::from_secs(299)), "");
        assert_eq!(told(there - Duration::from_secs(299)), "");
        assert!(told(there + Duration::from_secs(7250)).contains("120 min ahead of Rancher's"));
        assert!(told(there - Duration::from_secs(300)).contains("5 min behind Rancher's"));
        assert_eq!(Clock::default().warning(), None);
    }
}
