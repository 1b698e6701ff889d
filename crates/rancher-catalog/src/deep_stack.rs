//! Work that goes as deep as a text says needs a stack of that size.

/// What a thread of Rust has, in levels: up to here no other is needed.
const SHALLOW: usize = 50;
/// What one level takes at the most, in bytes; a build for debugging takes several times more than one for release.
const LEVEL: usize = 12 << 10;

/// Runs a piece of work that goes so many levels deep.
pub(crate) fn with_stack<T: Send>(depth: usize, work: impl FnOnce() -> T + Send) -> T {
    if depth <= SHALLOW {
        return work();
    }
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size((depth + SHALLOW) * LEVEL);
        let thread = builder.spawn_scoped(scope, work).expect("the system gives a thread");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
