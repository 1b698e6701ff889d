//! Which service of the environment this monitor belongs to.
//!
//! In a container that Rancher started it is the service of that container, whatever it and its stack are called. Outside
//! of one, as on a bench, it is the only service with the entry's own name.

use std::sync::{Mutex, PoisonError};

use swarmkit_settings::SERVICE;

/// The service that was found, by its UUID.
#[derive(Default)]
pub struct OwnService(Mutex<Option<String>>);

impl OwnService {
    /// The one that was found last.
    pub fn known(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It is this one.
    pub fn found(&self, uuid: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(uuid.to_owned());
    }

    /// It is to be found anew.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A service in the list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its place, until the next change.
    pub index: usize,
    /// Its name.
    pub name: String,
}

/// The list as rancher-metadata writes it: `0=name`, a line each.
pub fn listed(text: &str) -> Vec<Listed> {
    let entry = |line: &str| {
        let (index, name) = line.trim().split_once('=')?;
        Some(Listed { index: index.parse().ok()?, name: name.to_owned() })
    };
    text.lines().filter_map(entry).collect()
}

/// The name of the only service that can be meant.
///
/// # Errors
/// There is none, or more than one: what to do.
pub fn only(listed: &[Listed]) -> Result<&'static str, String> {
    match listed.iter().filter(|service| service.name == SERVICE).count() {
        1 => Ok(SERVICE),
        0 => Err(format!(
            "it lists no service `{SERVICE}`, and this monitor runs in no container of Rancher's, which would tell \
             its own service: start it from the entry"
        )),
        several => Err(format!(
            "it lists {several} services `{SERVICE}`, and this monitor runs in no container of Rancher's, which would \
             tell its own: an environment has one stack of this entry; remove the others"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_service_of_the_entrys_name_is_found_and_several_are_refused() {
        let all = listed("0=web\n1=swarmkit-mon\n2=\nodd\n3=a%2Fb\n");
        assert_eq!(all.len(), 4);
        assert_eq!(all[1], Listed { index: 1, name: SERVICE.into() });
        assert_eq!(only(&all), Ok(SERVICE));
        assert!(only(&listed("0=web\n")).unwrap_err().contains("no service `swarmkit-mon`"));
        assert!(only(&listed("0=swarmkit-mon\n1=swarmkit-mon\n")).unwrap_err().contains("2 services"));
    }
}
