//! The least an HTTP server can do: what a read through Standin is compared with.

use std::net::SocketAddr;

use actix_web::{App, HttpServer, rt::System, web};

use crate::Failure;

/// Serves until the process ends: `hello ADDRESS WORKERS`, set up as the true server is.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let [address, workers] = words else { return Err("hello ADDRESS WORKERS".into()) };
    let (address, workers): (SocketAddr, usize) = (address.parse()?, workers.parse()?);
    let app = || App::new().default_service(web::to(async || "hello"));
    System::new().block_on(HttpServer::new(app).workers(workers).tcp_nodelay(true).bind(address)?.run())?;
    Ok(())
}
