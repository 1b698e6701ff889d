//! The package has all that a build needs, and what its README shows; and nothing large.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

pub fn trials() -> Vec<Trial> {
    trials![it_has_the_sources_the_templates_and_what_the_readme_links_to, nothing_in_it_is_large,]
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).fold(Vec::new(), |mut files, path| {
        if path.is_dir() {
            files.extend(files_below(&path))
        } else {
            files.push(path)
        }
        files
    })
}

fn packaged() -> BTreeSet<String> {
    let list = Command::new(env!("CARGO"))
        .args(["package", "--list", "--offline", "--allow-dirty"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    String::from_utf8(list.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn it_has_the_sources_the_templates_and_what_the_readme_links_to() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packaged = packaged();
    for folder in ["src", "templates", "community-catalog"] {
        for file in files_below(&root.join(folder)) {
            let name = file.strip_prefix(root).unwrap().to_str().unwrap();
            assert!(packaged.contains(name), "{name} is not in the package");
        }
    }
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let links: Vec<&str> = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 4, "{links:?}");
    for link in links.into_iter().filter(|link| !link.starts_with("http") && !link.starts_with('#')) {
        let inside = packaged.iter().any(|name| name == link || name.starts_with(&format!("{link}/")));
        assert!(inside, "the README links to {link}, which is not in the package");
    }
    for file in ["Cargo.lock", "LICENSE", "README.md"] {
        assert!(packaged.contains(file), "{file}");
    }
}

fn nothing_in_it_is_large() {
    let size =
        |name: &String| fs::metadata(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).map_or(0, |file| file.len());
    let packaged = packaged();
    let large: Vec<&String> = packaged.iter().filter(|name| size(name) > 200_000).collect();
    assert_eq!(large, Vec::<&String>::new());
    assert!(packaged.iter().map(size).sum::<u64>() < 2_500_000);
}
