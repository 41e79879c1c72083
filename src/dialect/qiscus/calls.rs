//! Routes by name, and the error for an unknown name: the nearest one.

use actix_web::{Resource, Scope, web};

use super::reply::{self, QiscusError};
use crate::http::methods::{self, Method};

/// The path of a call below its scope, and a handler for each of its methods.
pub(super) type CallEntry = (&'static str, fn() -> Vec<Method>);

pub(super) fn serve(scope: Scope, calls: &[CallEntry]) -> Scope {
    calls.iter().fold(scope, |scope, (name, methods)| scope.service(call(name, methods())))
}

fn call(name: &str, methods: Vec<Method>) -> Resource {
    methods::answer(web::resource(format!("/{name}")), methods, web::to(reply::wrong_method))
}

/// A longer name is not compared with the known ones. The longest known name has 33 characters.
const NAME_CHARS_MAX: usize = 40;

/// A name is taken for a typo up to this many slips: a letter added, missing, different or swapped.
const SLIPS_MAX: usize = 4;

pub(super) fn unknown_call(name: &str, served: &[CallEntry]) -> QiscusError {
    let slips = |served: &'static str| (strsim::damerau_levenshtein(name, served), served);
    let nearest =
        (name.len() <= NAME_CHARS_MAX).then(|| served.iter().map(|(served, _)| slips(served)).min()).flatten();
    QiscusError::UnknownCall { nearest: nearest.filter(|(slips, _)| *slips <= SLIPS_MAX).map(|(_, name)| name) }
}

/// Declares calls that create or change rooms of other kinds: all fields are ignored, and the answer is an error.
macro_rules! refused_calls {
    ($caller:ty, needs $needs:tt; $($(#[$about:meta])* $call:ident: $path:literal;)*) => {$(
        $(#[$about])*
        #[utoipa::path(
            post, path = $path, tag = "Rooms",
            security $needs,
            responses((status = 400, description = "Always", body = QiscusErrorReply)),
        )]
        pub(super) async fn $call(_: Call<$caller>) -> Result<HttpResponse, QiscusError> {
            Err(only_pairs().into())
        }
    )*};
}
pub(super) use refused_calls;
