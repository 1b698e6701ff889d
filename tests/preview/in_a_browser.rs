//! A real browser without a window: what is chosen and answered shows at once, what is saved comes by itself, keys are enough,
//! and what a catalog holds does nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use swarm_lab::browser::{self, Scheme};
use swarm_lab::driven_browser::Page;
use swarm_lab::generator::{outcome, rendered_catalog};
use swarm_lab::previewed::Preview;
use swarm_lab::programs::root;
use swarm_lab::trial::{Trial, trial};

pub fn trials() -> Vec<Trial> {
    let missing = browser::missing();
    let checked = missing.or_else(|| web_checks().is_none().then_some(NO_WEB_CHECKS));
    let valid = web_checks().is_none().then_some(NO_WEB_CHECKS);
    vec![
        trial("swarm_is_chosen_answered_broken_and_mended_and_each_shows_at_once", missing, chosen_and_answered),
        trial("a_keyboard_is_enough", missing, keyboard),
        trial("what_a_hostile_catalog_holds_does_nothing", missing, hostile),
        trial("a_page_of_files_asks_for_nothing", missing, files),
        trial("no_page_is_wider_than_a_phone", missing, phone),
        trial("on_a_phone_short_words_are_whole_and_long_ones_stay_within", missing, words_on_a_phone),
        trial("axe_finds_nothing", checked, axe),
        trial("the_html_is_valid", valid, html_is_valid),
    ]
}

const NO_WEB_CHECKS: &str =
    "needs axe-core and html-validate (npm install --prefix target/web-checks axe-core@4.14.1 html-validate@10.9.0)";
const ENTRY: &str = "/catalog/infra-templates/swarm/4";

/// Where npm put what checks pages.
fn web_checks() -> Option<PathBuf> {
    let folder = root().join("target/web-checks/node_modules");
    // One for a later Node is there, and does not run.
    let runs = || {
        Command::new(folder.join(".bin/html-validate")).arg("--version").output().is_ok_and(|is| is.status.success())
    };
    (folder.join("axe-core/axe.min.js").is_file() && runs()).then_some(folder)
}

fn rendered() -> (tempfile::TempDir, PathBuf, Preview) {
    let folder = rendered_catalog();
    let catalog = folder.path().join("community-catalog");
    let preview = Preview::start(&catalog, &[]);
    (folder, catalog, preview)
}

/// Nothing was asked of anybody else, and nothing was against the policy of a page.
#[track_caller]
fn is_quiet(page: &Page, preview: &Preview) {
    let own = preview.url("/");
    let others: Vec<&String> =
        page.asked.iter().filter(|asked| !asked.starts_with(&own) && !asked.starts_with("data:")).collect();
    assert_eq!(others, Vec::<&String>::new());
    assert_eq!(page.complaints, Vec::<String>::new());
}

/// Whether the result holds a line.
fn shows(line: &str) -> String {
    format!("document.querySelector('[data-part=result]').innerText.includes({})", json!(line))
}

fn chosen_and_answered() {
    let (_folder, catalog, preview) = rendered();
    let mut page = Page::new();
    page.go(&preview.url("/environments/new"));
    page.click("[...document.querySelectorAll('h3 a')].find((a) => a.textContent === 'Swarm')");
    page.until("document.querySelector('.card.is-on h3').textContent === 'Swarm'");

    page.go(&preview.url(ENTRY));
    page.until("document.getElementById('live').textContent === 'follows the files'");
    assert_eq!(page.value(&shows("MANAGER_SCALE: '3'")), true);
    page.value("window.sameDocument = true");
    page.value(
        "(() => { const select = document.querySelector('select[name=MANAGER_SCALE]'); select.value = '5'; \
         select.dispatchEvent(new Event('input', { bubbles: true })); })()",
    );
    page.until(&shows("MANAGER_SCALE: '5'"));
    assert_eq!(page.value("document.querySelector('.l.c').textContent.trim()"), "MANAGER_SCALE: '5'");
    // The address says so, to be pasted elsewhere.
    assert_eq!(page.value("location.search"), "?MANAGER_SCALE=5");

    // A file is saved and comes by itself, with the answer kept.
    let compose = catalog.join("infra-templates/swarm/4/docker-compose.yml");
    let good = fs::read_to_string(&compose).unwrap();
    fs::write(&compose, good.replace("network_mode: host", "network_mode: none")).unwrap();
    let took = page.until(&shows("network_mode: none"));
    println!("from the file to the page: {} ms", took.as_millis());
    assert_eq!(page.value(&shows("MANAGER_SCALE: '5'")), true);

    // It is broken, and the finding is there; mended, and it is gone.
    fs::write(&compose, good.replace("    image:", "    imagine:")).unwrap();
    page.until("document.querySelector('[data-part=found]').innerText.includes('imagine')");
    page.until("document.querySelector('.why') !== null");
    fs::write(&compose, "version: '2'\nservices: [").unwrap();
    page.until("document.querySelector('[data-part=result] .says.error') !== null");
    // As editors do it: another file in its place.
    let beside = compose.with_extension("new");
    fs::write(&beside, &good).unwrap();
    fs::rename(&beside, &compose).unwrap();
    page.until(&shows("network_mode: host"));
    page.until("document.querySelector('[data-part=found] .says') === null");

    // What is being written stays while the page follows.
    page.value(
        "document.querySelector('input[name=NETWORK]').focus(); document.querySelector('input[name=NETWORK]').select()",
    );
    page.write("mine");
    page.until(&shows("NETWORK: mine"));
    assert_eq!(page.value("document.activeElement.name + document.activeElement.value"), "NETWORKmine");
    assert_eq!(page.value("window.sameDocument"), true);
    is_quiet(&page, &preview);
}

fn keyboard() {
    let (_folder, _, preview) = rendered();
    let mut page = Page::new();
    page.go(&preview.url("/"));
    page.press("Tab");
    assert_eq!(page.value("document.activeElement.textContent"), "To the content");
    // On to the entry, by keys alone.
    for _ in 0..20 {
        if page.value("document.activeElement.textContent") == "Swarm" {
            break;
        }
        page.press("Tab");
    }
    page.press("Enter");
    page.until(&format!("location.pathname === {}", json!("/catalog/infra-templates/swarm")));
    page.until("document.readyState === 'complete' && document.documentElement.classList.contains('js')");
    for _ in 0..30 {
        if page.value("document.activeElement.name") == "MANAGER_SCALE" {
            break;
        }
        page.press("Tab");
    }
    page.press("ArrowDown");
    page.until(&shows("MANAGER_SCALE: '5'"));
    // Wherever the focus is, it is seen.
    assert_ne!(page.value("getComputedStyle(document.activeElement).outlineStyle"), "none");
}

const SCRIPT: &str = "window.top.document.title = 'taken'; document.title = 'taken'";

fn hostile_catalog(folder: &Path) -> PathBuf {
    let catalog = folder.join("bad-catalog");
    let name = "x\"><img src=x onerror=alert(1)>&'#?%2f";
    let template = catalog.join("templates").join(name);
    let put = |file: &Path, text: &str| {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    let script = format!("<script>{SCRIPT}</script><img src=x onerror=\"{SCRIPT}\">");
    let quoted = serde_json::to_string(&format!("\"'></option></select></textarea>{script}\u{202e}")).unwrap();
    put(
        &template.join("config.yml"),
        &format!(
            "name: {quoted}\ndescription: {quoted}\nversion: v1\ncategory: {quoted}\nprojectURL: 'javascript:{}'\n\
             labels: {{io.rancher.certified: {quoted}}}\n",
            "alert(1)"
        ),
    );
    put(
        &template.join("catalogIcon-x.svg"),
        &format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9' onload=\"{SCRIPT}\"><script>{SCRIPT}</script>\
             <image href='http://192.0.2.1/x.png'/><rect width='9' height='9'/></svg>"
        ),
    );
    put(
        &template.join("0/README.md"),
        &format!(
            "# a\n{script}\n<svg onload=\"{SCRIPT}\"></svg>\n[x](javascript:alert(1))\n![p](http://192.0.2.1/p.png)\n\
             <iframe src=http://192.0.2.1/></iframe><style>body {{ display: none }}</style><form action=http://192.0.2.1/>\n\
             <meta http-equiv=refresh content='0;url=http://192.0.2.1/'><base href=http://192.0.2.1/>\n"
        ),
    );
    put(
        &template.join("0/rancher-compose.yml"),
        &format!(
            ".catalog:\n  version: v1\n  questions:\n  - {{variable: A, label: {quoted}, description: {quoted}, type: enum, \
             default: {quoted}, options: [{quoted}, b]}}\n  - {{variable: B, type: multiline, default: {quoted}}}\n  \
             - {{variable: C, type: {quoted}, default: {quoted}}}\n  - {{variable: {quoted}, type: string}}\n"
        ),
    );
    put(
        &template.join("0/docker-compose.yml"),
        &format!("web:\n  image: ${{A}}\n  labels: {{a: {quoted}, b: '${{B}}'}}\n"),
    );
    put(&catalog.join("project-templates/p/config.yml"), &format!("name: {quoted}\nversion: v1\n"));
    put(&catalog.join("project-templates/p/0/rancher-compose.yml"), ".catalog: {version: v1}\n");
    put(
        &catalog.join("project-templates/p/0/project.yml"),
        &format!("name: {quoted}\nstacks: [{{name: {quoted}, templateId: {quoted}}}]\n"),
    );
    catalog
}

fn hostile() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = hostile_catalog(folder.path());
    let preview = Preview::start(&catalog, &[]);
    let mut page = Page::new();
    page.go(&preview.url("/"));
    let entry = page.value("document.querySelector('.card a').pathname").as_str().unwrap().to_owned();
    assert!(entry.contains("%22%3E"), "{entry}");
    let icon = page.value("document.querySelector('.card img').src").as_str().unwrap().to_owned();
    let icon = icon.strip_prefix(&preview.url("")).unwrap().to_owned();
    let more = ["/0", "/0/choices", "/0/upgrade", "/0/findings"].map(|part| format!("{entry}{part}"));
    let answered =
        format!("{entry}/0?A=%3Cscript%3Ealert(1)%3C/script%3E&%22%3E%3Cb%3E=1&rancherVersion=%22%3E%3Cb%3E");
    let fixed = ["/", "/environments", "/environments/project-templates/p", "/findings", "/?q=%22%3E%3Cscript%3E"];
    let paths =
        fixed.into_iter().map(str::to_owned).chain(more).chain([entry, answered, "/catalog/%3Cscript%3E/x".to_owned()]);
    for path in paths {
        page.complaints.clear();
        page.go(&preview.url(&path));
        let title = page.value("document.title");
        assert!(title != "taken" && title.as_str().is_some_and(|title| !title.is_empty()), "{path}: {title}");
        let inside = "main script, main iframe, main svg script, main [onerror], main [onload], main base, main meta, main style";
        assert_eq!(page.value(&format!("document.querySelectorAll('{inside}').length")), 0, "{path}");
        assert_eq!(page.value("document.querySelectorAll('a[href^=\"javascript\"]').length"), 0, "{path}");
        let is_missing = path.contains("script%3E/x");
        assert!(is_missing || page.complaints.is_empty(), "{path}: {:?}", page.complaints);
    }
    // The icon alone is a document of this address: one that may do nothing.
    page.go(&preview.url(&icon));
    assert_ne!(page.value("document.title"), "taken");
    let own = preview.url("/");
    let others: Vec<&String> =
        page.asked.iter().filter(|asked| !asked.starts_with(&own) && !asked.starts_with("data:")).collect();
    let others: Vec<&&String> = others.iter().filter(|asked| !asked.starts_with("about:")).collect();
    assert!(others.iter().all(|asked| asked.contains("192.0.2.1/x.png")), "{others:?}");

    // And as files.
    let (code, _, errors) = outcome(folder.path(), &["preview", "bad-catalog", "--html", "site"]);
    assert_eq!(code, 0, "{errors}");
    let first = folder.path().join("site/index.html");
    page.go(&format!("file://{}", first.canonicalize().unwrap().display()));
    page.click("document.querySelector('.card a')");
    page.until("location.pathname.includes('/catalog/templates/') && document.readyState === 'complete'");
    assert_ne!(page.value("document.title"), "taken");
}

fn files() {
    let folder = rendered_catalog();
    let (code, _, errors) = outcome(folder.path(), &["preview", "--html", "site"]);
    assert_eq!(code, 0, "{errors}");
    let site = folder.path().canonicalize().unwrap().join("site");
    let mut page = Page::new();
    for name in ["index.html", "environments.html", "findings.html", "catalog/infra-templates/swarm.html"] {
        let address = format!("file://{}/{name}", site.display());
        page.asked.clear();
        page.go(&address);
        page.asked.retain(|asked| !asked.starts_with("data:"));
        assert!(page.asked.iter().eq([&address]), "{:?}", page.asked);
        assert_eq!(page.complaints, Vec::<String>::new());
        // The style is applied: the policy lets it be.
        assert_ne!(page.value("getComputedStyle(document.querySelector('.top')).backgroundImage"), "none");
    }
    assert_eq!(page.value("document.querySelector('.head img').naturalWidth > 0"), true);
}

/// Every kind of page.
fn pages() -> Vec<String> {
    let parts = ["", "/choices", "/upgrade", "/findings", "?MANAGER_SCALE=5&GRACE_PERIOD=x&RECONCILE_PERIOD=900"];
    let entries = parts.map(|part| format!("{ENTRY}{part}"));
    let fixed = [
        "/",
        "/?q=nothing-like-it",
        "/environments",
        "/environments/new?orchestration=swarm",
        "/environments/project-templates/swarm",
        "/findings",
        "/catalog/project-templates/swarm",
        "/catalog/infra-templates/odd",
        "/catalog/infra-templates/odd/1/upgrade",
        "/catalog/infra-templates/odd/1/choices",
        "/catalog/infra-templates/odd/1/findings",
        "/catalog/infra-templates/broken",
        "/nothing",
    ];
    entries.into_iter().chain(fixed.into_iter().map(str::to_owned)).collect()
}

/// The rendered catalog, with a template that has an input of every type and something to refuse, and a broken one.
fn with_odd_templates() -> (tempfile::TempDir, Preview) {
    let folder = rendered_catalog();
    let catalog = folder.path().join("community-catalog");
    let put = |name: &str, text: &str| {
        let file = catalog.join("infra-templates").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    put(
        "odd/config.yml",
        "name: Odd\nversion: v2\ncategory: Storage\nlabels: {io.rancher.orchestration.supported: mesos}\n",
    );
    let types = rancher_catalog::model::QuestionType::NAMES;
    let questions: String = types
        .iter()
        .map(|kind| {
            format!(
                "  - {{variable: A_{kind}, label: {kind}, type: {kind}, required: true, options: [a, b], default: a}}\n"
            )
        })
        .collect();
    for (revision, version) in [(0, "v1"), (1, "v2")] {
        put(
            &format!("odd/{revision}/rancher-compose.yml"),
            &format!(
                ".catalog:\n  version: {version}\n  maximum_rancher_version: v1.6.9{revision}\n  questions:\n{questions}"
            ),
        );
        put(
            &format!("odd/{revision}/docker-compose.yml"),
            &format!("web:\n  image: x:{version}  \n  ports: ['a:b']\n  environment: {{A: '${{A_enum}}'}}\n"),
        );
    }
    put(
        "odd/1/README.md",
        "# One\n\n### Three\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n```yaml\na: b\n```\n\n![x](https://x.example/y.png)\n",
    );
    put("broken/config.yml", "name: [\n");
    put("broken/0/rancher-compose.yml", "catalog: [\n");
    let preview = Preview::start(&catalog, &[]);
    (folder, preview)
}

fn phone() {
    let (_folder, preview) = with_odd_templates();
    let mut page = Page::new();
    page.shape(Scheme::Light, (390, 844));
    for path in pages() {
        page.go(&preview.url(&path));
        assert_eq!(page.value("document.documentElement.scrollWidth"), 390, "{path}");
    }
}

/// What holds words that are not long, and whether one of them stands in two lines.
const SHORT: &str = ".versions th, .versions .tag, .versions .folder";
const IN_TWO_LINES: &str = "(one) => { const words = document.createRange(); words.selectNodeContents(one); \
                            return words.getClientRects().length > 1; }";

fn words_on_a_phone() {
    let folder = rendered_catalog();
    let catalog = folder.path().join("community-catalog");
    let template = catalog.join("infra-templates/long");
    let category = format!("Category{}", "y".repeat(90));
    for (revision, version) in [("0", "v1.2.3-rancher1"), ("1", &*format!("v2.0.0-{}", "x".repeat(70)))] {
        let folder = template.join(revision);
        fs::create_dir_all(&folder).unwrap();
        let block = format!(".catalog: {{version: {version}, minimum_rancher_version: v1.6.0}}\n");
        fs::write(folder.join("rancher-compose.yml"), block).unwrap();
        fs::write(folder.join("docker-compose.yml"), "web: {image: 'nginx:1'}\n").unwrap();
    }
    fs::create_dir_all(template.join("2")).unwrap();
    fs::write(template.join("2/rancher-compose.yml"), "catalog: [\n").unwrap();
    fs::write(template.join("config.yml"), format!("name: Long\nversion: v1.2.3-rancher1\ncategory: {category}\n"))
        .unwrap();
    let preview = Preview::start(&catalog, &[]);
    let mut page = Page::new();
    page.shape(Scheme::Light, (390, 844));
    let broken = format!(
        "[...document.querySelectorAll({})].filter({IN_TWO_LINES}).map((one) => one.textContent)",
        json!(SHORT)
    );
    for path in ["/", ENTRY, "/catalog/infra-templates/long", "/catalog/infra-templates/long/1"] {
        page.go(&preview.url(path));
        assert_eq!(page.value("document.documentElement.scrollWidth"), 390, "{path}");
        assert_eq!(page.value(&broken), json!([]), "{path}");
    }
    // All of it is in the address.
    page.go(&preview.url(&format!("/?category={category}")));
    assert_eq!(page.value("document.querySelector('.chips [aria-current]').textContent"), format!("{category} 1"));
}

fn axe() {
    let (_folder, preview) = with_odd_templates();
    let script = fs::read_to_string(web_checks().unwrap().join("axe-core/axe.min.js")).unwrap();
    let mut page = Page::new();
    let mut told: Vec<String> = Vec::new();
    for (scheme, size) in [(Scheme::Light, (1240, 900)), (Scheme::Dark, (390, 844))] {
        page.shape(scheme, size);
        for path in pages() {
            page.go(&preview.url(&path));
            page.value(&format!("{script}; true"));
            let found = page.value("axe.run().then((found) => found.violations)");
            for violation in found.as_array().unwrap() {
                let nodes = violation["nodes"].as_array().unwrap();
                let first = nodes.first().map_or(&Value::Null, |node| &node["html"]);
                told.push(format!("{path} {scheme:?}: {} ({}): {first}", violation["id"], nodes.len()));
            }
        }
    }
    assert_eq!(told, Vec::<String>::new(), "{told:#?}");
}

fn html_is_valid() {
    let (folder, preview) = with_odd_templates();
    let site = folder.path().join("pages");
    fs::create_dir(&site).unwrap();
    for (at, path) in pages().into_iter().enumerate() {
        fs::write(site.join(format!("{at}.html")), preview.get(&path).body).unwrap();
    }
    let (code, _, errors) = outcome(folder.path(), &["preview", "--html", "pages/files"]);
    assert_eq!(code, 0, "{errors}");
    // How long a line is, and how an element that holds nothing is written, is nobody's matter.
    let rules = r#"{"extends": ["html-validate:standard"], "rules": {"doctype-style": "off", "void-style": "off"}}"#;
    fs::write(folder.path().join(".htmlvalidate.json"), rules).unwrap();
    let validate = web_checks().unwrap().join(".bin/html-validate");
    let output =
        Command::new(validate).current_dir(folder.path()).args(["--formatter", "text", "pages"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
}
