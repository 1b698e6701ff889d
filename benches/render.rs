//! How long rendering takes: in memory, and as a whole process. `cargo bench`.

use std::hint::black_box;
use std::process::Command;

use criterion::{Criterion, criterion_group, criterion_main};
use gen_catalog::entries::swarm;
use gen_catalog::render::{Renderer, renderer};
use swarmkit_settings::SETTINGS;

fn in_memory(criterion: &mut Criterion) {
    let image = swarm::image(swarm::default_repository(), None);
    let all = |renderer: &Renderer| {
        let publication = swarm::publication(&image, SETTINGS);
        let infra = publication.infra.render(renderer, swarm::FIRST_REVISION).expect("the entry renders");
        let project = publication.project.render(renderer, swarm::FIRST_PROJECT_REVISION).expect("it renders");
        (infra, project)
    };
    let kept = renderer(None).expect("the built-in templates are good");
    criterion.bench_function("render in memory", |bencher| bencher.iter(|| black_box(all(&kept))));
    criterion.bench_function("render in memory, templates compiled anew", |bencher| {
        bencher.iter(|| black_box(all(&renderer(None).expect("the built-in templates are good"))));
    });
}

fn whole_process(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| {
        let status = Command::new(env!("CARGO_BIN_EXE_gen-catalog"))
            .args(args)
            .arg("--catalog")
            .arg(folder.path())
            .status()
            .expect("gen-catalog starts");
        assert!(status.success());
    };
    run(&["render", "--quiet"]);
    criterion.bench_function("gen-catalog render --check, whole process", |bencher| {
        bencher.iter(|| run(&["render", "--check", "--quiet"]));
    });
    // What any process costs here, to hold the above against.
    criterion.bench_function("true, whole process", |bencher| {
        bencher.iter(|| Command::new("true").status().expect("true starts"));
    });
}

criterion_group!(benches, in_memory, whole_process);
criterion_main!(benches);
