//! Whose turn it is: trials that mostly wait run together, but each begins only once the processors have time for it. So a slow
//! machine runs fewer of them at a time, and what has to happen within a limit is not kept from it by what runs beside it.

use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How much of the processors' time has to be left over for another one to begin.
const IDLE: f64 = 0.4;
/// Over how long that is looked at; what begins needs so long, too, to show what it takes.
const WINDOW: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(200);

/// Who runs.
#[derive(Default)]
pub struct Turns {
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    count: usize,
    /// The processors' times at a look in the past.
    seen: Option<(Instant, Times)>,
}

/// One that runs, until it is dropped.
pub struct Turn(Arc<Turns>);

impl Turns {
    /// Waits until another one may begin.
    pub fn wait(self: &Arc<Self>) -> Turn {
        while !self.begins() {
            thread::sleep(LOOK);
        }
        Turn(Arc::clone(self))
    }

    fn begins(&self) -> bool {
        let mut running = self.running.lock().unwrap_or_else(|lock| lock.into_inner());
        // Where the times are not told, all begin at once.
        let (now, Some(times)) = (Instant::now(), Times::read()) else {
            running.count += 1;
            return true;
        };
        let long_ago = running.seen.filter(|(then, _)| now - *then >= WINDOW);
        let idle = long_ago.map(|(_, before)| times.idle_since(before));
        let begins = running.count == 0 || idle.is_some_and(|idle| idle >= IDLE);
        if begins || idle.is_some() || running.seen.is_none() {
            running.seen = Some((now, times));
        }
        running.count += usize::from(begins);
        begins
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.running.lock().unwrap_or_else(|lock| lock.into_inner()).count -= 1;
    }
}

/// The processors' times since the machine was started, in ticks.
#[derive(Clone, Copy)]
struct Times {
    idle: u64,
    all: u64,
}

impl Times {
    fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// The first line is that of all processors: user, nice, system, idle, iowait, irq, softirq, steal; guests are in user. What
    /// runs with a nice value gives way, so its time is there to be had.
    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix("cpu ")?;
        let times: Vec<u64> = line.split_whitespace().take(8).map_while(|time| time.parse().ok()).collect();
        let [_, nice, _, idle, waiting, ..] = times.as_slice() else { return None };
        Some(Self { idle: nice + idle + waiting, all: times.iter().sum() })
    }

    fn idle_since(self, before: Self) -> f64 {
        let all = self.all.saturating_sub(before.all).max(1);
        self.idle.saturating_sub(before.idle) as f64 / all as f64
    }
}

#[cfg(test)]
mod tests {
    use super::Times;

    #[test]
    fn the_share_that_is_left_over_is_of_all_processors() {
        let before = Times::parse("cpu  100 0 50 1000 10 0 0 5 7 7\ncpu0 1 1\n").unwrap();
        let after = Times::parse("cpu  160 4 60 1016 20 0 0 5 90 90\n").unwrap();
        assert!((after.idle_since(before) - 0.3).abs() < 1e-9);
        assert!(Times::parse("").is_none() && Times::parse("intr 1 2").is_none());
    }
}
