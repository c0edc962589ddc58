//! A client that costs little: HTTP/1.1 (RFC 9112) over one TLS connection that is kept. It understands what this
//! service sends: answers with a length.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

/// How long an answer may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The authority that the service made for itself.
#[derive(Clone)]
pub(super) struct Trust(Arc<ClientConfig>);

impl Trust {
    pub(super) fn in_authority(file: &Path) -> anyhow::Result<Self> {
        let authority = CertificateDer::from_pem_file(file).map_err(|error| anyhow::anyhow!("{error}"))?;
        let mut roots = RootCertStore::empty();
        roots.add(authority)?;
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = builder.with_safe_default_protocol_versions()?.with_root_certificates(roots);
        Ok(Self(Arc::new(config.with_no_client_auth())))
    }
}

/// One connection.
pub(super) struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    buffer: Vec<u8>,
    request: Vec<u8>,
}

/// What came back; borrowed from the connection until the next question.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
}

/// What to ask.
pub(super) struct Question<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) token: Option<&'a str>,
    /// The idempotency key and the body of a POST.
    pub(super) post: Option<(&'a str, &'a [u8])>,
}

impl Client {
    pub(super) fn connect(address: SocketAddr, trust: &Trust) -> anyhow::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let session = ClientConnection::new(Arc::clone(&trust.0), ServerName::try_from("localhost")?)?;
        let stream = StreamOwned::new(session, socket);
        Ok(Self { stream, buffer: Vec::with_capacity(1 << 20), request: Vec::with_capacity(1 << 16) })
    }

    /// Asks for something.
    pub(super) fn get(&mut self, path: &str, token: Option<&str>) -> anyhow::Result<Answer<'_>> {
        self.ask(&Question { method: "GET", path, token, post: None })
    }

    /// Sends something and gives what the service says about it.
    pub(super) fn post(&mut self, path: &str, token: &str, key: &str, body: &Value) -> anyhow::Result<Value> {
        let bytes = if body.is_null() { Vec::new() } else { serde_json::to_vec(body)? };
        let post = Some((key, bytes.as_slice()));
        let answer = self.ask(&Question { method: "POST", path, token: Some(token), post })?;
        answer.json(path)
    }

    /// Asks, and reads the whole answer.
    pub(super) fn ask(&mut self, question: &Question<'_>) -> anyhow::Result<Answer<'_>> {
        self.send(question)?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.receive(4_096)?;
        };
        let (status, length) = read_head(self.buffer.get(..head).unwrap_or_default())?;
        while self.buffer.len() < head + length {
            self.receive(head + length - self.buffer.len())?;
        }
        Ok(Answer { status, body: self.buffer.get(head..head + length).unwrap_or_default() })
    }

    fn send(&mut self, question: &Question<'_>) -> anyhow::Result<()> {
        let Question { method, path, token, post } = question;
        self.request.clear();
        write!(self.request, "{method} {path} HTTP/1.1\r\nHost: localhost\r\n")?;
        if let Some(token) = token {
            write!(self.request, "Authorization: Bearer {token}\r\n")?;
        }
        if let Some((key, body)) = post {
            write!(self.request, "Idempotency-Key: {key}\r\nContent-Length: {}\r\n", body.len())?;
            if !body.is_empty() {
                self.request.extend_from_slice(b"Content-Type: application/json\r\n");
            }
        }
        self.request.extend_from_slice(b"\r\n");
        self.request.extend_from_slice(post.map_or(&[], |(_, body)| body));
        self.stream.write_all(&self.request)?;
        Ok(self.stream.flush()?)
    }

    /// Reads at most `most` bytes more.
    fn receive(&mut self, most: usize) -> anyhow::Result<()> {
        let before = self.buffer.len();
        self.buffer.resize(before + most, 0);
        let into = self.buffer.get_mut(before..).unwrap_or_default();
        let read = self.stream.read(into)?;
        self.buffer.truncate(before + read);
        if read == 0 {
            bail!("the service closed the connection");
        }
        Ok(())
    }
}

impl Answer<'_> {
    /// The body of an answer that says yes.
    pub(super) fn json(&self, path: &str) -> anyhow::Result<Value> {
        if !(200..300).contains(&self.status) {
            bail!("{path} answers {}: {}", self.status, String::from_utf8_lossy(self.body));
        }
        Ok(serde_json::from_slice(self.body)?)
    }
}

/// Status and length of the body.
fn read_head(head: &[u8]) -> anyhow::Result<(u16, usize)> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let length = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok()).flatten()
    });
    Ok((status.context("no status")?, length.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_a_status_and_a_length() {
        let head = b"HTTP/1.1 201 Created\r\nx: y\r\nCONTENT-length: 17\r\n\r\n";
        assert_eq!(read_head(head).unwrap(), (201, 17));
        assert_eq!(read_head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap(), (204, 0));
        assert!(read_head(b"\r\n\r\n").is_err());
    }
}
