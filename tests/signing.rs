//! `sign` signs an image, its provenance and its SBOM as cosign does; `verify-image` finds whatever was changed since. The
//! judge of signatures is OpenSSL, and cosign itself where it is there.

use std::fs;

use swarm_lab::generator::outcome;
use swarm_lab::made_program::made_program;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use made::{COMMIT, VERSION, image, key, read, sbom, sign, signed, verify};

mod as_cosign;
mod changed;
mod keys;
mod made;
mod one_reading;

pub fn trials() -> Vec<Trial> {
    let mut all = trials![
        what_is_signed_is_found_to_be_and_the_image_stays_the_same,
        an_archive_that_is_not_what_it_says_is_not_signed,
    ];
    all.extend([as_cosign::trials(), changed::trials(), keys::trials(), one_reading::trials()].into_iter().flatten());
    all
}

fn what_is_signed_is_found_to_be_and_the_image_stays_the_same() {
    let (folder, report) = signed();
    let (code, verdict, errors) = verify(folder.path(), &[]);
    assert_eq!((code, errors.as_str()), (0, ""), "{verdict}");
    let rows: Vec<&str> = verdict["rows"].as_array().unwrap().iter().map(|row| row["what"].as_str().unwrap()).collect();
    assert_eq!(
        rows,
        [
            "image version",
            "image program",
            "image loaded",
            "signature",
            "provenance",
            "provenance's commit",
            "provenance's builder",
            "SBOM",
            "SBOM's program",
            "SBOM's packages",
        ]
    );
    assert_eq!(verdict["digest"], report["digest"]);
    let text = outcome(folder.path(), &["verify-image", "signed.tar", "--key", &key("public.pem")]).1;
    assert!(text.contains(&format!("signed by {}", report["key"].as_str().unwrap())), "{text}");
    assert!(text.ends_with("all 10 agree\n"), "{text}");
    // The image is the one that it was, for all that reads it.
    let lock = |archive: &str| {
        assert_eq!(outcome(folder.path(), &["lock", archive, "--out", "lock"]).0, 0);
        fs::read_to_string(folder.path().join("lock")).unwrap()
    };
    assert_eq!(lock("image.tar"), lock("signed.tar"));
    let (before, after) = (read(&folder.path().join("image.tar")), read(&folder.path().join("signed.tar")));
    for (name, content) in before.iter().filter(|(name, _)| name != "index.json") {
        assert!(after.iter().any(|(found, now)| found == name && now == content), "{name}");
    }
    // As a folder it is the same.
    tar::Archive::new(fs::File::open(folder.path().join("signed.tar")).unwrap())
        .unpack(folder.path().join("d"))
        .unwrap();
    let args = ["verify-image", "d", "--key", &key("public.pem")];
    assert_eq!(outcome(folder.path(), &args).0, 0);
    let first = fs::read(folder.path().join("signed.tar")).unwrap();
    assert_eq!(sign(folder.path(), &["--key", &key("pkcs8.pem")]).0, 0);
    assert!(first == fs::read(folder.path().join("signed.tar")).unwrap());
}

fn an_archive_that_is_not_what_it_says_is_not_signed() {
    let folder = image();
    let path = folder.path().join("image.tar");
    let good = fs::read(&path).unwrap();
    let key = key("pkcs8.pem");
    let told = |content: &[u8]| {
        fs::write(&path, content).unwrap();
        let (code, _, errors) = sign(folder.path(), &["--key", &key]);
        assert!(code == 2 && !folder.path().join("signed.tar").exists(), "{errors}");
        errors
    };
    let with_entry = |kind: tar::EntryType, name: &str, size: u64| {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_link_name("/etc/passwd").unwrap();
        header.set_size(size);
        header.set_cksum();
        [header.as_bytes().as_slice(), &good].concat()
    };
    for (content, wanted) in [
        (good[..good.len() / 2].to_vec(), "cut off"),
        (good[..700].to_vec(), "cut off"),
        (with_entry(tar::EntryType::Symlink, "blobs/link", 0), "is a link"),
        (with_entry(tar::EntryType::Link, "link", 0), "is no file"),
        (with_entry(tar::EntryType::Regular, "blobs/sha256/large", 1 << 50), "cut off"),
        (with_entry(tar::EntryType::Regular, "../../large", 0), "leads out of it"),
        (vec![0; (128 << 20) + 1], "more than 128 MiB"),
        (b"\x1f\x8b\x08".to_vec(), "compressed (gzip)"),
        (Vec::new(), "it is empty"),
    ] {
        let errors = told(&content);
        assert!(errors.contains(wanted), "{wanted}: {errors}");
    }
    // A label that the program does not bear out; a program of no known commit.
    let pack = |commit: &str, revision: &str| {
        fs::write(folder.path().join("62"), made_program(62, VERSION, commit, &[])).unwrap();
        let args = ["image", "62", "--certificates", "ca", "--out", "image.tar", "--quiet", "--revision", revision];
        assert_eq!(outcome(folder.path(), &args).0, 0);
        fs::read(&path).unwrap()
    };
    let errors = told(&pack("", COMMIT));
    assert!(errors.contains("its program swarmkit-mon") && errors.contains("of unknown"), "{errors}");
    assert!(told(&pack("", "unknown")).contains("from a clone without changes"));
    // What is said to be the SBOM.
    let good = pack(COMMIT, COMMIT);
    let nested = format!("{{\"bomFormat\":\"CycloneDX\",\"a\":{}", "[".repeat(100_000));
    for (text, wanted) in [
        (String::new(), "no JSON"),
        ("{}".to_owned(), "no SBOM of CycloneDX"),
        (nested, "no JSON"),
        ("{\"bomFormat\":\"CycloneDX\"}".to_owned(), "what it is of"),
        (sbom("another", &[]).to_string(), "it is of another"),
        (format!("{}{}", sbom("swarmkit-mon", &[]), " ".repeat(3 << 20)), "more than"),
    ] {
        fs::write(folder.path().join("sbom.json"), text).unwrap();
        let errors = told(&good);
        assert!(errors.contains(wanted), "{wanted}: {errors}");
    }
    // Twice.
    fs::write(folder.path().join("sbom.json"), sbom("swarmkit-mon", &[]).to_string()).unwrap();
    assert_eq!(sign(folder.path(), &["--key", &key]).0, 0);
    let out = folder.path().join("signed.tar");
    let signed = fs::read(&out).unwrap();
    fs::remove_file(&out).unwrap();
    assert!(told(&signed).contains("signed already"));
    let (code, _, errors) =
        outcome(folder.path(), &["sign", ".", "--sbom", "sbom.json", "--key", &key, "--out", "signed.tar"]);
    assert!(code == 2 && errors.contains("cannot read ."), "{errors}");
}
