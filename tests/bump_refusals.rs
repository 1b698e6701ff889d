//! What `gen-catalog bump` refuses, and then writes nothing: with what is wrong and what to do.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use swarm_lab::trial::Trial;
use swarm_lab::{tree, trials};

use crate::bump::{bump, catalog, good, put, read};

pub fn trials() -> Vec<Trial> {
    trials![
        what_would_change_nothing_or_is_not_later,
        an_image_that_is_not_there_or_is_several,
        what_is_asked_for_wrongly,
        a_new_error_of_the_check,
        files_that_rancher_cannot_read,
        what_cannot_be_changed_alone,
        images_by_variables_and_templates,
        links_and_what_cannot_be_written,
        lines_that_are_kept_side_by_side,
        odd_texts_are_changed_or_refused_whole,
        however_often_an_image_is_named_it_ends_in_time,
    ]
}

/// Runs it, and holds it to having written nothing.
fn refused(folder: &Path, args: &[&str], code: i32, says: &str) {
    let before = tree::snapshot(folder);
    let (found, text, errors) = bump(folder, args);
    assert_eq!(found, code, "{args:?}: {text}{errors}");
    assert!(errors.contains(says), "{args:?}: {errors}");
    assert_eq!(tree::snapshot(folder), before, "{args:?}");
}

fn what_would_change_nothing_or_is_not_later() {
    let catalog = catalog();
    let folder = catalog.path();
    let at = |args: &[&str], says: &str| refused(folder, &[&["example"], args].concat(), 1, says);
    at(&["--image", "web=1.0.5"], "v1.0.5 is not later than v1.1.0, the version of infra-templates/example/1");
    at(&["--image", "web=1.0.0"], "infra-templates/example has v1.0.0 already, as revision 0");
    at(
        &["--image", "web=1.1.0", "--version", "v1.1.0"],
        "nothing would change: infra-templates/example/1 has example/web:1.1.0",
    );
    at(&["--version", "v1.1.0"], "nothing would change: infra-templates/example/1 has v1.1.0 already");
    at(
        &["--image", "web=1.1.0", "--patch"],
        "has example/web:1.1.0 already; for a new version of the same leave --image out",
    );
    at(&["--image", "web=1.2.0", "--version", "v1.1.0"], "has v1.1.0 already, as revision 1");
    good(folder, &["example", "--image", "web=1.2.0"]);
    at(&["--image", "web=1.2.0"], "nothing would change: infra-templates/example/2 has example/web:1.2.0 already");
}

fn an_image_that_is_not_there_or_is_several() {
    let catalog = catalog();
    let folder = catalog.path();
    put(
        folder,
        "infra-templates/example/1/docker-compose.yml",
        "version: '2'\nservices:\n  web:\n    image: example/web:1.1.0\n  a:\n    image: r.example:5000/x/db:1\n  b:\n    \
         image: y/db:1\n",
    );
    let at = |image: &str, says: &str| refused(folder, &["example", "--patch", "--image", image], 2, says);
    at("example/wbe=2", "is `example/web` meant?");
    at("nginx=2", "images: example/web:1.1.0, r.example:5000/x/db:1, y/db:1; services: a, b, web)");
    at("db=2", "name `r.example:5000/x/db` or `y/db`");
    at("y/db:7=2", "y/db is put together by a template there");
    let args = ["example", "--patch", "--image", "web=2", "--image", "example/web=3"];
    refused(folder, &args, 2, "two --image mean example/web: leave one out");
    good(folder, &["example", "--patch", "--image", "r.example:5000/x/db=2", "--image", "b=3"]);
    let made = read(folder, "infra-templates/example/2/docker-compose.yml");
    assert!(made.contains("r.example:5000/x/db:2\n") && made.contains("y/db:3\n"), "{made}");
}

fn what_is_asked_for_wrongly() {
    let catalog = catalog();
    let folder = catalog.path();
    for (args, says) in [
        (&["example"][..], "required arguments were not provided"),
        (&["example", "--image", "web"], "NAME=TAG is wanted"),
        (&["example", "--image", "web=a b"], "`a b` is not a tag"),
        (&["example", "--patch", "--minor"], "cannot be used with"),
        (&["example", "--version", "v2 "], "is no version"),
        (&["example", "--version", ""], "is no version"),
        (&["example", "--patch", "--set", "minimum_rancher_versoin=v1"], "is `minimum_rancher_version` meant?"),
        (&["example", "--patch", "--from", "9"], "has no revision 9"),
        (&["example", "--patch", "--set", "name=a", "--set", "name=b"], "set the same: leave one out"),
        (
            &["example", "--patch", "--set", "docker-cmpose:a=b"],
            "nothing is set in docker-cmpose: is `docker-compose` meant?",
        ),
        (&["docs", "--patch"], "there is no template `docs`"),
        (&["example", "--patch", "--catalog", "none"], "cannot use none: it is not there"),
    ] {
        refused(folder, args, 2, says);
    }
    let empty = tempfile::tempdir().unwrap();
    refused(empty.path(), &["example", "--patch"], 2, ". is no catalog");
    fs::create_dir_all(empty.path().join("templates/example")).unwrap();
    refused(empty.path(), &["example", "--patch"], 1, "has no version yet");
}

fn a_new_error_of_the_check() {
    let catalog = catalog();
    let folder = catalog.path();
    let args = ["example", "--image", "web=1.2.0", "--set", "docker-compose:services.web.ports.0=80-90:80"];
    refused(folder, &args, 1, "the check finds in the new revision what it did not find in the one before:\n");
    // What was wrong before may stay so.
    let compose = read(folder, "infra-templates/example/1/docker-compose.yml").replace("8080:80", "80-90:80");
    put(folder, "infra-templates/example/1/docker-compose.yml", compose);
    good(folder, &["example", "--image", "web=1.2.0"]);
}

fn files_that_rancher_cannot_read() {
    let catalog = catalog();
    let folder = catalog.path();
    let file = "infra-templates/example/1/rancher-compose.yml";
    let good_text = read(folder, file);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(good_text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for text in [
        b"catalog: [".to_vec(),
        b"catalog:\n  name: x\n".to_vec(),
        Vec::new(),
        b"catalog: {version: \xe9}".to_vec(),
        utf16,
    ] {
        put(folder, file, &text);
        let before = tree::snapshot(folder);
        let (code, _, errors) = bump(folder, &["example", "--patch"]);
        assert!(matches!(code, 1 | 2) && errors.contains("rancher-compose.yml"), "{code} {errors}");
        assert_eq!(tree::snapshot(folder), before);
    }
    fs::remove_file(folder.join(file)).unwrap();
    refused(folder, &["example", "--patch"], 1, "has no rancher-compose.yml: Rancher passes over it");
    put(folder, file, &good_text);
    put(folder, "infra-templates/example/config.yml", "version: [");
    refused(folder, &["example", "--patch"], 1, "infra-templates/example/config.yml:2:1");
}

fn what_cannot_be_changed_alone() {
    let catalog = catalog();
    let folder = catalog.path();
    let file = "infra-templates/example/1/rancher-compose.yml";
    let text = read(folder, file).replace("name: Example\n  version: v1.1.0", "name: &v v1.1.0\n  version: *v");
    put(folder, file, text);
    refused(folder, &["example", "--patch"], 2, "in a way in which `version` cannot be set");
}

fn images_by_variables_and_templates() {
    let catalog = catalog();
    let folder = catalog.path();
    let file = "infra-templates/example/1/docker-compose.yml";
    let text = read(folder, file);
    put(folder, file, text.replace("web:1.1.0", "web:${COLOR}"));
    refused(folder, &["example", "--image", "web=1", "--patch"], 2, "is known only once a stack is launched");
    put(folder, file, text.replace("image: example/web:1.1.0", "image: {{ printf \"example/%s:1\" \"web\" }}"));
    refused(folder, &["example", "--image", "web=2", "--patch"], 2, "is put together by a template there");
    put(folder, file, text.replace("example/web:1.1.0", "{{ .Values.COLOR }}.example/web:1.1.0"));
    refused(folder, &["example", "--image", "red.example/web=2", "--patch"], 2, "is put together by a template there");
    put(
        folder,
        file,
        format!("{{{{- $image := \"example/web:1.1.0\" }}}}\n{}", text.replace("example/web:1.1.0", "{{$image}}")),
    );
    good(folder, &["example", "--image", "web=1.2.0"]);
    let made = read(folder, "infra-templates/example/2/docker-compose.yml");
    assert!(made.starts_with("{{- $image := \"example/web:1.2.0\" }}\n"), "{made}");
}

fn links_and_what_cannot_be_written() {
    let catalog = catalog();
    let folder = catalog.path();
    let template = folder.join("infra-templates/example");
    symlink("/etc/passwd", template.join("1/secret")).unwrap();
    let (code, _, errors) = bump(folder, &["example", "--image", "web=1.2.0"]);
    assert!(
        code == 0 && errors.contains("secret is no file, and Rancher passes over it: it is not copied"),
        "{errors}"
    );
    assert!(!template.join("2/secret").exists());
    fs::remove_dir_all(template.join("2")).unwrap();
    symlink("1", template.join("2")).unwrap();
    refused(folder, &["example", "--image", "web=1.3.0"], 2, "symbolic link");
    fs::remove_file(template.join("2")).unwrap();
    fs::rename(&template, folder.join("elsewhere")).unwrap();
    symlink("../elsewhere", &template).unwrap();
    let (code, _, errors) = bump(folder, &["infra-templates/example", "--image", "web=1.3.0"]);
    assert!(code == 2 && errors.contains("symbolic link"), "{errors}");
    fs::remove_file(&template).unwrap();
    fs::rename(folder.join("elsewhere"), &template).unwrap();
    // Root may write everywhere.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o555)).unwrap();
    let may = fs::write(folder.join("probe"), "").is_ok();
    if !may {
        refused(folder, &["example", "--image", "web=1.3.0"], 2, "cannot write in the catalog");
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

fn lines_that_are_kept_side_by_side() {
    let catalog = catalog();
    let folder = catalog.path();
    // Versions grew so far: one that does not is a slip of the pen, unless it is said to be meant.
    refused(folder, &["example", "--image", "web=1.0.1"], 1, "v1.0.1 is not later than v1.1.0");
    let (code, _, errors) = bump(folder, &["example", "--image", "web=1.0.1", "--lower"]);
    assert!(code == 0 && errors.contains("Rancher offers no upgrade from that to it"), "{errors}");
    // Now there are two lines, and the next one of either is told, but not refused.
    put(
        folder,
        "infra-templates/example/config.yml",
        read(folder, "infra-templates/example/config.yml").replace("v1.0.1", "v1.1.0"),
    );
    good(folder, &["example", "--image", "web=1.2.0"]);
    let (code, _, errors) = bump(folder, &["example", "--image", "web=1.0.2"]);
    assert!(code == 0 && errors.contains("v1.0.2 is not later than v1.2.0"), "{errors}");
    refused(
        folder,
        &["example", "--image", "web=1.0.1", "--version", "v1.2.0"],
        1,
        "has v1.2.0 already, as revision 3",
    );
}

fn odd_texts_are_changed_or_refused_whole() {
    let rancher = "version: '2'\ncatalog:\n  version: v1\n  minimum_rancher_version: v1.6.0\n";
    let texts: [&[u8]; 13] = [
        b"version: '2'\nservices: {web: {image: 'example/web:1'}}",
        b"version: '2'\nservices:\n  web: &w\n    image: &i example/web:1\n  two:\n    image: *i\n  three: *w\n",
        b"version: '2'\nservices:\n  web:\n    image: >-\n      example/web:1\n",
        b"version: '2'\nservices:\n  web:\n    image: !!str example/web:1\n",
        b"version: '2'\nservices:\n  web:\n    image: \"example\\/web:1\"\n",
        b"version: '2'\r\nservices:\r\n  web:\r\n    image: example/web:1\r\n",
        b"version: '2'\nservices:\n  web:\n    image: example/web:1\n---\nservices:\n  web:\n    image: example/web:1\n",
        b"version: '2'\nservices:\n  web:\n    <<: {image: example/web:1}\n",
        b"web:\n  image: example/web:1\n  image: example/web:1\n",
        b"web:\n  image:\texample/web:1\n",
        b"web:\n  image: example/web:1 # caf\xe9\n",
        b"web:\n  image: \"example/web:\\\n    1\"\n",
        b"web:\n  image: example/web:1\n  labels:\n    a: |\n      # image: example/web:1\n      example/web:1\n",
    ];
    for text in texts {
        let catalog = catalog();
        let folder = catalog.path();
        put(folder, "infra-templates/example/2/docker-compose.yml", text);
        put(folder, "infra-templates/example/2/rancher-compose.yml", rancher);
        let before = tree::snapshot(folder);
        let (code, out, errors) = bump(folder, &["example", "--image", "example/web=2", "--version", "v2"]);
        let shown = String::from_utf8_lossy(text).into_owned();
        assert!(matches!(code, 0..=2) && !errors.contains("panicked"), "{shown}: {code} {out}{errors}");
        if code != 0 {
            assert!(!errors.is_empty());
            assert_eq!(tree::snapshot(folder), before, "{shown}");
            continue;
        }
        let made = fs::read(folder.join("infra-templates/example/3/docker-compose.yml")).unwrap();
        let read =
            |text: &[u8]| rancher_catalog::yaml::Document::read_bytes(text).map(|document| document.to_value()).ok();
        let as_text = |text: &[u8]| read(text).map(|value| serde_json::to_string(&value).unwrap());
        let wanted = as_text(text).map(|text| text.replace("example/web:1", "example/web:2"));
        assert_eq!(as_text(&made), wanted, "{shown}");
        assert_eq!(made.len(), text.len(), "{shown}");
    }
}

fn however_often_an_image_is_named_it_ends_in_time() {
    let rancher = "version: '2'\ncatalog:\n  version: v1.0.0\n  minimum_rancher_version: v1.6.0\n";
    let named = "example/web:1 ".repeat(40_000);
    for compose in [
        format!("version: '2'\nservices:\n  web:\n    image: example/web:1\n    command: {named}\n"),
        format!(
            "{{{{- if .Values.X }}}}\n{}{{{{- end }}}}\nweb:\n  image: example/web:1\n",
            "# image: example/web:1 #\n".repeat(30_000)
        ),
        format!("{{{{- if .Values.X }}}}\n{{{{- end }}}}\nweb:\n  image: example/web:1\n  command: {named}\n"),
    ] {
        let catalog = catalog();
        let folder = catalog.path();
        put(folder, "infra-templates/example/2/docker-compose.yml", compose);
        put(folder, "infra-templates/example/2/rancher-compose.yml", rancher);
        put(folder, "infra-templates/example/2/README.md", "example/web:1 v1.0.0\n".repeat(40_000));
        let start = std::time::Instant::now();
        let (code, _, errors) = bump(folder, &["example", "--image", "example/web=2", "--version", "v2.0.0"]);
        assert!(code == 0, "{errors}");
        // Far more than a slow machine needs, far less than the square of these sizes.
        assert!(start.elapsed() < std::time::Duration::from_secs(60), "{:?}", start.elapsed());
        let readme = read(folder, "infra-templates/example/3/README.md");
        assert!(readme == "example/web:2 v2.0.0\n".repeat(40_000));
    }
}
