//! HTTP clients for tests.

use reqwest::blocking::{Client, ClientBuilder};
use tokio_rustls::rustls::crypto::ring;

/// A client with the lab's provider of cryptography.
pub fn builder() -> ClientBuilder {
    // Fails where it was done before, which is as good.
    let _ = ring::default_provider().install_default();
    Client::builder()
}
