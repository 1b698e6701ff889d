//! A certificate for the API, signed by a CA that nobody knows.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// Who the API says that it is.
pub struct Identity {
    /// The CA's certificate, as PEM.
    pub ca: String,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    /// Makes a CA and a certificate for an address.
    pub fn new(address: IpAddr) -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
        let key = KeyPair::generate().unwrap();
        let mut own = CertificateParams::default();
        own.subject_alt_names = vec![SanType::IpAddress(address)];
        let certificate = own.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
        Self { ca: ca_pem, certificate: certificate.der().clone(), key: key.serialize_der() }
    }

    /// What makes TLS of a connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], PrivatePkcs8KeyDer::from(self.key.clone()).into())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}
