//! Pictures behind a token.

use super::*;

#[actix_web::test]
async fn failures_are_real_http_errors() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for path in ["/api/v1/media/x", "/api/v1/media/AAAAAAAAAAAAAAAAAAAAAA", "/api/v1/media/AAAAAAAAAAAAAAAAAAAAAA-96"] {
        let answer = send(server.call(Method::GET, path).header("Authorization", &token)).await;
        assert_refused(&answer, 404, "Picture not found");
    }
}
