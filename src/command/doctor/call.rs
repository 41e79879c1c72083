//! Calls to the public address: one connection each, with TLS if the address says so.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{HeaderMap, Request, StatusCode, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};
use tokio_rustls::TlsConnector;

use crate::command::failure::{Failure, FailureCode};

const ANSWER_BYTES_MAX: usize = 1 << 20;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

pub(super) struct Trust {
    verifier: Arc<WebPkiServerVerifier>,
    config: Arc<ClientConfig>,
}

impl Trust {
    /// Trusts the authorities that browsers trust, and those of a PEM text.
    pub(super) fn new(own: Option<&[u8]>) -> Result<Self, Failure> {
        let unfit = |why: &dyn std::fmt::Display| {
            Failure::new(
                FailureCode::Usage,
                format!("--ca must name a PEM file of certificates of authorities: {why}."),
            )
        };
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let browsers = roots.len();
        for certificate in own.map(CertificateDer::pem_slice_iter).into_iter().flatten() {
            roots.add(certificate.map_err(|error| unfit(&error))?).map_err(|error| unfit(&error))?;
        }
        if own.is_some() && roots.len() == browsers {
            return Err(unfit(&"it holds none"));
        }
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| unfit(&error))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unfit(&error))?
            .with_webpki_verifier(Arc::clone(&verifier))
            .with_no_client_auth();
        Ok(Self { verifier, config: Arc::new(config) })
    }

    /// Checks the certificate of an endpoint for the time `later` from now. The outer error means that it is not trusted now.
    pub(super) async fn certificate(
        &self,
        place: &Endpoint,
        later: Duration,
    ) -> Result<Result<(), rustls::Error>, BoxError> {
        let name = place.server_name()?;
        let stream = TcpStream::connect(&*place.addresses().await?).await?;
        let stream = TlsConnector::from(Arc::clone(&self.config)).connect(name.clone(), stream).await?;
        let chain = stream.get_ref().1.peer_certificates().and_then(<[_]>::split_first);
        let (own, between) = chain.ok_or("no certificate was shown")?;
        let then = UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs()) + later);
        Ok(self.verifier.verify_server_cert(own, between, &name, &[], then).map(|_| ()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
}

pub(super) struct CallResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Endpoint {
    /// Returns at least one. Browsers take each name under `localhost` for this machine (RFC 6761); some systems do
    /// not.
    pub(super) async fn addresses(&self) -> Result<Vec<SocketAddr>, BoxError> {
        if self.host.ends_with(".localhost") {
            return Ok(vec![(Ipv4Addr::LOCALHOST, self.port).into(), (Ipv6Addr::LOCALHOST, self.port).into()]);
        }
        let found: Vec<_> = lookup_host((self.host.as_str(), self.port)).await?.collect();
        if found.is_empty() { Err("the name has no address".into()) } else { Ok(found) }
    }

    pub(super) async fn connect(&self) -> Result<(), BoxError> {
        TcpStream::connect(&*self.addresses().await?).await?;
        Ok(())
    }

    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => host,
            (true | false, port) => format!("{host}:{port}"),
        }
    }

    /// Makes one call. After an upgrade the connection is closed, too.
    pub(super) async fn call(&self, trust: &Trust, request: Request<Full<Bytes>>) -> Result<CallResponse, BoxError> {
        let stream = TcpStream::connect(&*self.addresses().await?).await?;
        let stream: Box<dyn ByteStream> = match self.tls {
            true => {
                let connector = TlsConnector::from(Arc::clone(&trust.config));
                Box::new(connector.connect(self.server_name()?, stream).await?)
            }
            false => Box::new(stream),
        };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection.with_upgrades());
        let answer = sender.send_request(request).await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = match status {
            StatusCode::SWITCHING_PROTOCOLS => Bytes::new(),
            _ => Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes(),
        };
        connection.abort();
        Ok(CallResponse { status, headers, body })
    }

    fn server_name(&self) -> Result<ServerName<'static>, BoxError> {
        Ok(ServerName::try_from(self.host.clone())?)
    }
}
