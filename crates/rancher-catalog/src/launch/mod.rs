//! What Rancher 1.6 says when a version is launched: the way of its two compose files through the compose executor
//! (rancher-compose-executor 0.14.30) and through Cattle, with the places of what these refuse.
//!
//! The steps are the executor's own: `layout` takes a file apart, `raw` fills in the answers, `keys` and `shape`
//! hold a service against the executor's schemas and types, `extend` lays a service over one that it extends,
//! `made` lays rancher-compose over docker-compose, `references` and `create` make the stack, and `cattle`
//! looks at what it is handed. Template and YAML come before: see [`crate::source`].

mod answers;
mod build;
mod cattle;
mod create;
mod extend;
mod faults;
mod fields;
mod forms;
mod keys;
mod labels;
mod layout;
mod made;
mod number;
mod offered;
mod ports;
mod raw;
mod references;
mod retyped;
mod settings;
mod shape;

use std::borrow::Cow;

use crate::yaml::Node;

pub use answers::{Answers, usual_answers};
pub use faults::{Fault, faults};
pub use labels::known_labels;
pub use layout::{holds_services, is_interpolated, is_section};
pub use offered::offered_answers;

/// Images that are no images: Rancher makes a service of another kind for them.
pub const SERVICE_KINDS: [&str; 4] =
    ["rancher/dns-service", "rancher/external-service", "rancher/load-balancer-service", "rancher/none"];

/// One of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum File {
    /// docker-compose.yml, or its template.
    Docker,
    /// rancher-compose.yml.
    Rancher,
}

/// What is wrong, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The version of the file is none that Rancher reads.
    FormVersion,
    /// A section, or a service, is no map.
    Layout,
    /// A dollar begins no variable.
    Interpolation,
    /// A service has a key that is not known, or not in this form of the file.
    UnknownKey,
    /// A value is of a kind that is not taken here.
    ValueKind,
    /// A text is no number, no size or no duration where one is due.
    NumberForm,
    /// A list holds the same twice.
    Twice,
    /// A port has a form that is not taken.
    PortForm,
    /// A command line cannot be split into words.
    CommandLine,
    /// A text has another form than is due: a device, a restart policy, a rate.
    TextForm,
    /// One key wants another.
    KeyAlone,
    /// A file that only the author has.
    FileNotThere,
    /// The name of a service.
    ServiceName,
    /// A service, its sidekicks, and what they share.
    SidekickGroup,
    /// A service that is referred to is not there.
    Reference,
    /// Services lead back to themselves.
    Circle,
    /// Two keys exclude each other.
    Conflict,
    /// A rule of a load balancer.
    BalancerRule,
    /// A service has nothing to run.
    ImageMissing,
    /// The stack will be empty.
    NothingLaunched,
    /// A part of the file that is never looked at.
    PassedOver,
    /// A value without quotes becomes another text, or another number, than is written.
    Retyped,
}

impl Cause {
    /// Whether Rancher refuses the version for it; otherwise it launches something else than is meant.
    pub fn is_refused(self) -> bool {
        !matches!(self, Self::NothingLaunched | Self::PassedOver | Self::Retyped)
    }
}

/// Something wrong, and its place.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// What.
    pub cause: Cause,
    /// The file that it stands in.
    pub file: File,
    /// Where.
    pub at: &'a Node,
    /// In words for the author.
    pub message: String,
}

/// Takes note of what is wrong in one file.
struct Teller<'t, 'a> {
    file: File,
    told: &'t mut Vec<Told<'a>>,
}

impl<'a> Teller<'_, 'a> {
    fn tell(&mut self, cause: Cause, at: &'a Node, message: impl Into<String>) {
        let same = |told: &Told<'_>| std::ptr::eq(told.at, at) && told.cause == cause && told.file == self.file;
        if !self.told.iter().rev().take(50).any(same) {
            self.told.push(Told { cause, file: self.file, at, message: message.into() });
        }
    }
}

/// What Rancher finds wrong with the two files as they are after template and YAML. Nothing is what it launches.
pub fn judge<'a>(docker: Option<&'a Node>, rancher: Option<&'a Node>, answers: &Answers) -> Vec<Told<'a>> {
    let mut told = Vec::new();
    let mut services = made::Services::default();
    let mut parts = Vec::new();
    for (file, root) in [(File::Docker, docker), (File::Rancher, rancher)] {
        let mut teller = Teller { file, told: &mut told };
        let Some(part) = layout::read(root, answers, &mut teller) else {
            // The file is read in another way than it was written: whatever else is said of it would be beside the point.
            return told;
        };
        let part = extend::checked(part, &mut teller);
        services.take(file, &part);
        parts.push(part);
    }
    let is_refused = told.iter().any(|told| told.cause.is_refused());
    references::check(&services, &mut told);
    create::check(&services, &mut told);
    cattle::check(&services, &mut told);
    if !is_refused && services.is_empty() {
        settings::nothing_launched(docker, rancher, &mut told);
    }
    settings::never_launched(&services, &mut told);
    for (part, file) in parts.iter().zip([File::Docker, File::Rancher]) {
        settings::passed_over(part, &mut Teller { file, told: &mut told });
    }
    told
}

/// A text in the words of a message, not too long.
fn quoted(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("`{}…`", &text[..at]).into(),
        None => format!("`{text}`").into(),
    }
}
