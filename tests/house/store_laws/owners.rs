//! Who acts on its own data acts by its key: once the user is deleted or suspended, no operation changes a row, not even where another
//! user has the id by then.

use standin::domain::{
    error::Unauthenticated,
    friend::{
        AddFriendOptions, AddSource, Direction, FriendChange, FriendGroup, FriendToAdd, RequestAnswer, RequestDecision,
    },
    text::ContactName,
};
use standin::store::ContactsChange;

use super::*;

const BOTH_WAYS: AddFriendOptions = AddFriendOptions { both_ways: true, is_forced: true };

fn group() -> FriendGroup {
    FriendGroup::parse("family").unwrap()
}

impl Fixture {
    /// What each operation answers that a user's own session may ask for.
    async fn by_itself(&self, key: UserKey) -> Vec<(&'static str, Result<(), Error>)> {
        let (store, app, owner) = (&self.store, self.app, || Owner::Itself(key));
        let bob = || vec![user_id("bob")];
        let profile =
            ProfileChange { display_name: Patch::Set(DisplayName::parse("Old").unwrap()), ..Default::default() };
        let device =
            Device { device_type: DeviceType::Web, os_version: None, token: None, voip_token: None, sandbox: false };
        let change = UserChange { profile, device: Some(device), ..UserChange::default() };
        let AvatarChange::Uploaded(picture) = upload(9) else { panic!("no upload") };
        let source = Some(AddSource::parse("AddSource_Type_Web").unwrap());
        let wish = FriendToAdd { whom: user_id("bob"), remark: None, groups: vec![group()], source, wording: None };
        let remark = Patch::Set(ContactName::parse("Bobby").unwrap());
        let friend = FriendChange { whom: user_id("bob"), remark, groups: None };
        let answer = RequestAnswer { from: user_id("bob"), verdict: RequestDecision::Refuse };
        let key_of_bob = self.user("bob").unwrap().key;
        let contacts = ContactsChange { add: vec![(key_of_bob, None)], remove: Vec::new() };
        vec![
            ("change_user", store.change_user(app, owner(), change, at(9)).await.map(|_| ())),
            ("delete_user", store.delete_user(app, owner(), at(0), at(9)).await),
            ("forget_device", store.forget_device(app, key, DeviceType::Web).await),
            ("add_picture", store.add_picture(app, key, picture, at(9)).await),
            ("change_contacts", store.change_contacts(app, key, contacts, at(9)).await),
            ("block", store.block(app, key, user_id("bob"), at(9)).await),
            ("unblock", store.unblock(app, key, user_id("bob"), at(9)).await),
            ("befriend", store.befriend(app, owner(), vec![wish], BOTH_WAYS, at(9)).await.map(|_| ())),
            ("unfriend", store.unfriend(app, owner(), bob(), true, at(9)).await.map(|_| ())),
            ("change_friends", store.change_friends(app, owner(), vec![friend], at(9)).await.map(|_| ())),
            ("answer_requests", store.answer_requests(app, owner(), vec![answer], at(9)).await.map(|_| ())),
            (
                "forget_requests",
                store.forget_requests(app, owner(), Direction::Incoming, bob(), at(9)).await.map(|_| ()),
            ),
            ("read_requests", store.read_requests(app, owner(), at(9)).await),
            ("black_list_add", store.black_list_add(app, owner(), bob(), at(9)).await.map(|_| ())),
            ("black_list_delete", store.black_list_delete(app, owner(), bob(), at(9)).await.map(|_| ())),
            ("create_groups", store.create_groups(app, owner(), vec![group()], bob(), at(9)).await.map(|_| ())),
            ("delete_group", store.delete_group(app, owner(), group(), 9, at(9)).await.map(|_| ())),
            ("rename_group", store.rename_group(app, owner(), [group(), group()], 9, at(9)).await.map(|_| ())),
            (
                "change_group",
                store.change_group(app, owner(), group(), vec![(user_id("bob"), true)], at(9)).await.map(|_| ()),
            ),
            ("follow", store.follow(app, owner(), bob(), at(9)).await.map(|_| ())),
            ("unfollow", store.unfollow(app, owner(), bob(), at(9)).await.map(|_| ())),
            ("set_custom_status", store.set_custom_status(app, key, None).await),
            // Every read of one user's data begins so.
            ("reads", store.reads_of(app, &owner(), async |_, _, _| Ok(()))),
        ]
    }

    async fn refuses_all(&self, key: UserKey, refusal: &Error) {
        let seen = self.events().len();
        for (name, answer) in self.by_itself(key).await {
            assert_eq!(answer, Err(refusal.clone()), "{name}");
        }
        assert_eq!(self.events().len(), seen, "an event of a refused write");
    }
}

#[actix_web::test]
async fn promise_60_a_suspended_user_changes_nothing_through_open_sessions() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.register("ann").await.user.key;
    fixture.register("bob").await;
    let suspend = StateChange::Suspend { token: derived(60) };
    fixture.store.change_states(fixture.app, vec![(user_id("ann"), suspend)], at(2)).await.unwrap();
    let before = fixture.user("ann").unwrap();
    fixture.refuses_all(ann, &Error::SUSPENDED).await;
    assert_eq!(fixture.user("ann"), Some(before));
    let if_known = IfKnown::UpdateActive;
    let again = fixture.store.register(fixture.app, UpsertUser { if_known, ..registration("ann") }).await;
    assert_eq!(again.map(|_| ()), Err(Error::SUSPENDED));
}

#[actix_web::test]
async fn promise_60_a_deleted_user_changes_nothing_of_a_new_user_with_its_id() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.register("ann").await.user.key;
    fixture.register("bob").await;
    let gone = Error::Unauthenticated(Unauthenticated::Wrong);
    fixture.store.delete_user(fixture.app, by_id("ann"), at(0), at(2)).await.unwrap();
    fixture.refuses_all(ann, &gone).await;
    let secrets = NewSecrets { handle: handle("annagain"), ..registration("ann").secrets };
    let anew = fixture.store.register(fixture.app, UpsertUser { secrets, ..registration("ann") }).await.unwrap().user;
    fixture.refuses_all(ann, &gone).await;
    assert_eq!(fixture.user("ann"), Some(anew));
}

#[cfg(debug_assertions)]
#[actix_web::test]
async fn a_rule_that_refuses_after_its_first_write_fails_in_debug_builds() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.register("ann").await.user.key;
    let rule = async move |tx: &standin::store::Tx<'_>| {
        tx.note_login(ann).await?;
        Err::<(), _>(Error::SUSPENDED)
    };
    let refused = fixture.store.write(standin::store::Touches::All, rule).await;
    assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
}
