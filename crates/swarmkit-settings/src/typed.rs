//! Checked texts as typed values. A choice between words is declared once: its type, its words, their order.

use std::time::Duration;

/// How a checked value becomes a typed one.
pub trait FromSetting: Sized {
    /// The typed value; `None` only for a text that its [`Kind`] does not allow.
    fn from_setting(text: &str) -> Option<Self>;
}

impl FromSetting for u8 {
    fn from_setting(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromSetting for u16 {
    fn from_setting(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromSetting for String {
    fn from_setting(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// A text that is, or holds, a secret: it is not shown by mistake.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text, if there is one.
    pub fn get(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "given, not shown" })
    }
}

impl FromSetting for Secret {
    fn from_setting(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
}

/// A number, or none.
impl FromSetting for Option<u32> {
    fn from_setting(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
    }
}

/// Networks.
impl FromSetting for Vec<String> {
    fn from_setting(text: &str) -> Option<Self> {
        crate::networks::read(text)
    }
}

/// A setting in seconds.
impl FromSetting for Duration {
    fn from_setting(text: &str) -> Option<Self> {
        text.parse().ok().map(Duration::from_secs)
    }
}

/// A type with a variant for each word that a setting may be.
macro_rules! choice {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// The words.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
        }

        impl FromSetting for $name {
            fn from_setting(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

choice! {
    /// How much the daemon logs.
    LogLevel {
        /// What needs a person now.
        Error = "error",
        /// What will need one.
        Warn = "warn",
        /// What changes.
        Info = "info",
        /// What is tried.
        Debug = "debug",
        /// All.
        Trace = "trace",
    }
}

choice! {
    /// How the daemon logs.
    LogFormat {
        /// A line for people.
        Text = "text",
        /// A JSON object a line.
        Json = "json",
    }
}

choice! {
    /// What is done once the swarm has lost its quorum.
    QuorumRecovery {
        /// The managers that are left go on once the lost ones' hosts are removed from Rancher.
        Removed = "removed",
        /// Nothing.
        Off = "off",
        /// Also once the lost ones have been out of reach for long.
        Auto = "auto",
    }
}

choice! {
    /// Whether what goes over the overlay network is encrypted.
    NetworkEncryption {
        /// It is not.
        Off = "off",
        /// It is.
        On = "on",
    }
}

choice! {
    /// Whether managers take tasks.
    ManagerAvailability {
        /// They do, as all nodes.
        Active = "active",
        /// They only manage.
        Drain = "drain",
    }
}
