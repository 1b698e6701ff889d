//! The compose files of a version as a stack gets them, for its answers: rendered, with all variables replaced.

mod answers;

pub use answers::{AnswerError, check_answer, questions_of, unanswered, unchecked};
pub use rancher_catalog::launched::{Executed, FileError, execute, value};
