//! The certificate of TLS listeners, read at start and after each signal to reload.

use std::{
    fmt,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{StartError, StartErrorKind};
use crate::settings::{self, TlsFiles};

#[derive(Debug)]
pub(super) struct Certificate {
    files: TlsFiles,
    shown: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// # Errors
    /// `Settings`: a sentence that names the file and its fault.
    pub(super) fn read(files: &TlsFiles) -> Result<Arc<Self>, StartError> {
        let shown = read(files).map_err(|unfit| StartErrorKind::Settings.because(format!("{unfit}.")))?;
        Ok(Arc::new(Self { files: files.clone(), shown: RwLock::new(shown) }))
    }

    /// Reads both files again for new connections. After a fault the former certificate stays, and the log says so.
    pub(super) fn reload(&self) {
        match read(&self.files) {
            Ok(fresh) => {
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = fresh;
                log::info!("the certificate {} was read again", self.files.certificate.display());
            }
            Err(unfit) => log::error!("{unfit}; the former certificate stays"),
        }
    }

    pub(super) fn config(self: &Arc<Self>) -> Result<ServerConfig, StartError> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| StartErrorKind::Settings.because(format!("TLS: {error}.")))?;
        Ok(config.with_no_client_auth().with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// `Display` is a sentence without its full stop.
struct CertificateError(String);

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn read(files: &TlsFiles) -> Result<Arc<CertifiedKey>, CertificateError> {
    let (certificate, key) = (files.certificate.display(), files.key.display());
    let chain = CertificateDer::pem_slice_iter(&bytes("tls_certificate", &files.certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| CertificateError(format!("tls_certificate: {certificate} is no PEM file ({error})")))?;
    if chain.is_empty() {
        return Err(CertificateError(format!("tls_certificate: {certificate} holds no CERTIFICATE block")));
    }
    let key_bytes = bytes("tls_key", &files.key)?;
    let private = PrivateKeyDer::from_pem_slice(&key_bytes).map_err(|_| {
        CertificateError(format!("tls_key: {key} holds no PRIVATE KEY block (one with a passphrase is not read)"))
    })?;
    let provider = ring::default_provider();
    let private = provider.key_provider.load_private_key(private).map_err(|_| {
        CertificateError(format!(
            "tls_key: {key} is of a kind that is not read: use RSA, ECDSA P-256 or P-384, or Ed25519"
        ))
    })?;
    let certified = CertifiedKey::new(chain, private);
    match certified.keys_match() {
        Ok(()) => Ok(Arc::new(certified)),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(CertificateError(format!("tls_key: {key} is not the key of the certificate {certificate}")))
        }
        Err(error) => Err(CertificateError(format!("tls_certificate: {certificate} is no certificate ({error})"))),
    }
}

fn bytes(setting: &str, path: &Path) -> Result<Vec<u8>, CertificateError> {
    let shown = path.display();
    settings::read_file(path).map_err(|error| CertificateError(format!("{setting}: {shown} cannot be read: {error}")))
}
