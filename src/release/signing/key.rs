//! The keys that sign, and that signatures are judged by: ECDSA on P-256, which is cosign's own kind.
//!
//! Signatures are deterministic (RFC 6979): the same key and image make the same bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::SecretKey;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::elliptic_curve::ALGORITHM_OID;
use p256::pkcs8::spki::{AlgorithmIdentifierRef, DecodePublicKey, EncodePublicKey, SubjectPublicKeyInfoRef};
use p256::pkcs8::{DecodePrivateKey, ObjectIdentifier, PrivateKeyInfoRef};

use super::encrypted_key;
use rancher_catalog::digest::sha256_hex;

/// The most that a file with a key may have.
pub const MAX_KEY: u64 = 64 << 10;
/// How to make a key that will do.
const MAKE_ONE: &str = "make one with `cosign generate-key-pair`";

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no PEM.
    #[error("it is no key: there is no `-----BEGIN … KEY-----` in it")]
    NoPem,
    /// It is PEM, but cut off or damaged.
    #[error("it is cut off, or damaged")]
    Damaged,
    /// It is the other half.
    #[error("it is the public half of a key: whoever signs needs the private one (cosign.key)")]
    Public,
    /// It is the other half.
    #[error("it is a private key: signatures are judged by the public half alone (cosign.pub)")]
    Private,
    /// It is of a kind that is not known here.
    #[error("it is a key for {0}, and here ECDSA on P-256 is known alone, as cosign makes them: {MAKE_ONE}")]
    OtherKind(String),
    /// It is no key on P-256.
    #[error("it is damaged, or for another curve than P-256, which is known here alone: {MAKE_ONE}")]
    OtherCurve,
    /// OpenSSL encrypted it.
    #[error("it is encrypted by OpenSSL: decrypt it (`openssl pkcs8`), or {MAKE_ONE}")]
    OpenSsl,
    /// It is encrypted, and there is no password.
    #[error("it is encrypted: its password is to be in the variable COSIGN_PASSWORD")]
    NoPassword,
    /// The password is another.
    #[error("the password in COSIGN_PASSWORD does not open it")]
    WrongPassword,
    /// It is encrypted in a way that is not known here.
    #[error("it is encrypted in a way that cosign does not: {0}")]
    OtherCipher(&'static str),
}

/// A key that signs.
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// Reads PEM: PKCS#8, SEC 1, or as `cosign generate-key-pair` encrypts it.
    ///
    /// # Errors
    /// It is none, of another kind, or the password does not open it.
    pub fn from_pem(pem: &str, password: Option<&str>) -> Result<Self, KeyError> {
        let (label, content) = decode(pem)?;
        match label {
            "PRIVATE KEY" => Self::from_pkcs8(&content),
            "EC PRIVATE KEY" => {
                SecretKey::from_sec1_der(&content).map(|key| Self(key.into())).map_err(|_| KeyError::OtherCurve)
            }
            // The one is of cosign 2, the other of cosign 1.
            "ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY" => {
                Self::from_pkcs8(&encrypted_key::open(&content, password.ok_or(KeyError::NoPassword)?)?)
            }
            "ENCRYPTED PRIVATE KEY" => Err(KeyError::OpenSsl),
            "PUBLIC KEY" => Err(KeyError::Public),
            "RSA PRIVATE KEY" => Err(KeyError::OtherKind("RSA".to_owned())),
            other => Err(KeyError::OtherKind(other.to_owned())),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyError::Damaged)?;
        check_kind(&info.algorithm)?;
        SigningKey::from_pkcs8_der(der).map(Self).map_err(|_| KeyError::Damaged)
    }

    /// The signature of some bytes, in ASN.1, in base64.
    pub fn sign(&self, bytes: &[u8]) -> String {
        let signature: Signature = self.0.sign(bytes);
        STANDARD.encode(signature.to_der())
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(*self.0.verifying_key())
    }
}

/// A key that signatures are judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads PEM, as `cosign public-key` and `openssl ec -pubout` write it.
    ///
    /// # Errors
    /// It is none, or of another kind.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let (label, content) = decode(pem)?;
        match label {
            "PUBLIC KEY" => {}
            label if label.ends_with("PRIVATE KEY") => return Err(KeyError::Private),
            other => return Err(KeyError::OtherKind(other.to_owned())),
        }
        let info = SubjectPublicKeyInfoRef::try_from(content.as_slice()).map_err(|_| KeyError::Damaged)?;
        check_kind(&info.algorithm)?;
        VerifyingKey::from_public_key_der(&content).map(Self).map_err(|_| KeyError::Damaged)
    }

    /// Whether a signature, in ASN.1 in base64, is that of this key under some bytes.
    pub fn signed(&self, bytes: &[u8], signature: &str) -> bool {
        let signature = STANDARD.decode(signature).ok().and_then(|der| Signature::from_der(&der).ok());
        signature.is_some_and(|signature| self.0.verify(bytes, &signature).is_ok())
    }

    /// What tells it from others: the SHA-256 of its DER.
    pub fn fingerprint(&self) -> String {
        // A key that was read can be written.
        let der = self.0.to_public_key_der();
        der.map_or_else(|_| "?".to_owned(), |der| format!("SHA256:{}", sha256_hex(der.as_bytes())))
    }
}

/// Refuses what is no ECDSA on P-256.
fn check_kind(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<(), KeyError> {
    let curve = || algorithm.parameters_oid().map(|oid| oid.to_string()).unwrap_or_default();
    let kind = match algorithm.oid.to_string().as_str() {
        _ if algorithm.oid == ALGORITHM_OID => match curve().as_str() {
            _ if algorithm.parameters_oid() == Ok(P256) => return Ok(()),
            "1.3.132.0.34" => "the curve P-384".to_owned(),
            "1.3.132.0.35" => "the curve P-521".to_owned(),
            other => format!("the curve {other}"),
        },
        "1.2.840.113549.1.1.1" => "RSA".to_owned(),
        "1.3.101.112" => "Ed25519".to_owned(),
        other => format!("the algorithm {other}"),
    };
    Err(KeyError::OtherKind(kind))
}

const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// The label and the content of the first block that is no `EC PARAMETERS`, which OpenSSL writes before a key.
fn decode(pem: &str) -> Result<(&str, Vec<u8>), KeyError> {
    let mut rest = pem;
    loop {
        let (_, begun) = rest.split_once("-----BEGIN ").ok_or(KeyError::NoPem)?;
        let (label, body) = begun.split_once("-----").ok_or(KeyError::NoPem)?;
        let (body, after) = body.split_once(&format!("-----END {label}-----")).ok_or(KeyError::Damaged)?;
        if label == "EC PARAMETERS" {
            rest = after;
            continue;
        }
        if body.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(KeyError::OpenSsl);
        }
        let body: String = body.split_ascii_whitespace().collect();
        return STANDARD.decode(body).map(|content| (label, content)).map_err(|_| KeyError::Damaged);
    }
}
