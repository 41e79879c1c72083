//! Request bodies: forms, strict JSON, uploads on disk.

pub mod form;
pub mod json;
pub mod spool;

use actix_web::web;
use tokio::sync::Semaphore;

use crate::domain::Error;

/// Smaller bodies are parsed where they were read: it takes about 0.2 ms.
const AT_ONCE_BYTES_MAX: usize = 32 * 1024;

/// Of all clients; others wait in order. The connections and the read budget bound how many wait.
const PARSED_TOGETHER_MAX: usize = 2;

static PERMITS: Semaphore = Semaphore::const_new(PARSED_TOGETHER_MAX);

/// Large bodies are parsed on a blocking thread: a worker would serve no other client for those milliseconds.
/// # Errors
/// `Internal` if `parse` panicked on a blocking thread.
async fn parsed<T: Send + 'static>(bytes: usize, parse: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    if bytes <= AT_ONCE_BYTES_MAX {
        return Ok(parse());
    }
    let permit = PERMITS.acquire().await.map_err(Error::internal)?;
    let parse = move || {
        // The permit moves with the work: a client that disconnects does not stop it.
        let _place = permit;
        parse()
    };
    web::block(parse).await.map_err(Error::internal)
}
