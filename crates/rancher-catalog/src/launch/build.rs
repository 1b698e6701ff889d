//! What the executor could build from: an address. Files of the author are not there on the server.

/// Whether this is an address that the hosts fetch from (the executor's `IsValidRemote`).
pub(super) fn is_address(context: &str) -> bool {
    ["http://", "https://", "git://", "github.com/", "git@"].iter().any(|prefix| context.starts_with(prefix))
}
