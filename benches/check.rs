//! How long whole processes take in a catalog as large as the largest known. `cargo bench --bench check`; what they cost in
//! processor time and memory, `cargo run --release -p swarm-lab -- large` tells.

use std::path::Path;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};
use swarm_lab::large_catalog::{LARGEST, write};

fn large_catalog(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let written = write(folder.path(), LARGEST).expect("the catalog can be written");
    let version = |at: usize| written.first.join(at.to_string());
    let (last, middle) = (version(LARGEST.first - 1), version(LARGEST.first / 2));
    let run = |args: &[&Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gen-catalog"));
        let status = command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(status.expect("gen-catalog starts").code().is_some_and(|code| code < 2));
    };
    let [check, diff] = ["check", "diff"].map(Path::new);
    let mut group = criterion.benchmark_group("the largest catalog");
    group.sample_size(10);
    group.bench_function("check, all of it", |bencher| bencher.iter(|| run(&[check, folder.path()])));
    group.bench_function("check, one version", |bencher| bencher.iter(|| run(&[check, &last])));
    group.bench_function("diff, two versions", |bencher| bencher.iter(|| run(&[diff, &middle, &last])));
}

criterion_group!(benches, large_catalog);
criterion_main!(benches);
