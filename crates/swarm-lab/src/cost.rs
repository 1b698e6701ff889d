//! What one run of a program costs: time, processor time, memory.

use std::fs;
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

/// How often the kernel counts in a second of processor time, on every Linux.
const TICKS: u64 = 100;

/// What a run has cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From its start to its end.
    pub elapsed: Duration,
    /// The processor time of all its threads, with that of the processes it waited for.
    pub processor: Duration,
    /// The most memory that it held at a time, as the kernel counts it.
    pub peak_kilobytes: u64,
    /// Its exit code.
    pub code: Option<i32>,
}

impl Cost {
    /// Runs a program to its end.
    ///
    /// # Errors
    /// It cannot be started or waited for.
    pub fn of(command: &mut Command) -> io::Result<Self> {
        let start = Instant::now();
        let mut child = command.spawn()?;
        let of_child = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap_or_default();
        let mut peak_kilobytes = 0;
        // A process that has ended keeps its times until it is waited for.
        let times = loop {
            let status = of_child("status");
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            if let Some(peak) = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok()) {
                peak_kilobytes = peak_kilobytes.max(peak);
            }
            let stat = of_child("stat");
            // Behind the name, which may hold anything.
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            if matches!(fields.first(), None | Some(&"Z")) {
                break fields
                    .get(11..15)
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|ticks| ticks.parse::<u64>().ok())
                    .sum::<u64>();
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let elapsed = start.elapsed();
        let code = child.wait()?.code();
        Ok(Self { elapsed, processor: Duration::from_millis(times * 1_000 / TICKS), peak_kilobytes, code })
    }
}
