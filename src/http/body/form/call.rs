use std::{marker::PhantomData, net::IpAddr, pin::Pin};

use super::{BodyFault, FileAt, Form, FormContent, FormLimits, read_object, release_all};
use crate::{
    domain::{Error, Fault, Format},
    http::{
        peer,
        spool::{Spool, UploadedFile},
    },
    service::{Service, UploadedPicture as Picture},
};
use actix_web::{
    FromRequest, HttpRequest, dev,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    web::{Data, Payload},
};

pub trait Authenticate: Sized + 'static {
    type Refused: From<BodyFault> + From<Error> + 'static;

    fn authenticate(service: &Service, request: &HttpRequest) -> impl Future<Output = Result<Self, Self::Refused>>;

    /// Checks again that the app serves this dialect: reading the body may have taken a minute.
    fn still_served(&self, service: &Service) -> Result<(), Self::Refused>;

    fn limits() -> FormLimits {
        FormLimits::default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Nothing,
    Query,
    /// In the query or in the body; a field in both is refused.
    QueryOrBody,
    /// In the query, else in the body: an SDK sends a body with a GET, and proxies drop the body of a DELETE.
    QueryThenBody,
    Form,
    /// In a body that is a JSON object, whatever its declared type. A missing body counts as an empty object.
    Object,
}

pub trait Body: Sized + 'static {
    const SOURCE: Source;

    fn limits(usual: FormLimits, _: &Service) -> FormLimits {
        usual
    }

    /// # Errors
    /// `Invalid` with the name of a field.
    fn of(form: &mut Form, request: &HttpRequest) -> Result<Self, Error>;
}

/// `read_from!(Query: Listing)`, or with bounds of their own `read_from!(Form within pictures: Upload)`.
macro_rules! read_from {
    ($source:ident: $($body:ty),+) => {
        $crate::http::form::read_from!($source within $crate::http::form::usual: $($body),+);
    };
    ($source:ident within $limits:path: $($body:ty),+) => {$(
        impl $crate::http::form::Body for $body {
            const SOURCE: $crate::http::form::Source = $crate::http::form::Source::$source;

            fn limits(usual: $crate::http::form::FormLimits, service: &$crate::service::Service) -> $crate::http::form::FormLimits {
                $limits(usual, service)
            }

            fn of(form: &mut $crate::http::form::Form, _: &actix_web::HttpRequest) -> Result<Self, $crate::domain::error::Error> {
                form.read_as()
            }
        }
    )+};
}

pub(crate) use read_from;

read_from!(Nothing: ());

pub fn usual(usual: FormLimits, _: &Service) -> FormLimits {
    usual
}

pub fn pictures(usual: FormLimits, service: &Service) -> FormLimits {
    FormLimits { file_bytes_max: service.picture_file_bytes_max(), ..usual }
}

/// A call by an authenticated caller, with the request's fields as a struct. `D` is the error type, where a dialect has
/// several. The caller is authenticated before the first byte of the body is read.
pub struct Call<C: Authenticate, F = (), D = <C as Authenticate>::Refused> {
    pub service: Data<Service>,
    pub caller: C,
    pub form: F,
    pub files: UploadedFiles,
    pub client: Option<IpAddr>,
    door: PhantomData<fn() -> D>,
}

impl<C: Authenticate, F: Body, D: From<C::Refused> + Into<actix_web::Error> + 'static> FromRequest for Call<C, F, D> {
    type Error = D;
    type Future = Pin<Box<dyn Future<Output = Result<Self, D>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, payload) = match F::SOURCE {
            // The handler may want it.
            Source::Nothing | Source::Query => (request.clone(), dev::Payload::None),
            Source::QueryOrBody | Source::QueryThenBody | Source::Form | Source::Object => {
                (request.clone(), payload.take())
            }
        };
        Box::pin(async move { Ok(Self::of(&request, payload).await?) })
    }
}

impl<C: Authenticate, F: Body, D> Call<C, F, D> {
    async fn of(request: &HttpRequest, mut payload: dev::Payload) -> Result<Self, C::Refused> {
        let payload = Payload::from_request(request, &mut payload).into_inner().map_err(Error::internal)?;
        let (service, spool) = (data::<Service>(request)?, data::<Spool>(request)?);
        let caller = C::authenticate(service, request).await?;
        let limits = F::limits(C::limits(), service);
        let mut form = match F::SOURCE {
            Source::Nothing => Form::default(),
            Source::Query => Form::query(request.query_string())?,
            Source::QueryOrBody | Source::QueryThenBody => {
                let (query, excludes) = (Form::query(request.query_string())?, F::SOURCE == Source::QueryOrBody);
                // A declared type without a body means nothing.
                let body = match excludes || has_body(request) {
                    true => Form::read(request, payload, &limits, spool).await?,
                    false => Form::default(),
                };
                Form(FormContent::QueryAndBody(Box::new(QueryAndBody { query, body, excludes })))
            }
            Source::Form => Form::read(request, payload, &limits, spool).await?,
            Source::Object => read_object(request, payload, &limits).await?.map(Form::from).unwrap_or_default(),
        };
        caller.still_served(service)?;
        let fields = F::of(&mut form, request)?;
        let files = form.into_files();
        release_all(request);
        let service = service.clone();
        Ok(Self { service, caller, form: fields, files, client: peer::client(request), door: PhantomData })
    }
}

fn has_body(request: &HttpRequest) -> bool {
    let is_said = |name| request.headers().get(name).is_some_and(|value| value.as_bytes() != b"0");
    is_said(CONTENT_LENGTH) || is_said(TRANSFER_ENCODING)
}

fn data<T: 'static>(request: &HttpRequest) -> Result<&Data<T>, Error> {
    request.app_data().ok_or_else(|| Error::internal("the server has no object that its endpoints need"))
}

#[derive(Debug)]
pub struct UploadedFiles(pub(super) Vec<Option<UploadedFile>>);

impl UploadedFiles {
    pub fn picture(&mut self, at: &FileAt, field: &'static str, accepted: &'static [Format]) -> Option<Picture> {
        self.0.get_mut(at.0?)?.take().map(|file| picture(file, field, accepted))
    }
}

pub(super) fn picture(file: UploadedFile, field: &'static str, accepted: &'static [Format]) -> Picture {
    Picture { field, accepted, bytes: file.bytes(), read: Box::new(move || file.read()) }
}

#[derive(Debug)]
pub(super) struct QueryAndBody {
    pub(super) query: Form,
    pub(super) body: Form,
    /// Whether a field in both is refused. If not, the query's wins.
    pub(super) excludes: bool,
}

impl QueryAndBody {
    /// # Errors
    /// Those of `read`; `Invalid` for a field in both.
    pub(super) fn one<'a, T>(
        &'a self,
        name: &'static str,
        read: impl Fn(&'a Form) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        match (read(&self.query)?, read(&self.body)?) {
            (Some(_), Some(_)) if self.excludes => {
                Err(Fault::Malformed("given once, in the query or in the body").at(name))
            }
            (query, body) => Ok(query.or(body)),
        }
    }
}
