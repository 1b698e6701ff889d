//! What makes the monitor reconcile before its period is over: news from rancher-metadata, events of the engine.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::observe::Sources;

/// How soon a stream that broke is opened again.
const PAUSE: Duration = Duration::from_secs(2);
/// How many reconciles may follow each other at once.
const BURST: u32 = 20;
/// What earns one more. In an environment where something changes all the time this is how often the monitor reconciles.
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
                let error = follow(async || events.next().await, wake, &mut budget).await;
                tracing::debug!(%error, "the engine's events have ended");
            }
            Err(error) => tracing::debug!(%error, "no events of the engine"),
        }
        wake.notify_one();
        sleep(PAUSE).await;
    }
}

/// Wakes for events until there are no more, and answers why. One reconcile sees all that has happened before it, so events that
/// have gathered are one: else those of a swarm that forms would be seen to long after.
async fn follow<E>(mut next: impl AsyncFnMut() -> Result<(), E>, wake: &Notify, budget: &mut Budget) -> E {
    loop {
        if let Err(end) = next().await {
            return end;
        }
        while let Ok(event) = timeout(Duration::ZERO, next()).await {
            if let Err(end) = event {
                return end;
            }
        }
        wake.notify_one();
        sleep(budget.take(Instant::now())).await;
    }
}

/// How many reconciles may still follow each other at once.
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
    fn events_that_have_gathered_are_looked_at_once() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (send, mut events) = tokio::sync::mpsc::unbounded_channel();
            (0..1000).for_each(|_| send.send(()).unwrap());
            let wake = Notify::new();
            let mut budget = Budget::new(Instant::now());
            let mut later = Some(send);
            let next = async || {
                if events.is_empty()
                    && let Some(send) = later.take()
                {
                    tokio::spawn(async move {
                        sleep(Duration::from_millis(50)).await;
                        send.send(())
                    });
                }
                events.recv().await.ok_or("the end")
            };
            assert_eq!(follow(next, &wake, &mut budget).await, "the end");
            wake.notified().await;
            assert_eq!(budget.left, BURST - 1, "the last event ended with its stream");
        });
    }

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
