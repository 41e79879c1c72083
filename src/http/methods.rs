//! The methods of a path, and the `Allow` header in the answer to a wrong one.

use actix_web::{
    FromRequest, Handler, Resource, Responder, Route, guard,
    http::header::{ALLOW, HeaderValue},
    middleware::DefaultHeaders,
    web,
};

pub struct Method {
    name: &'static str,
    route: Route,
}

macro_rules! methods {
    ($($(#[$doc:meta])* $method:ident, $name:literal;)*) => {$(
        $(#[$doc])*
        pub fn $method<F, Args>(handler: F) -> Method
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            Method { name: $name, route: web::$method().to(handler) }
        }
    )*};
}

methods! {
    /// GET and HEAD. The middleware of the public server turns HEAD into GET.
    get, "GET, HEAD";
    post, "POST";
    put, "PUT";
    patch, "PATCH";
    delete, "DELETE";
}

/// GET and HEAD, where no middleware turns one into the other.
pub fn get_and_head<F, Args>(handler: F) -> Method
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let either = guard::Any(guard::Get()).or(guard::Head());
    Method { name: "GET, HEAD", route: web::route().guard(either).to(handler) }
}

/// A call with another method goes to `wrong_method`, whose answer gets `Allow` (RFC 9110, section 15.5.6).
pub fn answer(mut resource: Resource, methods: impl IntoIterator<Item = Method>, wrong_method: Route) -> Resource {
    let mut names = Vec::new();
    for method in methods {
        names.push(method.name);
        resource = resource.route(method.route);
    }
    let Ok(allowed) = HeaderValue::from_str(&names.join(", ")) else { return resource.default_service(wrong_method) };
    resource.default_service(wrong_method.wrap(DefaultHeaders::new().add((ALLOW, allowed))))
}
