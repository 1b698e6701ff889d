//! Who may ask, what is answered, and what stays within the catalog.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use swarm_lab::generator::{outcome, rendered_catalog};
use swarm_lab::previewed::Preview;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

pub fn trials() -> Vec<Trial> {
    trials![
        every_page_of_the_rendered_catalog_is_there,
        an_address_with_answers_shows_them,
        what_render_compose_refuses_is_no_text,
        what_is_no_version_of_rancher_is_said_to_be_none,
        what_is_not_shown_of_the_findings_is_to_be_had,
        a_name_that_leads_here_from_elsewhere_is_turned_away,
        nothing_can_be_changed,
        what_lies_outside_of_the_catalog_is_not_reached,
        what_is_not_there_is_said_and_what_was_meant,
        a_broken_file_is_shown_as_broken,
        a_port_that_is_taken_is_told,
        pages_are_written_as_files,
    ]
}

fn rendered() -> (tempfile::TempDir, Preview) {
    let folder = rendered_catalog();
    let preview = Preview::start(&folder.path().join("community-catalog"), &[]);
    (folder, preview)
}

fn every_page_of_the_rendered_catalog_is_there() {
    let (_folder, preview) = rendered();
    for (path, words) in [
        ("/", "Docker Swarm on the hosts"),
        ("/?q=docker+SWARM", "Docker Swarm on the hosts"),
        ("/?q=nothing-like-it", "Nothing is found"),
        ("/?category=Orchestration", "Docker Swarm on the hosts"),
        ("/environments", "community:infra*portainer is in no catalog"),
        ("/environments/new", "Cattle"),
        ("/environments/project-templates/swarm", "Edit Swarm"),
        ("/findings", "Findings"),
        ("/catalog/infra-templates/swarm", "Number of managers"),
        ("/catalog/infra-templates/swarm/4", "Number of managers"),
        ("/catalog/infra-templates/swarm/4?rancherVersion=v1.5.10", "is not offered this version"),
        ("/catalog/infra-templates/swarm/4/choices", "What each choice changes"),
        ("/catalog/infra-templates/swarm/4/upgrade", "There is no version before this one"),
        ("/catalog/infra-templates/swarm/4/findings", "Findings"),
        ("/catalog/project-templates/swarm/0", "library:infra*ipsec"),
    ] {
        let answer = preview.get(path);
        for header in [
            "content-security-policy: default-src 'none'; style-src 'self'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(answer.head.contains(header), "{path}: {}", answer.head);
        }
        let text = answer.text().replace("&#x2f;", "/");
        assert!(text.contains(words), "{path}: {words} is not in {text}");
    }
}

fn an_address_with_answers_shows_them() {
    let (_folder, preview) = rendered();
    let page = preview.get("/catalog/infra-templates/swarm/4?MANAGER_SCALE=5&NETWORK=a+b%26c&NOTHING=1").text();
    for part in [
        "<span class=\"l c\">      MANAGER_SCALE: &#x27;5&#x27;\n",
        "<option value=\"5\" selected>",
        "NETWORK: a b&amp;c",
        "NOTHING: nothing is asked or used by this name",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let text = preview.get("/catalog/infra-templates/swarm/4/docker-compose.yml?MANAGER_SCALE=5").text();
    assert!(text.contains("MANAGER_SCALE: '5'\n"), "{text}");
}

fn what_render_compose_refuses_is_no_text() {
    let (folder, preview) = rendered();
    let version = "community-catalog/infra-templates/swarm/4";
    for (answer, code) in [("MANAGER_SCALE=5", 0), ("MANAGER_SCALE=zzz", 2), ("MANAGER_SCALF=5", 2), ("NETWORK=zzz", 0)]
    {
        let (printed, _, errors) = outcome(folder.path(), &["render-compose", version, "--answers", answer]);
        assert_eq!(printed, code, "{errors}");
        for file in ["docker-compose.yml", "rancher-compose.yml"] {
            let got = preview.get(&format!("/catalog/infra-templates/swarm/4/{file}?rancherVersion=v1.6.30&{answer}"));
            let text = String::from_utf8(got.body).unwrap();
            assert_eq!(got.status, if code == 0 { 200 } else { 400 }, "{answer}: {text}");
            assert!(got.head.contains("content-type: text/plain"), "{}", got.head);
            assert!(code == 0 || errors.contains(&format!("--answers {text}")), "{text} is not in {errors}");
        }
    }
}

fn what_is_no_version_of_rancher_is_said_to_be_none() {
    let (_folder, preview) = rendered();
    for path in [
        "/environments",
        "/catalog/infra-templates/swarm",
        "/catalog/infra-templates/swarm/4",
        "/catalog/infra-templates/swarm/4/choices",
        "/catalog/infra-templates/swarm/4/findings",
        "/catalog/project-templates/swarm/0",
    ] {
        for version in ["v1.6.3O", "bogus", "1.6"] {
            let page = preview.get(&format!("{path}?rancherVersion={version}")).text();
            let words = format!("{version} is no version of Rancher, such as v1.6.30");
            assert!(page.contains(&words), "{path}: {words} is not in {page}");
            // None is taken.
            assert!(!page.contains(&format!("<option selected>{version}")), "{page}");
            assert!(!page.contains(&format!("rancherVersion={version}")), "{page}");
        }
        for version in ["v1.6.14", "1.5.10", "v1.6.11-rc1", ""] {
            let page = preview.get(&format!("{path}?rancherVersion={version}")).text();
            assert!(!page.contains("is no version of Rancher"), "{path} {version}: {page}");
        }
    }
}

fn what_is_not_shown_of_the_findings_is_to_be_had() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..80 {
        let version = folder.path().join(format!("x-catalog/templates/t{number}/0"));
        fs::create_dir_all(&version).unwrap();
        fs::write(version.join("../config.yml"), "name: X\nversion: v1\n").unwrap();
        fs::write(version.join("rancher-compose.yml"), ".catalog: {version: v1}\n").unwrap();
        fs::write(version.join("docker-compose.yml"), "web: {image: 'nginx:1'}\n").unwrap();
    }
    let preview = Preview::start(&folder.path().join("x-catalog"), &[]);
    let page = preview.get("/findings").text();
    assert!(page.contains("60 worst are shown"), "{page}");
    let (_, command) = page.split_once(" more. <code>gen-catalog ").unwrap();
    let command = command.split_once("</code> lists all").unwrap().0;
    let args: Vec<&str> = command.split(' ').chain(["--format", "json"]).collect();
    let (_, found, errors) = outcome(&folder.path().join("x-catalog"), &args);
    let found: serde_json::Value = serde_json::from_str(&found).unwrap_or_else(|error| panic!("{error}: {errors}"));
    let all = found["findings"].as_array().unwrap().len();
    assert!(page.contains(&format!("there are {} more", all - 60)), "{all}: {page}");
}

fn a_name_that_leads_here_from_elsewhere_is_turned_away() {
    let (folder, preview) = rendered();
    for path in ["/", "/v1-catalog/templates", "/events", "/assets/preview.css", "/nothing"] {
        for headers in [
            &[("Host", "rebind.example")][..],
            &[("Host", "rebind.example:8093")],
            &[("Host", "localhost"), ("Host", "x")],
            &[("Host", "localhost:1@rebind.example")],
            &[("Host", "localhost:\"><x")],
            &[("Host", "127.0.0.1:8111/../rebind")],
            &[("Host", "localhost:0")],
            &[("Host", "[::1]x")],
        ] {
            let answer = preview.ask("GET", path, headers);
            assert_eq!(answer.status, 403, "{path} {headers:?}");
            assert!(!String::from_utf8_lossy(&answer.body).contains("Swarm"));
        }
    }
    for host in ["localhost:1", "LOCALHOST.", "127.0.0.1:65535", "[::1]:8093", "[::1]"] {
        assert_eq!(preview.ask("GET", "/", &[("Host", host)]).status, 200, "{host}");
    }
    let catalog = folder.path().join("community-catalog");
    let named = Preview::start(&catalog, &["--allow-host", "Build.example"]);
    assert_eq!(named.ask("GET", "/", &[("Host", "build.example:8093")]).status, 200);
    assert_eq!(named.ask("GET", "/", &[("Host", "rebind.example")]).status, 403);
}

fn nothing_can_be_changed() {
    let (_folder, preview) = rendered();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        for path in ["/", "/catalog/infra-templates/swarm", "/v1-catalog/catalogs"] {
            let status = preview.ask(method, path, &[("Host", &preview.address)]).status;
            assert_eq!(status, 405, "{method} {path}");
        }
    }
    // A client of Rancher asks for this, and it is so at any time.
    let refresh = "/v1-catalog/templates?action=refresh";
    assert_eq!(preview.ask("POST", refresh, &[("Host", &preview.address)]).status, 204);
}

fn what_lies_outside_of_the_catalog_is_not_reached() {
    let folder = rendered_catalog();
    let catalog = folder.path().join("community-catalog");
    let template = catalog.join("infra-templates/swarm");
    fs::write(folder.path().join("secret"), "outside: secret\n").unwrap();
    fs::remove_file(template.join("catalogIcon-swarm.svg")).unwrap();
    symlink("../../../secret", template.join("catalogIcon-swarm.svg")).unwrap();
    symlink("../../../../secret", template.join("4/also.yml")).unwrap();
    fs::remove_file(template.join("4/README.md")).unwrap();
    symlink("../../../../secret", template.join("4/README.md")).unwrap();
    symlink("../..", catalog.join("infra-templates/up")).unwrap();
    let preview = Preview::start(&catalog, &[]);
    for path in [
        "/icons/infra-templates/swarm",
        "/catalog/infra-templates/swarm",
        "/catalog/infra-templates/up",
        "/catalog/..%2f..%2f/secret",
        "/catalog/infra-templates/..%2f..%2f..",
        "/catalog/infra-templates/swarm/..%2f..%2f..%2f..",
        "/catalog/infra-templates/swarm/../../../secret",
        "/assets/..%2f..%2fsecret",
        "/v1-catalog/templates/community:infra*swarm:4",
        "/v1-catalog/templates/community:infra*swarm?image",
        "/v1-catalog/templates/community:infra*swarm:4?readme",
        "/v1-catalog/templates/community:infra*..%2f..",
        "/v1-catalog/templates/community:..*secret",
    ] {
        let answer = preview.get(path);
        assert!(!String::from_utf8_lossy(&answer.body).contains("outside: secret"), "{path}");
    }
    let (code, _, errors) = outcome(folder.path(), &["preview", "--html", "site"]);
    assert_eq!(code, 0, "{errors}");
    let page = fs::read_to_string(folder.path().join("site/catalog/infra-templates/swarm.html")).unwrap();
    assert!(!page.contains("outside: secret"));
}

fn what_is_not_there_is_said_and_what_was_meant() {
    let (_folder, preview) = rendered();
    for (path, words) in [
        ("/catalog/infra-templates/swarn", "is `infra-templates/swarm` meant?"),
        ("/catalog/infra-templates/swarm/9", "has no version folder 9"),
        ("/catalog/infra-templates/swarm/4/nothing", "choices, upgrade and findings"),
        ("/catalog/infra-templates/swarm/4/upgrade?from=7", "has no version folder 7"),
        ("/nothing", "no such page"),
    ] {
        let answer = preview.get(path);
        let text = String::from_utf8(answer.body).unwrap().replace("&#x2f;", "/");
        assert!(answer.status == 404 && text.contains(words), "{path}: {} {text}", answer.status);
    }
}

fn a_broken_file_is_shown_as_broken() {
    let (folder, preview) = rendered();
    let version = folder.path().join("community-catalog/infra-templates/swarm/4");
    let path = "/catalog/infra-templates/swarm/4";
    let good = fs::read_to_string(version.join("docker-compose.yml")).unwrap();
    for (broken, words) in [
        ("version: '2'\nservices: [", "docker-compose.yml, rendered, line"),
        ("version: '3'\nservices:\n  web:\n    image: x\n", "version 3"),
        ("version: '2'\nservices:\n  web:\n    image: x\n    ports: ['a:b']\n", "<span class=\"why\">"),
        ("version: '2'\nservices:\n  web:\n    image: ${x\n", "says"),
        ("{{ if }}", "says"),
        ("", "gen-catalog check"),
    ] {
        fs::write(version.join("docker-compose.yml"), broken).unwrap();
        let page = preview.get(path).text();
        assert!(page.contains(words), "{broken}: {page}");
    }
    fs::write(version.join("docker-compose.yml"), good).unwrap();
    fs::write(version.join("rancher-compose.yml"), "catalog: [").unwrap();
    assert!(preview.get(path).text().contains("rancher-compose.yml cannot be read"));
    fs::write(version.join("../config.yml"), "name: [a]\n").unwrap();
    assert!(preview.get("/").text().contains("not in Rancher"));
}

fn a_port_that_is_taken_is_told() {
    let (folder, preview) = rendered();
    let (code, _, errors) = outcome(folder.path(), &["preview", "--listen", &preview.address]);
    assert_eq!(code, 2);
    assert!(errors.contains("is taken already") && errors.contains("--listen"), "{errors}");
    for (args, words) in [
        (&["preview", "nowhere"][..], "cannot look at nowhere"),
        (&["preview", "--beside", "library"], "NAME=DIR"),
        (&["preview", "--html", "site", "--open"], "cannot be used with"),
        (&["preview", "--html", "community-catalog"], "holds something else"),
    ] {
        let (code, _, errors) = outcome(folder.path(), args);
        assert!(code == 2 && errors.contains(words), "{args:?}: {code} {errors}");
    }
}

fn pages_are_written_as_files() {
    let folder = rendered_catalog();
    for _ in 0..2 {
        let (code, told, errors) = outcome(folder.path(), &["preview", "--html", "site"]);
        assert_eq!((code, told.as_str(), errors.as_str()), (0, "site: 5 pages; index.html is the first\n", ""));
    }
    let mut pages = Vec::new();
    collect(&folder.path().join("site"), &mut pages);
    assert_eq!(pages.len(), 5);
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        assert!(text.len() < 200_000, "{}", page.display());
        for asked in ["<script", "<link", "src=\"http", "url(", "@import"] {
            assert!(!text.contains(asked), "{}: {asked}", page.display());
        }
        // Every page that it leads to is there.
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.replace("&#x2f;", "/");
            if link.starts_with("http") || link.starts_with('#') {
                continue;
            }
            let target = page.parent().unwrap().join(link.split('#').next().unwrap());
            assert!(target.exists(), "{}: {link}", page.display());
        }
    }
}

fn collect(folder: &Path, pages: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "html") {
            pages.push(path);
        }
    }
}
