//! What `gen-catalog preview` is asked for and cannot do: exit code 2, the option, and what is wrong with it.

use std::fs;

use swarm_lab::generator::{outcome, rendered_catalog};
use swarm_lab::previewed::Preview;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

pub fn trials() -> Vec<Trial> {
    trials![
        a_name_that_no_machine_has_is_refused,
        each_catalog_has_a_name_of_its_own_that_an_id_can_hold,
        an_address_to_listen_at_may_be_localhost,
        a_folder_that_is_none_is_told_with_its_option,
    ]
}

#[track_caller]
fn is_refused(folder: &tempfile::TempDir, args: &[&str], words: &[&str]) {
    let args: Vec<&str> = ["preview", "community-catalog"].iter().chain(args).copied().collect();
    let (code, _, errors) = outcome(folder.path(), &args);
    assert!(code == 2 && words.iter().all(|word| errors.contains(word)), "{args:?}: {code} {errors}");
    assert!(!errors.contains("os error"), "{errors}");
}

fn a_name_that_no_machine_has_is_refused() {
    let folder = rendered_catalog();
    for (name, words) in [
        ("", "it is empty"),
        ("*", "it is no name of a machine"),
        ("a b", "it is no name of a machine"),
        ("x.example:80", "the name alone is wanted, without scheme, port and path: x.example"),
        ("http://x.example", "the name alone is wanted, without scheme, port and path: x.example"),
    ] {
        is_refused(&folder, &["--allow-host", name], &["--allow-host", words]);
    }
}

fn each_catalog_has_a_name_of_its_own_that_an_id_can_hold() {
    let folder = rendered_catalog();
    let taken = "another catalog has this name already";
    is_refused(
        &folder,
        &["--beside", "r=community-catalog", "--beside", "r=community-catalog"],
        &["--beside r", taken],
    );
    is_refused(&folder, &["--beside", "community=community-catalog"], &["--beside community", taken]);
    is_refused(&folder, &["--name", "r", "--beside", "r=community-catalog"], &["--beside r", taken]);
    is_refused(&folder, &["--beside", "a:b=community-catalog"], &["--beside", "cannot hold ':'"]);
    is_refused(&folder, &["--name", "a/b:*"], &["--name", "cannot hold '/'"]);
    is_refused(&folder, &["--name", ""], &["--name", "it is empty"]);
}

fn an_address_to_listen_at_may_be_localhost() {
    let folder = rendered_catalog();
    let preview = Preview::start(&folder.path().join("community-catalog"), &[]);
    let own = preview.address.replace("127.0.0.1", "localhost");
    is_refused(&folder, &["--listen", &own], &[&format!("{} is taken already", preview.address)]);
    for listen in ["foo", "localhost", "localhost:x", "localhost:70000", "8093", ""] {
        is_refused(&folder, &["--listen", listen], &["--listen", "ADDRESS:PORT is wanted, such as 127.0.0.1:8093"]);
    }
}

fn a_folder_that_is_none_is_told_with_its_option() {
    let folder = rendered_catalog();
    fs::write(folder.path().join("afile"), "mine\n").unwrap();
    is_refused(&folder, &["--html", "afile"], &["--html: afile is a file"]);
    is_refused(&folder, &["--html", "afile/site"], &["--html: afile is a file"]);
    is_refused(&folder, &["--beside", "x=nope"], &["--beside x: cannot look at nope: it is not there"]);
    assert_eq!(fs::read_to_string(folder.path().join("afile")).unwrap(), "mine\n");
}
