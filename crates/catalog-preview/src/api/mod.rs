//! The catalog API of Rancher 1.6 (`/v1-catalog`), as catalog-service v0.19.10 answers it, of files as they are now.
//!
//! What is otherwise is listed in `docs/catalog-api.md`.

mod answers;
mod index;

pub use answers::{Answer, Asked, answer, error};
