//! Which keys sign, and what is wrong with the others.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use swarm_lab::programs;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use super::made::{image, key, signed, verify};

pub fn trials() -> Vec<Trial> {
    trials![
        keys_of_every_form_sign_alike,
        keys_that_will_not_do_say_why,
        a_key_in_the_place_of_its_name_is_not_shown,
        nothing_that_is_read_is_written_over,
        what_is_no_file_is_neither_read_nor_replaced,
    ]
}

/// A run with variables of its own.
fn with(folder: &Path, variables: &[(&str, &str)], args: &[&str]) -> (i32, String) {
    let mut command = Command::new(programs::gen_catalog());
    command.current_dir(folder).args(args).env_remove("COSIGN_PASSWORD").envs(variables.iter().copied());
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

const SIGN: [&str; 6] = ["sign", "image.tar", "--sbom", "sbom.json", "--out", "signed.tar"];

fn keys_of_every_form_sign_alike() {
    let folder = image();
    let password = [("COSIGN_PASSWORD", "correct horse")];
    let pem = fs::read_to_string(key("pkcs8.pem")).unwrap();
    let windows = folder.path().join("windows.pem");
    fs::write(&windows, pem.replace('\n', "\r\n")).unwrap();
    let mut all = Vec::new();
    for (given, variables) in [
        (key("pkcs8.pem"), &[][..]),
        (key("ec-with-parameters.pem"), &[]),
        (windows.display().to_string(), &[]),
        (key("cosign-1.key"), &password),
        (key("cosign-2.key"), &password),
        ("env://COSIGN_PRIVATE_KEY".to_owned(), &[("COSIGN_PRIVATE_KEY", pem.as_str())]),
    ] {
        let (code, errors) = with(folder.path(), variables, &[&SIGN[..], &["--key", &given]].concat());
        assert_eq!((code, errors.as_str()), (0, ""), "{given}");
        all.push(fs::read(folder.path().join("signed.tar")).unwrap());
    }
    assert!(all.iter().all(|signed| *signed == all[0]));
}

fn nothing_that_is_read_is_written_over() {
    let folder = image();
    let own = folder.path().join("own.key");
    fs::copy(key("pkcs8.pem"), &own).unwrap();
    std::os::unix::fs::symlink("own.key", folder.path().join("linked.key")).unwrap();
    let before = fs::read(&own).unwrap();
    let sbom = fs::read(folder.path().join("sbom.json")).unwrap();
    let archive = fs::read(folder.path().join("image.tar")).unwrap();
    for args in [
        &["sign-blob", "sbom.json", "--key", "own.key", "--out", "own.key"][..],
        &["sign-blob", "sbom.json", "--key", "linked.key", "--out", "./own.key"],
        &["sign-blob", "sbom.json", "--key", "own.key", "--out", "sbom.json"],
        &["sign", "image.tar", "--sbom", "sbom.json", "--key", "own.key", "--out", "own.key"],
        &["sign", "image.tar", "--sbom", "sbom.json", "--key", "own.key", "--out", "sbom.json"],
        &["sign", "image.tar", "--sbom", "sbom.json", "--key", "own.key", "--out", "o", "--provenance", "own.key"],
        &["sign", "image.tar", "--provenance", "image.tar"],
        &["licences", "own.key", "--out", "linked.key"],
        &["image", "own.key", "--out", "own.key"],
        &["image", "own.key", "--certificates", "sbom.json", "--out", "sbom.json"],
        &["lock", "sbom.json", "--out", "sbom.json"],
    ] {
        let (code, errors) = with(folder.path(), &[], args);
        assert!(code == 2 && errors.contains("would be written over"), "{args:?}: {code} {errors}");
        assert!(fs::read(&own).unwrap() == before && fs::read(folder.path().join("sbom.json")).unwrap() == sbom);
        assert!(fs::read(folder.path().join("image.tar")).unwrap() == archive);
    }
    // Nor is what was written just before.
    let one = ["sign", "image.tar", "--sbom", "sbom.json", "--key", "own.key", "--out", "new", "--provenance", "new"];
    let (code, errors) = with(folder.path(), &[], &one);
    assert!(code == 2 && errors.contains("are the same file") && !folder.path().join("new").exists(), "{errors}");
}

fn what_is_no_file_is_neither_read_nor_replaced() {
    let folder = image();
    let made = Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap();
    assert!(made.success());
    let (key, public) = (key("pkcs8.pem"), key("public.pem"));
    std::os::unix::fs::symlink("image.tar", folder.path().join("link")).unwrap();
    for (args, says) in [
        (&["sign-blob", "pipe", "--key", &key][..], "cannot read pipe: it is a pipe, and no file"),
        (&["sign-blob", "sbom.json", "--key", "pipe"], "cannot read pipe: it is a pipe, and no file"),
        (&["sign-blob", "sbom.json", "--key", &key, "--out", "pipe"], "a device, a pipe or a socket has this name"),
        (&["sign-blob", "sbom.json", "--key", &key, "--out", "link"], "a symbolic link has this name"),
        (&["sign-blob", "sbom.json", "--key", &key, "--out", "."], "a folder has this name"),
        (&["verify-image", "pipe", "--key", &public], "it is a pipe, and no file"),
        (&["lock", "pipe"], "it is a pipe, and no file"),
    ] {
        let (code, errors) = with(folder.path(), &[], args);
        assert!(code == 2 && errors.contains(says), "{args:?}: {code} {errors}");
    }
    assert!(folder.path().join("link").is_symlink());
}

fn keys_that_will_not_do_say_why() {
    let folder = image();
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let text = |name: &str| fs::read_to_string(key(name)).unwrap();
    let greedy = {
        let sealed = text("cosign-2.key");
        let body: String = sealed.lines().filter(|line| !line.starts_with('-')).collect();
        let body = String::from_utf8(STANDARD.decode(body).unwrap()).unwrap();
        let body = STANDARD.encode(body.replace("\"N\":65536", "\"N\":1099511627776"));
        format!(
            "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n{body}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"
        )
    };
    let right = [("COSIGN_PASSWORD", "correct horse")];
    for (given, variables, wanted) in [
        (key("other-rsa.pem"), &[][..], "a key for RSA"),
        (key("other-ed.pem"), &[], "a key for Ed25519"),
        (key("other-p384.pem"), &[], "a key for the curve P-384"),
        (key("other-p384sec1.pem"), &[], "another curve than P-256"),
        (key("other-osslenc.pem"), &[], "encrypted by OpenSSL"),
        (key("other-trad.pem"), &[], "encrypted by OpenSSL"),
        (key("public.pem"), &[], "the public half"),
        (key("cosign-2.key"), &[], "COSIGN_PASSWORD"),
        (key("cosign-2.key"), &[("COSIGN_PASSWORD", "wrong donkey")], "does not open it"),
        (write("greedy", greedy), &right, "other work than cosign"),
        (write("half", text("pkcs8.pem")[..100].to_owned()), &[], "cut off, or damaged"),
        (write("damaged", text("pkcs8.pem").replacen("MIGH", "MIGG", 1)), &[], "cut off, or damaged"),
        (write("empty", String::new()), &[], "it is no key"),
        (write("long", "x".repeat(1 << 20)), &[], "too long for one"),
        (key("none"), &[], "cannot read"),
        ("/dev/zero".to_owned(), &[], "it is a device, and no file"),
        (folder.path().display().to_string(), &[], "cannot read"),
        ("env://NO_SUCH_VARIABLE".to_owned(), &[], "no variable NO_SUCH_VARIABLE"),
    ] {
        let (code, errors) = with(folder.path(), variables, &[&SIGN[..], &["--key", &given]].concat());
        assert!(code == 2 && errors.contains(wanted), "{given}: {errors}");
        assert!(!errors.contains("donkey") && !errors.contains("horse"), "{errors}");
    }
    assert!(!folder.path().join("signed.tar").exists());
    let (folder, _) = signed();
    for (given, wanted) in [
        (key("pkcs8.pem"), "it is a private key"),
        (key("cosign-2.key"), "it is a private key"),
        (key("other-rsa-public.pem"), "a key for RSA"),
        (key("none"), "cannot read"),
        (key("README.md"), "it is no key"),
    ] {
        let (code, _, errors) = verify(folder.path(), &["--key", &given]);
        assert!(code == 2 && errors.contains(wanted), "{given}: {errors}");
    }
}

fn a_key_in_the_place_of_its_name_is_not_shown() {
    let (folder, _) = signed();
    let pem = fs::read_to_string(key("pkcs8.pem")).unwrap();
    let lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let body = lines.concat();
    for given in [pem.clone(), format!("env://{pem}"), lines.join("\n"), body.clone(), format!("env://{body}")] {
        for args in [&SIGN[..], &["verify-image", "signed.tar"]] {
            for given in [&["--key", &given][..], &[&format!("--key={given}")]] {
                let (code, errors) = with(folder.path(), &[], &[args, given].concat());
                assert!(code == 2 && errors.contains("and not the key itself"), "{errors}");
                assert!(!lines.iter().any(|line| errors.contains(line)) && !errors.contains(&body), "{errors}");
            }
        }
    }
}
