//! What makes the monitor look before its period is over: news from rancher-metadata, events of the engine.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::observe::Sources;

/// How soon a stream that broke is opened again.
const PAUSE: Duration = Duration::from_secs(2);
/// How many looks may follow each other at once.
const BURST: u32 = 20;
/// What earns one more. In an environment where something changes all the time this is how often the monitor looks.
const REFILL: Duration = Duration::from_secs(3);

/// Wakes for as long as it is polled.
pub async fn run(sources: Arc<Sources>, wake: Arc<Notify>) {
    tokio::join!(news(&sources, &wake), events(&sources, &wake));
}

async fn news(sources: &Sources, wake: &Notify) {
    let mut known = String::new();
    let mut budget = Budget::new(Instant::now());
    loop {
        match sources.metadata.news(&known).await {
            Ok(version) if version != known => {
                known = version;
                wake.notify_one();
                sleep(budget.take(Instant::now())).await;
            }
            // The wait is over and nothing has changed.
            Ok(_) => sleep(Duration::from_millis(50)).await,
            Err(error) => {
                tracing::debug!(%error, "no news from rancher-metadata");
                sleep(PAUSE).await;
                wake.notify_one();
            }
        }
    }
}

async fn events(sources: &Sources, wake: &Notify) {
    let mut budget = Budget::new(Instant::now());
    loop {
        match sources.engine.events().await {
            Ok(mut events) => {
                wake.notify_one();
                while events.next().await.is_ok() {
                    wake.notify_one();
                    sleep(budget.take(Instant::now())).await;
                }
                tracing::debug!("the engine's events have ended");
            }
            Err(error) => tracing::debug!(%error, "no events of the engine"),
        }
        wake.notify_one();
        sleep(PAUSE).await;
    }
}

/// How many looks may still follow each other at once.
struct Budget {
    left: u32,
    at: Instant,
}

impl Budget {
    fn new(now: Instant) -> Self {
        Self { left: BURST, at: now }
    }

    /// Takes one; answers with how long to wait for the next.
    fn take(&mut self, now: Instant) -> Duration {
        let earned = (now.saturating_duration_since(self.at).as_millis() / REFILL.as_millis()).min(u128::from(BURST));
        if earned > 0 {
            self.left = (self.left + earned as u32).min(BURST);
            self.at = now;
        }
        if self.left == 0 {
            return REFILL;
        }
        self.left -= 1;
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_that_never_end_do_not_make_it_look_all_the_time() {
        let mut now = Instant::now();
        let mut budget = Budget::new(now);
        let waits: Vec<Duration> = (0..BURST + 3).map(|_| budget.take(now)).collect();
        assert!(waits[..BURST as usize].iter().all(Duration::is_zero));
        assert!(waits[BURST as usize..].iter().all(|wait| *wait == REFILL));
        now += REFILL;
        assert!(budget.take(now).is_zero() && budget.take(now) == REFILL);
        now += REFILL * 1000;
        assert_eq!((0..100).filter(|_| budget.take(now).is_zero()).count(), BURST as usize);
    }
}
