//! Sealing a join token to one host: HPKE (RFC 9180) with X25519 and ChaCha20-Poly1305.
//!
//! The key pair lives as long as the process; it is never written to a disk.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use sha2::{Digest, Sha256};

/// Binds what is sealed to its use.
const USE: &[u8] = b"swarmkit join token, version 2";
/// The length of an encapsulated X25519 key, in bytes.
const KEY_LENGTH: usize = 32;

/// What a token is good for: what is sealed for one host and swarm cannot be passed off as another's.
#[derive(Debug, Clone, Copy)]
pub struct Joins<'a> {
    /// The host's UUID.
    pub host: &'a str,
    /// The swarm's cluster ID.
    pub cluster: &'a str,
}

impl Joins<'_> {
    fn text(self) -> String {
        format!("{}\n{}", self.host, self.cluster)
    }
}

/// A host's key pair.
pub struct KeyPair {
    private: <X25519HkdfSha256 as Kem>::PrivateKey,
    public: String,
}

impl KeyPair {
    /// A new one.
    pub fn generate() -> Self {
        let (private, public) = X25519HkdfSha256::gen_keypair();
        Self { private, public: BASE64.encode(public.to_bytes()) }
    }

    /// The public half, in base 64.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// Opens what was sealed to this key for a host that joins a swarm.
    ///
    /// # Errors
    /// It was not sealed to this key, or not for this host and swarm, or it is damaged.
    pub fn open(&self, sealed: &str, joins: Joins<'_>) -> Result<String, SealError> {
        let bytes = BASE64.decode(sealed).map_err(|_| SealError::Opening)?;
        let (key, text) = bytes.split_at_checked(KEY_LENGTH).ok_or(SealError::Opening)?;
        let key = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(key).map_err(|_| SealError::Opening)?;
        let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.private,
            &key,
            USE,
            text,
            joins.text().as_bytes(),
        );
        opened.ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(SealError::Opening)
    }
}

/// Why something cannot be sealed or opened. It never says more: what it is about is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// What is sealed is not for this host and key.
    #[error("the sealed token is not for this host's key")]
    Opening,
    /// The published key is no key.
    #[error("the host's published key is not an X25519 key")]
    Key,
}

/// Seals a token to a public key, for a host that joins a swarm.
///
/// # Errors
/// The key is not one.
pub fn seal(token: &str, public: &str, joins: Joins<'_>) -> Result<String, SealError> {
    let key = BASE64.decode(public).map_err(|_| SealError::Key)?;
    let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&key).map_err(|_| SealError::Key)?;
    let (encapsulated, text) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &key,
        USE,
        token.as_bytes(),
        joins.text().as_bytes(),
    )
    .map_err(|_| SealError::Key)?;
    Ok(BASE64.encode([encapsulated.to_bytes().as_slice(), &text].concat()))
}

/// Tells one token from another without telling either. A join token has more than 120 random bits, so that nobody
/// finds it by trying.
pub fn mark(token: &str) -> String {
    let digest = Sha256::new_with_prefix(USE).chain_update(token).finalize();
    BASE64.encode(&digest[..9])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "SWMTKN-1-secret";
    const HERE: Joins<'_> = Joins { host: "host", cluster: "cluster" };

    #[test]
    fn only_the_host_and_the_key_that_it_is_for_open_it_and_only_to_join_that_swarm() {
        let (mine, other) = (KeyPair::generate(), KeyPair::generate());
        let sealed = seal(TOKEN, mine.public(), HERE).unwrap();
        assert_eq!(mine.open(&sealed, HERE).as_deref(), Ok(TOKEN));
        assert_eq!(mine.open(&sealed, Joins { host: "another", ..HERE }), Err(SealError::Opening));
        assert_eq!(mine.open(&sealed, Joins { cluster: "another", ..HERE }), Err(SealError::Opening));
        assert_eq!(other.open(&sealed, HERE), Err(SealError::Opening));
        assert!(!sealed.contains("SWMTKN"));
        assert_ne!(sealed, seal(TOKEN, mine.public(), HERE).unwrap(), "sealed twice it looks different");
    }

    #[test]
    fn damaged_and_foreign_texts_are_refused() {
        let mine = KeyPair::generate();
        let sealed = seal(TOKEN, mine.public(), HERE).unwrap();
        for text in ["", "x", "!!", &sealed[..20], &format!("{}AAAA", &sealed[..sealed.len() - 4])] {
            assert_eq!(mine.open(text, HERE), Err(SealError::Opening), "{text}");
        }
        for key in ["", "AAAA", "not base 64", &"A".repeat(4000)] {
            assert_eq!(seal(TOKEN, key, HERE), Err(SealError::Key), "{key}");
        }
    }

    #[test]
    fn a_mark_tells_tokens_apart_and_tells_nothing_else() {
        assert_eq!(mark(TOKEN), mark(TOKEN));
        assert_ne!(mark(TOKEN), mark("SWMTKN-1-other"));
        assert!(!mark(TOKEN).contains("secret"));
    }
}
