//! A join token handed to a host by a label of its own, where the record cannot be written: Rancher refuses to change a
//! service while it is upgraded, and changes a host's labels at any time.

/// What a host that waits needs, as the label holds it: `CLUSTER MANAGER,… KEY MARK SEALED`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// The swarm's cluster ID.
    pub cluster: String,
    /// Where its managers are joined, as `address:port`.
    pub managers: Vec<String>,
    /// The beginning of the key that the token is sealed to: a host that was started anew has another one.
    pub key: String,
    /// Tells which token it is: see [`super::seal::mark`].
    pub mark: String,
    /// The token, sealed.
    pub sealed: String,
}

/// How much of the key is told.
const KEY_LETTERS: usize = 12;

impl HandOver {
    /// The one for a key.
    pub fn new(cluster: &str, managers: &[String], key: &str, mark: &str, sealed: String) -> Self {
        let key = key.chars().take(KEY_LETTERS).collect();
        Self { cluster: cluster.to_owned(), managers: managers.to_vec(), key, mark: mark.to_owned(), sealed }
    }

    /// Reads a label. `None` if it is none, or one for another key.
    pub fn read(label: &str, key: &str) -> Option<Self> {
        let words: Vec<&str> = label.split(' ').collect();
        let [cluster, managers, of, mark, sealed] = words[..] else { return None };
        let managers = managers.split(',').filter(|manager| !manager.is_empty()).map(str::to_owned).collect();
        let read = Self { cluster: cluster.into(), managers, key: of.into(), mark: mark.into(), sealed: sealed.into() };
        (read.is_for(key) && !read.managers.is_empty()).then_some(read)
    }

    /// Whether it is sealed to this key.
    pub fn is_for(&self, key: &str) -> bool {
        self.key.len() == KEY_LETTERS && key.starts_with(&self.key)
    }
}

impl std::fmt::Display for HandOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {} {} {}", self.cluster, self.managers.join(","), self.key, self.mark, self.sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_by_the_host_that_it_is_for() {
        let managers = ["10.0.0.1:2377".to_owned(), "10.0.0.2:2377".to_owned()];
        let key = "0123456789abcdefgh";
        let given = HandOver::new("c", &managers, key, "mark", "sealed".into());
        assert_eq!(HandOver::read(&given.to_string(), key), Some(given.clone()));
        assert_eq!(HandOver::read(&given.to_string(), "another key of it"), None);
        for odd in ["", "c", "c m k t s u", "c  0123456789ab t s", "c m  t s"] {
            assert_eq!(HandOver::read(odd, key), None, "{odd}");
        }
    }
}
