//! However large or hostile a catalog is, a check ends, and in time: each of these took minutes where the time grew with
//! the square of the size.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use swarm_lab::large_catalog::{Size, write};

use catalog_check::rules::GOOD_TEMPLATE;
use catalog_check::{CheckOptions, Checked, Severity, check};
use rancher_catalog::source::templates_of;

pub fn trials() -> Vec<Trial> {
    trials![
        a_finding_in_each_of_many_lines,
        many_findings_in_one_line,
        many_files_beside_the_versions,
        many_questions_and_variables,
        many_allowances,
        many_services_that_refer_to_one_another,
        many_sidekicks_that_share_volumes_in_a_row,
        a_large_template_with_many_answers,
        a_version_is_told_alike_alone_and_among_all,
    ]
}

/// Far more than a slow machine needs in a debug build, far less than the square of these sizes.
const LIMIT: Duration = Duration::from_secs(60);

fn timed(change: impl Fn(&Path)) -> Checked {
    let catalog = tempfile::tempdir().unwrap();
    let template = catalog.path().join("infra-templates/example");
    for (name, text) in GOOD_TEMPLATE {
        fs::create_dir_all(template.join(name).parent().unwrap()).unwrap();
        fs::write(template.join(name), text).unwrap();
    }
    change(&template);
    let options = CheckOptions { level: Some(Severity::Note), ..CheckOptions::default() };
    let start = Instant::now();
    let checked = check(&[catalog.path().to_owned()], &options).unwrap();
    let took = start.elapsed();
    assert!(took < LIMIT, "{took:?}");
    checked
}

fn count(checked: &Checked, id: &str) -> usize {
    checked.findings.iter().filter(|finding| finding.rule.id == id).count()
}

fn a_finding_in_each_of_many_lines() {
    let checked = timed(|template| fs::write(template.join("1/docker-compose.yml"), "#  \n".repeat(200_000)).unwrap());
    let [finding] =
        checked.findings.iter().filter(|finding| finding.rule.id == "text-trailing-space").collect::<Vec<_>>()[..]
    else {
        panic!("it is told once a file")
    };
    assert_eq!(finding.lines().count(), 200_000);
}

/// Each finding knows the line that it is about, and the whole file is one.
fn many_findings_in_one_line() {
    let many = 20_000;
    let variables: String = (0..many).map(|at| format!("${{A{at}}} {{{{.Values.B{at}}}}} ")).collect();
    let docker = format!("version: '2'\nservices:\n  web:\n    image: a\n    hostname: '{variables}'\n");
    let checked = timed(|template| fs::write(template.join("1/docker-compose.yml"), &docker).unwrap());
    assert_eq!(count(&checked, "variable-unasked"), 2 * many);
    let kept: usize = checked.findings.iter().filter_map(|finding| Some(finding.line_text.as_ref()?.len())).sum();
    assert!(kept < 20 << 20, "{kept}");
}

/// A change may bring them along.
fn many_allowances() {
    let many = 15_000;
    let entry = |at| format!("[[allow]]\nrule = \"image-latest\"\npath = \"templates/{at}\"\nreason = \"x\"\n");
    let allowances: String = (0..many).map(entry).collect();
    let checked = timed(|template| {
        fs::write(template.parent().unwrap().parent().unwrap().join("gen-catalog.toml"), &allowances).unwrap();
    });
    assert_eq!(count(&checked, "allowance-without-effect"), many);
}

fn many_sidekicks_that_share_volumes_in_a_row() {
    let many = 10_000;
    let names: Vec<String> = (0..many).map(|at| format!("s{at}")).collect();
    let mut docker = format!(
        "version: '2'\nservices:\n  web: {{image: nginx, labels: {{io.rancher.sidekicks: '{}'}}}}\n",
        names.join(",")
    );
    for (name, next) in names.iter().zip(&names[1..]) {
        writeln!(docker, "  {name}: {{image: nginx, volumes_from: [{next}]}}").unwrap();
    }
    let last = |more: &str| format!("{docker}  s{}: {{image: nginx{more}}}\n", many - 1);
    for (docker, circles) in [(last(""), 0), (last(", volumes_from: [s0]"), 1)] {
        let checked = timed(|template| fs::write(template.join("1/docker-compose.yml"), &docker).unwrap());
        assert_eq!(count(&checked, "service-circle"), circles);
    }
}

fn many_files_beside_the_versions() {
    let checked = timed(|template| (0..20_000).for_each(|at| fs::write(template.join(format!("f{at}")), "x").unwrap()));
    assert_eq!(count(&checked, "stray-file"), 20_000);
}

fn many_questions_and_variables() {
    let checked = timed(|template| {
        let (mut rancher, mut docker) = (String::from("catalog:\n  version: v1.1.0\n  questions:\n"), String::new());
        for at in 0..10_000 {
            writeln!(rancher, "  - {{variable: V{at}, label: x, type: string}}").unwrap();
            writeln!(docker, "      - ${{V{}}}", 2 * at).unwrap();
        }
        let docker = format!("version: '2'\nservices:\n  web:\n    image: a/b:c\n    command:\n{docker}");
        fs::write(template.join("1/rancher-compose.yml"), format!("version: '2'\n{rancher}")).unwrap();
        fs::write(template.join("1/docker-compose.yml"), docker).unwrap();
    });
    assert_eq!((count(&checked, "question-unused"), count(&checked, "variable-unasked")), (5_000, 5_000));
}

fn many_services_that_refer_to_one_another() {
    let checked = timed(|template| {
        let (mut docker, mut rancher) = (String::new(), String::from(".catalog:\n  version: v1.1.0\n"));
        for at in 0..5_000 {
            writeln!(docker, "s{at}: {{image: 'a/b:c', net: host, links: [s{}]}}", at + 1).unwrap();
            writeln!(rancher, "s{at}: {{scale: 1, health_check: {{port: 1}}}}").unwrap();
        }
        fs::write(template.join("1/docker-compose.yml"), docker).unwrap();
        fs::write(template.join("1/rancher-compose.yml"), rancher).unwrap();
    });
    assert_eq!((count(&checked, "service-reference"), count(&checked, "health-check-dns")), (1, 5_000));
}

fn a_large_template_with_many_answers() {
    timed(|template| {
        let mut rancher = String::from("catalog:\n  version: v1.1.0\n  questions:\n");
        let mut docker = String::from("version: '2'\nservices:\n");
        for at in 0..100 {
            writeln!(rancher, "  - {{variable: V{at}, label: x, type: boolean}}").unwrap();
            writeln!(docker, "{{{{- if eq .Values.V{at} \"true\" }}}}\n  x{at}: {{image: 'a/b:c'}}\n{{{{- end }}}}")
                .unwrap();
        }
        (0..4_000).for_each(|at| writeln!(docker, "  s{at}: {{image: 'a/b:c', command: [a, b, c]}}").unwrap());
        fs::write(template.join("1/rancher-compose.yml"), format!("version: '2'\n{rancher}")).unwrap();
        fs::remove_file(template.join("1/docker-compose.yml")).unwrap();
        fs::write(template.join("1/docker-compose.yml.tpl"), docker).unwrap();
    });
}

/// Of its siblings no more is read than is compared with it, and that must be enough.
fn a_version_is_told_alike_alone_and_among_all() {
    let catalog = tempfile::tempdir().unwrap();
    write(catalog.path(), Size { versions: 90, first: 40 }).unwrap();
    // A version that is wrong beside its siblings alone: it is lower than the one before it, and that of another one.
    let wrong =
        templates_of(catalog.path()).unwrap().into_iter().find(|folder| folder.join("3").is_dir()).unwrap().join("3");
    let text = fs::read_to_string(wrong.join("rancher-compose.yml")).unwrap();
    fs::write(wrong.join("rancher-compose.yml"), text.replace("v1.3.0", "v1.1.0")).unwrap();
    let options = CheckOptions { level: Some(Severity::Note), ..CheckOptions::default() };
    let told = |checked: &Checked, below: &Path| -> Vec<String> {
        let of = checked.findings.iter().filter(|finding| finding.path.starts_with(below));
        of.map(|finding| format!("{}:{} {}", finding.path.display(), finding.start.line, finding.message)).collect()
    };
    let all = check(&[catalog.path().to_owned()], &options).unwrap();
    assert_eq!(all.versions.len(), 90);
    for version in &all.versions {
        let alone = check(std::slice::from_ref(version), &options).unwrap();
        assert_eq!(told(&alone, catalog.path()), told(&all, version));
        assert_eq!(alone.versions, std::slice::from_ref(version));
    }
    for rule in ["version-twice", "version-order"] {
        assert!(count(&all, rule) > 0, "{rule}");
    }
}
