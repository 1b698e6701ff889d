//! An authority of the test's own for a swarm's certificates, so that it can make them expire.
//!
//! A swarm keeps the key of its authority to itself, but takes another one that it is given; and it issues no certificate
//! that expires within an hour.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PublicKeyData, SignatureAlgorithm};
use serde_json::json;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use super::{Host, Lab};

/// How long the nodes may take until all have certificates of another authority.
const ROTATION: Duration = Duration::from_secs(60);
/// What the public key of a node's certificate begins with: an uncompressed point on P-256 (RFC 5480).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// How long such a point is.
const POINT: usize = 65;

/// Whoever issues the certificates of a swarm's nodes.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Has the swarm take another authority, and waits until all nodes have its certificates.
    pub fn take_over(lab: &Lab) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "swarm-ca");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        let leader = &lab.hosts[lab.leader().unwrap()].engine;
        let swarm = leader.get("/swarm").unwrap().good().unwrap();
        let mut spec = swarm["Spec"].clone();
        spec["CAConfig"]["SigningCACert"] = certificate.pem().into();
        spec["CAConfig"]["SigningCAKey"] = key.serialize_pem().into();
        leader.post(&format!("/swarm/update?version={}", swarm["Version"]["Index"]), &spec).unwrap().good().unwrap();
        lab.eventually(ROTATION, || {
            let swarm = leader.get("/swarm")?.good()?;
            let is_new = swarm["TLSInfo"]["TrustRoot"].as_str().map(str::trim) == Some(certificate.pem().trim());
            let is_over = swarm["RootRotationInProgress"] == json!(false);
            if is_new && is_over { Ok(()) } else { Err(format!("the authority is {swarm}")) }
        });
        Self { issuer: Issuer::new(params, key) }
    }

    /// The host was off for so long that its certificate is none any more; the one that it had. It has to be off.
    pub fn expire(&self, host: &Host, cluster: &str, node: &str, role: &str) -> String {
        let path = certificate_of(host);
        let had = fs::read_to_string(&path).unwrap();
        let old = CertificateDer::from_pem_slice(had.as_bytes()).unwrap();
        let at = old.windows(P256.len()).position(|bytes| bytes == P256).expect("a key on P-256") + P256.len();
        let mut params = CertificateParams::new(vec![role.to_owned(), node.to_owned()]).unwrap();
        let subject =
            [(DnType::OrganizationName, cluster), (DnType::OrganizationalUnitName, role), (DnType::CommonName, node)];
        for (kind, text) in subject {
            params.distinguished_name.push(kind, text);
        }
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 4, 1);
        let certificate = params.signed_by(&Point(old[at..at + POINT].to_vec()), &self.issuer).unwrap();
        fs::write(path, certificate.pem()).unwrap();
        had
    }
}

/// Gives a host, which has to be off, the certificate again that it had.
pub fn put_back(host: &Host, certificate: &str) {
    fs::write(certificate_of(host), certificate).unwrap();
}

fn certificate_of(host: &Host) -> PathBuf {
    host.engine.data_folder().join("swarm/certificates/swarm-node.crt")
}

/// The public key of a node.
struct Point(Vec<u8>);

impl PublicKeyData for Point {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}
