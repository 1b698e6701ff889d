//! Whether a person wants it to end.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Becomes true at Ctrl-C or SIGTERM.
pub fn end_wanted() -> Result<Arc<AtomicBool>, Box<dyn Error>> {
    use tokio::signal::unix::{SignalKind, signal};
    let wanted = Arc::new(AtomicBool::new(false));
    let set = wanted.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        set.store(true, Ordering::SeqCst);
    });
    Ok(wanted)
}
