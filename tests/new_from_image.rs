//! `gen-catalog new --from-image` reads ports, volumes, variables and labels from an image on disk: an OCI layout, its archive,
//! or what `docker save` wrote, before and since Docker 25. One that is cut off or not honest is refused.

use std::fs;
use std::path::Path;

use rancher_catalog::digest::sha256_hex;
use serde_json::{Value, json};
use swarm_lab::generator::outcome;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use crate::bump::read;
use crate::new_template::passes;

pub fn trials() -> Vec<Trial> {
    trials![
        an_archive_a_layout_and_an_older_archive_make_the_same_template,
        what_the_image_says_can_be_overridden,
        a_name_that_is_missing_is_asked_for,
        of_several_images_the_one_that_is_named_is_taken,
        an_archive_that_is_cut_off_or_dishonest_is_refused,
        a_config_of_other_types_is_refused,
        what_is_more_than_anybody_writes_is_told,
        what_an_image_says_of_itself_is_text_in_the_readme,
    ]
}

fn config() -> Value {
    json!({
        "os": "linux",
        "architecture": "amd64",
        "rootfs": { "type": "layers", "diff_ids": [] },
        "config": {
            "ExposedPorts": { "80/tcp": {}, "53/udp": {}, "9/sctp": {} },
            "Volumes": { "/var/lib/web": {} },
            "Env": [
                "PATH=/usr/local/bin:/usr/bin",
                "NGINX_VERSION=1.25.3",
                "WORKERS=4",
                "GREETING=hello $USER",
                "ADMIN_PASSWORD=built-in",
                "GOSEARCH=/a:/b",
            ],
            "Healthcheck": { "Test": ["CMD-SHELL", "curl -f http://localhost/ready || exit 1"], "Interval": 5_000_000_000_i64 },
            "Labels": {
                "org.opencontainers.image.title": "The Web",
                "org.opencontainers.image.description": "Serves\n\u{1b}[31mpages",
                "org.opencontainers.image.version": "9.9.9",
                "org.opencontainers.image.url": "https://example.com/web",
            },
        },
    })
}

fn blob(content: &[u8]) -> (String, String) {
    let hex = sha256_hex(content);
    (format!("blobs/sha256/{hex}"), format!("sha256:{hex}"))
}

/// The files of a layout with the images of some names.
fn layout(images: &[(&str, &Value)]) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec())];
    let mut entries = Vec::new();
    for (name, config) in images {
        let layer = b"a layer".to_vec();
        let config = config.to_string().into_bytes();
        let descriptor =
            |kind: &str, content: &[u8]| json!({ "mediaType": kind, "digest": blob(content).1, "size": content.len() });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &layer)],
        });
        let manifest = manifest.to_string().into_bytes();
        let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
        if !name.is_empty() {
            entry["annotations"] = json!({ "io.containerd.image.name": name });
        }
        entries.push(entry);
        for content in [layer, config, manifest] {
            let path = blob(&content).0;
            if !files.iter().any(|(known, _)| *known == path) {
                files.push((path, content));
            }
        }
    }
    files.push(("index.json".to_owned(), json!({ "schemaVersion": 2, "manifests": entries }).to_string().into_bytes()));
    files
}

/// What `docker save` wrote before Docker 25.
fn saved(name: &str, config: &Value) -> Vec<(String, Vec<u8>)> {
    let config = config.to_string().into_bytes();
    let path = format!("{}.json", sha256_hex(&config));
    let list = json!([{ "Config": path, "RepoTags": [name], "Layers": ["x/layer.tar"] }]);
    let list = list.to_string().into_bytes();
    vec![(path, config), ("x/layer.tar".to_owned(), b"layer".to_vec()), ("manifest.json".to_owned(), list)]
}

fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    tar.into_inner().unwrap()
}

fn new(folder: &Path, args: &[&str]) -> (i32, String, String) {
    outcome(folder, &[&["new"], args].concat())
}

fn an_archive_a_layout_and_an_older_archive_make_the_same_template() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let name = "docker.io/example/web:1.2.3";
    let files = layout(&[(name, &config())]);
    fs::write(folder.join("oci.tar"), archive(&files)).unwrap();
    fs::write(folder.join("saved.tar"), archive(&saved("example/web:1.2.3", &config()))).unwrap();
    for (path, content) in &files {
        crate::bump::put(folder, &format!("layout/{path}"), content);
    }
    let mut made = Vec::new();
    for source in ["oci.tar", "saved.tar", "layout"] {
        let (code, text, errors) = new(folder, &["web", "--from-image", source]);
        assert_eq!((code, errors.as_str()), (0, ""), "{source}: {text}");
        for told in [
            "templates/web gets 1.2.3 as revision 0\n",
            "port 80/tcp is published at a port that is asked for\n",
            "port 9/sctp is left out: Rancher takes tcp and udp\n",
            "the volume /var/lib/web becomes a named one, which lasts\n",
            "HEALTHCHECK becomes GET /ready of port 80\n",
            "WORKERS is asked for, as the image sets it\n",
            "ADMIN_PASSWORD is asked for; what the image sets is not copied\n",
            "PATH, NGINX_VERSION, GOSEARCH: left to the image\n",
        ] {
            assert!(text.contains(told), "{source}: {told} is not in {text}");
        }
        passes(folder, "templates/web");
        let docker = read(folder, "templates/web/0/docker-compose.yml");
        for part in
            ["image: example/web:1.2.3\n", ":80\n", ":53/udp\n", "WORKERS: ${WORKERS}\n", "- web-web:/var/lib/web\n"]
        {
            assert!(docker.contains(part), "{part} is not in {docker}");
        }
        let rancher = read(folder, "templates/web/0/rancher-compose.yml");
        for part in
            ["request_line: GET /ready HTTP/1.0\n", "interval: 5000\n", "default: hello $USER\n", "default: '4'\n"]
        {
            assert!(rancher.contains(part), "{part} is not in {rancher}");
        }
        let config = read(folder, "templates/web/config.yml");
        assert!(config.starts_with("name: The Web\ndescription: Serves [31mpages\nversion: 1.2.3\n"), "{config}");
        assert!(config.contains("projectURL: https://example.com/web\n"), "{config}");
        let all = swarm_lab::tree::snapshot(&folder.join("templates"));
        assert!(!all.values().any(|text| String::from_utf8_lossy(text).contains("built-in")));
        made.push(all);
        fs::remove_dir_all(folder.join("templates")).unwrap();
    }
    assert!(made.windows(2).all(|pair| pair[0] == pair[1]));
}

fn what_the_image_says_can_be_overridden() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("oci.tar"), archive(&layout(&[("docker.io/library/web:1.2.3", &config())]))).unwrap();
    let args = [
        "web",
        "--from-image",
        "oci.tar",
        "--image",
        "r.example.com/ops/web:2.0.0",
        "--title",
        "Mine",
        "--port",
        "8080:80",
    ];
    let more = [
        "--env",
        "WORKERS=8",
        "--health-check",
        "81",
        "--volume",
        "data:/var/lib/web",
        "--version",
        "3.0.0",
        "--global",
    ];
    let (code, text, errors) = new(folder, &[&args[..], &more].concat());
    assert_eq!(code, 0, "{text}{errors}");
    let docker = read(folder, "templates/web/0/docker-compose.yml");
    for part in ["image: r.example.com/ops/web:2.0.0\n", "WORKERS: '8'\n", "- data:/var/lib/web\n"] {
        assert!(docker.contains(part), "{part} is not in {docker}");
    }
    let rancher = read(folder, "templates/web/0/rancher-compose.yml");
    assert!(
        rancher.contains("version: 3.0.0\n") && rancher.contains("port: 81\n") && !rancher.contains("request_line")
    );
    assert!(read(folder, "templates/web/config.yml").starts_with("name: Mine\n"));
    passes(folder, "templates/web");
}

fn a_name_that_is_missing_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, told) in
        [("", "it has no name"), ("docker.io/library/web:latest", "it is called docker.io/library/web:latest")]
    {
        fs::write(folder.join("oci.tar"), archive(&layout(&[(name, &config())]))).unwrap();
        let (code, _, errors) = new(folder, &["web", "--from-image", "oci.tar"]);
        assert!(code == 2 && errors.contains(told) && errors.contains("give --image REPOSITORY:TAG"), "{errors}");
        let (code, _, errors) = new(folder, &["web", "--from-image", "oci.tar", "--image", "a/b:1", "--dry-run"]);
        assert_eq!(code, 0, "{errors}");
    }
}

fn of_several_images_the_one_that_is_named_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut other = config();
    other["config"]["ExposedPorts"] = json!({ "8080/tcp": {} });
    let images = [("docker.io/library/web:1", &config()), ("docker.io/example/other:2", &other)];
    fs::write(folder.join("oci.tar"), archive(&layout(&images))).unwrap();
    let (code, _, errors) = new(folder, &["web", "--from-image", "oci.tar"]);
    assert!(
        code == 2 && errors.contains("holds several images: docker.io/library/web:1, docker.io/example/other:2"),
        "{errors}"
    );
    let (code, text, errors) = new(folder, &["web", "--from-image", "oci.tar", "--image", "example/other:2"]);
    assert!(code == 0 && text.contains("port 8080/tcp is published"), "{text}{errors}");
}

fn an_archive_that_is_cut_off_or_dishonest_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let good = layout(&[("docker.io/library/web:1", &config())]);
    let whole = archive(&good);
    let older = archive(&saved("web:1", &config()));
    let mut cases: Vec<(Vec<u8>, &str)> = vec![
        (whole[..whole.len() / 3].to_vec(), "cut off"),
        (older[..700].to_vec(), "cut off"),
        ([whole.clone(), vec![0; 17 << 20]].concat(), "goes on behind its end"),
        (Vec::new(), "neither an OCI image layout"),
        (b"no archive at all".repeat(100), "neither an OCI image layout"),
        (b"\x1f\x8b\x08compressed".to_vec(), "is compressed (gzip)"),
        (archive(&good[..3]), "there is no index.json"),
    ];
    // A config that is not the one that is named, and one that leads out.
    let mut changed = saved("web:1", &config());
    changed[0].1 = br#"{"config":{"Env":["A=1"]}}"#.to_vec();
    cases.push((archive(&changed), "is not what it is called"));
    let mut leads_out = saved("web:1", &config());
    leads_out[2].1 = br#"[{"Config":"../../config.json","RepoTags":["web:1"],"Layers":[]}]"#.to_vec();
    cases.push((archive(&leads_out), "leads out of it"));
    let mut odd = saved("web:1", &config());
    odd[2].1 = br#"[{"Config":7}]"#.to_vec();
    cases.push((archive(&odd), "its manifest.json cannot be read"));
    let mut other = good.clone();
    let at = other.iter().position(|(path, _)| *path == blob(config().to_string().as_bytes()).0).unwrap();
    other[at].1 = b"{}".to_vec();
    cases.push((archive(&other), "is not what it is called"));
    let mut missing = good.clone();
    missing.remove(at);
    cases.push((archive(&missing), "is not there: it is cut off"));
    for (bytes, wanted) in cases {
        fs::write(folder.join("image.tar"), bytes).unwrap();
        let (code, _, errors) = new(folder, &["web", "--from-image", "image.tar"]);
        assert!(code == 2 && errors.contains("image.tar") && errors.contains(wanted), "{wanted}: {errors}");
        assert!(!folder.join("templates").exists());
    }
    // What claims to be more than anybody would write, and what would act on a terminal, is left out or shown.
    let mut hostile = config();
    let long = format!("{}=1", "x".repeat(5000));
    hostile["config"]["Env"] = json!(["A=\u{1b}[31m", "B\u{202e}=x", "C={{ .Values.X }} ${Y}", "=z", long]);
    hostile["config"]["Volumes"] = json!({ "/a:/b": {}, "relative": {}, "/ok/": {}, "/x\u{1b}": {} });
    hostile["config"]["Healthcheck"] = json!({ "Test": ["CMD", "curl", "http://localhost:0/"] });
    fs::write(folder.join("image.tar"), archive(&layout(&[("docker.io/library/web:1", &hostile)]))).unwrap();
    let (code, text, errors) = new(folder, &["web", "--from-image", "image.tar"]);
    assert!(code == 0 && !text.contains('\u{1b}') && text.contains("HEALTHCHECK is left out"), "{text}{errors}");
    passes(folder, "templates/web");
}

/// The image on disk whose config is this.
fn put_image(folder: &Path, config: &Value) {
    fs::write(folder.join("image.tar"), archive(&layout(&[("docker.io/library/web:1", config)]))).unwrap();
}

fn a_config_of_other_types_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (key, value) in [
        ("Env", json!("A=1")),
        ("Env", json!([{ "A": 1 }])),
        ("ExposedPorts", json!(["80/tcp"])),
        ("Volumes", json!(5)),
        ("Labels", json!({ "org.opencontainers.image.title": ["a"] })),
        ("Healthcheck", json!({ "Test": "curl" })),
        ("Healthcheck", json!({ "Interval": 1e40 })),
        ("Healthcheck", json!("none")),
    ] {
        let mut odd = config();
        odd["config"][key] = value.clone();
        put_image(folder, &odd);
        fs::write(folder.join("saved.tar"), archive(&saved("web:1", &odd))).unwrap();
        for file in ["image.tar", "saved.tar"] {
            let (code, _, errors) = new(folder, &["web", "--from-image", file]);
            assert!(code == 2 && errors.contains(file), "{key}: {value}: {errors}");
            assert!(errors.contains("does not tell how the image is run"), "{key}: {value}: {errors}");
        }
    }
    for whole in [json!([]), json!("x"), json!({ "config": [1] }), json!({ "config": 5 })] {
        put_image(folder, &whole);
        let (code, _, errors) = new(folder, &["web", "--from-image", "image.tar"]);
        assert!(code == 2 && errors.contains("image.tar"), "{whole}: {errors}");
    }
    assert!(!folder.join("templates").exists());
    // What says nothing is no lie.
    for nothing in [json!({}), json!({ "config": null }), json!({ "config": { "Env": null, "Volumes": null } })] {
        put_image(folder, &nothing);
        let (code, _, errors) = new(folder, &["web", "--from-image", "image.tar", "--dry-run"]);
        assert_eq!(code, 0, "{nothing}: {errors}");
    }
}

fn what_is_more_than_anybody_writes_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut large = config();
    let map = |of: fn(usize) -> String| (0..300).map(|at| (of(at), json!({}))).collect::<serde_json::Map<_, _>>();
    large["config"]["ExposedPorts"] = Value::Object(map(|at| format!("{}/tcp", 2000 + at)));
    large["config"]["Volumes"] = Value::Object(map(|at| format!("/v{at}")));
    large["config"]["Env"] = (0..300).map(|at| format!("V{at}=x")).chain(["A B=1".to_owned()]).collect();
    put_image(folder, &large);
    let (code, text, errors) = new(folder, &["web", "--from-image", "image.tar"]);
    assert_eq!(code, 0, "{text}{errors}");
    for told in ["200 more ports are left out", "200 more volumes are left out", "201 more variables are left out"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    large["config"]["Env"] = json!(["A B=1", "V=1"]);
    put_image(folder, &large);
    let (_, text, errors) = new(folder, &["odd", "--from-image", "image.tar"]);
    assert!(text.contains("the variable \"A B\" is left out: that is no name"), "{text}{errors}");
}

fn what_an_image_says_of_itself_is_text_in_the_readme() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut hostile = config();
    let text = "<img src=x onerror=alert(1)> [a](javascript:b) `c` \u{1b}[31m\u{202e}| <!-- ";
    hostile["config"]["Labels"]["org.opencontainers.image.title"] = json!(text);
    hostile["config"]["Labels"]["org.opencontainers.image.description"] = json!(format!("{text}\n\n# Heading"));
    hostile["config"]["Env"] = json!(["GREETING=``` | <b>bold</b>"]);
    put_image(folder, &hostile);
    let (code, _, errors) = new(folder, &["web", "--from-image", "image.tar"]);
    assert_eq!(code, 0, "{errors}");
    passes(folder, "templates/web");
    let readme = read(folder, "templates/web/README.md");
    let title = "# &lt;img src=x onerror=alert(1)&gt; \\[a\\](javascript:b) \\`c\\` \\[31m\\| &lt;!--\n";
    assert!(readme.starts_with(title), "{readme}");
    assert!(!readme.contains("\n# Heading") && !readme.contains(['\u{1b}', '\u{202e}']), "{readme}");
    assert!(readme.contains("```` ``` \\| <b>bold</b> ````"), "{readme}");
}
