//! Large bodies are parsed beside the workers: for the milliseconds that it takes, a worker would serve none of its other clients.

use actix_web::web;
use tokio::sync::Semaphore;

use crate::domain::error::Error;

/// Of a body that is parsed where it was read: it takes some 0.2 ms.
const AT_ONCE_BYTES_MAX: usize = 32 * 1024;

/// Large bodies that are parsed at one time, of all clients; the others wait in their order. How many wait is bounded by the connections and by
/// the read budget, which counts their bytes.
const PARSED_TOGETHER_MAX: usize = 2;

static PLACES: Semaphore = Semaphore::const_new(PARSED_TOGETHER_MAX);

/// Runs `parse`, which takes time in proportion to these bytes: at once where they are few, else on a blocking thread.
/// # Errors
/// Internal when `parse` panicked on a blocking thread.
pub(super) async fn parsed<T: Send + 'static>(
    bytes: usize,
    parse: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    if bytes <= AT_ONCE_BYTES_MAX {
        return Ok(parse());
    }
    let place = PLACES.acquire().await.map_err(Error::internal)?;
    let parse = move || {
        // The place goes with the work: a client that hangs up does not stop it.
        let _place = place;
        parse()
    };
    web::block(parse).await.map_err(Error::internal)
}
