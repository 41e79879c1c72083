//! Operations of sessions whose race conditions a client could hardly reach over HTTP.

use standin::{
    domain::{
        error::{Error, Unauthenticated},
        id::UserId,
        profile::{ProfileChange, State},
        session::Vendor,
    },
    service::{accounts::UserFields, profiles::UserSetting},
};

use super::sweep::Fixture;

#[actix_web::test]
async fn a_password_changed_between_its_check_and_the_session_opens_no_session() {
    let Fixture { service, tenant, .. } = Fixture::new().await;
    let id = || UserId::parse("ada").unwrap();
    let call = UserFields { id: id(), change: ProfileChange::default(), picture: None, device: None };
    let first = service.create_user(&tenant, None, call).await.unwrap().issued_password;
    let proved = service.authenticate(&tenant, "ada", &first, None).await.unwrap();
    assert!(service.listen(&tenant, &proved, Vendor::MirrorFly).await.is_ok());
    let second = service.reset_issued_password(&tenant, id()).await.unwrap();
    let refused = async |proved| service.listen(&tenant, proved, Vendor::MirrorFly).await.err();
    assert_eq!(refused(&proved).await, Some(Error::Unauthenticated(Unauthenticated::Wrong)));

    let proved = service.authenticate(&tenant, "ada", &second, None).await.unwrap();
    let suspended = UserSetting { state: Some(State::Suspended), ..UserSetting::default() };
    service.set_user(&tenant, id(), suspended).await.unwrap();
    assert_eq!(refused(&proved).await, Some(Error::Unauthenticated(Unauthenticated::Wrong)));
}
