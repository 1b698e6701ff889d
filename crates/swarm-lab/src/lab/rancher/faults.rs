//! What can go wrong with an answer, on demand.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

/// The two that answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Metadata,
    Api,
}

/// Which requests are meant. What is not said means all.
#[derive(Debug, Clone)]
pub struct Filter {
    kind: Kind,
    method: Option<&'static str>,
    path: Option<String>,
    source: Option<IpAddr>,
}

impl Filter {
    /// Those to metadata.
    pub fn metadata() -> Self {
        Self { kind: Kind::Metadata, method: None, path: None, source: None }
    }

    /// Those to the API.
    pub fn api() -> Self {
        Self { kind: Kind::Api, method: None, path: None, source: None }
    }

    /// Which of the two is meant.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Only those with this method.
    pub fn method(mut self, method: &'static str) -> Self {
        self.method = Some(method);
        self
    }

    /// Only those whose path and query have this in them.
    pub fn path(mut self, part: &str) -> Self {
        self.path = Some(part.to_owned());
        self
    }

    /// Only those from this address.
    pub fn from(mut self, source: IpAddr) -> Self {
        self.source = Some(source);
        self
    }

    pub fn matches(&self, kind: Kind, method: &str, path: &str, source: IpAddr) -> bool {
        self.kind == kind
            && self.method.is_none_or(|wanted| wanted == method)
            && self.path.as_ref().is_none_or(|wanted| path.contains(wanted))
            && self.source.is_none_or(|wanted| wanted == source)
    }
}

type Edit = Arc<dyn Fn(&mut Value) + Send + Sync>;

#[derive(Clone)]
pub enum Effect {
    Hang,
    Close,
    Delay(Duration),
    Status(u16),
    Edit(Edit),
}

/// Something that goes wrong. By default with every request until it is cleared, and before the request is looked at.
#[derive(Clone)]
pub struct Fault {
    pub effect: Effect,
    pub times: Option<u64>,
    pub after: bool,
}

impl Fault {
    fn new(effect: Effect) -> Self {
        Self { effect, times: None, after: false }
    }

    /// No answer, and the connection stays.
    pub fn hang() -> Self {
        Self::new(Effect::Hang)
    }

    /// No answer, and the connection is closed.
    pub fn close() -> Self {
        Self::new(Effect::Close)
    }

    /// A good answer, but late.
    pub fn delay(by: Duration) -> Self {
        Self::new(Effect::Delay(by))
    }

    /// An error document with this status. With 404, metadata says `Not found` to everything, as it does at its start.
    pub fn status(status: u16) -> Self {
        Self::new(Effect::Status(status))
    }

    /// An answer that was changed: metadata's whole tree, of which a path's answer is then taken, or the API's document.
    pub fn edit(edit: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::new(Effect::Edit(Arc::new(edit)))
    }

    /// Lists without anything in them.
    pub fn empty_lists() -> Self {
        Self::edit(|value| {
            walk(value, &mut |value| {
                if let Value::Array(list) = value {
                    list.clear();
                }
            });
        })
    }

    /// Without a field, wherever it is: `agent_ip`, `self`, `metadata`.
    pub fn without(field: &'static str) -> Self {
        Self::edit(move |value| {
            walk(value, &mut |value| {
                if let Value::Object(map) = value {
                    map.remove(field);
                }
            });
        })
    }

    /// Only so many times.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Only after what was asked is done: a write takes effect, and its answer is lost.
    pub fn after_effect(mut self) -> Self {
        self.after = true;
        self
    }
}

fn walk(value: &mut Value, act: &mut dyn FnMut(&mut Value)) {
    act(value);
    match value {
        Value::Array(list) => list.iter_mut().for_each(|value| walk(value, act)),
        Value::Object(map) => map.values_mut().for_each(|value| walk(value, act)),
        _ => {}
    }
}

/// The document of an error.
pub fn document(kind: Kind, status: u16) -> Value {
    let message = match status {
        401 => "Unauthorized",
        404 => "Not found",
        409 => "Conflict",
        429 => "Too many requests",
        _ => "Error",
    };
    match kind {
        Kind::Metadata => json!({"type": "error", "code": status, "message": message}),
        Kind::Api => super::api::error(status, message).1,
    }
}
