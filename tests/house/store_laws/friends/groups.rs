//! Groups of friends: 32 at the most, by whichever way they come to be.

use standin::service::friends::groups::GroupStep;

use super::*;

impl Fixture {
    async fn create_groups(&self, owner: &str, names: &[&str], members: &[&str]) -> Result<Vec<Outcome>, FriendFault> {
        let names = names.iter().map(|name| group(name)).collect();
        let members = members.iter().map(|id| user_id(id)).collect();
        self.store.create_groups(self.app, by_id(owner), names, members, at(6)).await.unwrap()
    }

    async fn rename(&self, owner: &str, from: &str, to: &str) -> bool {
        let names = [group(from), group(to)];
        let step = self.store.rename_group(self.app, by_id(owner), names, 100, at(6)).await.unwrap();
        assert_ne!(step, GroupStep::Part);
        step == GroupStep::Done
    }

    async fn regroup(&self, owner: &str, name: &str, members: &[(&str, bool)]) -> Vec<Outcome> {
        let members = members.iter().map(|(id, is_in)| (user_id(id), *is_in)).collect();
        self.store.change_group(self.app, by_id(owner), group(name), members, at(6)).await.unwrap()
    }

    async fn delete_groups(&self, owner: &str, names: &[&str]) {
        for name in names {
            let step = self.store.delete_group(self.app, by_id(owner), group(name), 100, at(6)).await.unwrap();
            assert_eq!(step, GroupStep::Done);
        }
    }

    fn groups(&self, owner: &str) -> Vec<(String, Vec<String>)> {
        let groups =
            self.store.reads_of(self.app, &by_id(owner), async |db, app, owner| db.groups(app, owner).await).unwrap();
        let text = |id: &UserId| id.as_str().to_owned();
        groups.iter().map(|(name, members)| (name.as_str().to_owned(), members.iter().map(text).collect())).collect()
    }
}

fn with(name: &str, members: &[&str]) -> (String, Vec<String>) {
    (name.to_owned(), members.iter().map(|id| (*id).to_owned()).collect())
}

/// Ann and her two friends.
async fn ann() -> (Fixture, UserKey, UserKey) {
    let fixture = Fixture::fresh().await;
    fixture.key("ann").await;
    let [bob, eve] = [fixture.key("bob").await, fixture.key("eve").await];
    fixture.key("stranger").await;
    fixture.friends("ann", "bob").await;
    fixture.friends("ann", "eve").await;
    (fixture, bob, eve)
}

#[actix_web::test]
async fn groups_are_created_with_friends_and_listed_by_name() {
    let (fixture, bob, eve) = ann().await;
    let seen = fixture.events().len();
    let put =
        fixture.create_groups("ann", &["work", "chess"], &["eve", "stranger", "nobody", "ann", "bob"]).await.unwrap();
    let faults = [FriendFault::NotFriends, FriendFault::NoSuchUser, FriendFault::Oneself].map(Err);
    assert_eq!(put, [Ok(()), faults[0], faults[1], faults[2], Ok(())]);
    assert_eq!(fixture.groups("ann"), [with("chess", &["bob", "eve"]), with("work", &["bob", "eve"])]);
    assert_eq!(fixture.events_since(seen), [changed("ann", &[eve, bob])], "one event, each friend once");
    assert_eq!(fixture.create_groups("ann", &["chess", "new"], &["bob"]).await, Ok(vec![Ok(())]));
    assert_eq!(fixture.groups("ann")[1], with("new", &["bob"]));
    assert_eq!((fixture.events_since(seen).len(), fixture.groups("bob")), (2, vec![]));
    fixture.create_groups("ann", &["chess"], &["bob"]).await.unwrap().remove(0).unwrap();
    assert_eq!(fixture.events_since(seen).len(), 2, "bob is in it already");
}

#[actix_web::test]
async fn deleting_a_group_keeps_its_friends() {
    let (fixture, bob, _) = ann().await;
    fixture.create_groups("ann", &["work", "chess", "empty"], &["bob"]).await.unwrap().remove(0).unwrap();
    let seen = fixture.events().len();
    fixture.delete_groups("ann", &["chess", "nothing"]).await;
    assert_eq!(fixture.events_since(seen), [changed("ann", &[bob])]);
    assert_eq!(fixture.friend("ann", "bob").unwrap().groups, ["empty", "work"].map(group));
    assert_eq!(fixture.groups("ann").len(), 2);
    fixture.delete_groups("ann", &["nothing"]).await;
    assert_eq!(fixture.events_since(seen).len(), 1);
}

#[actix_web::test]
async fn a_renamed_group_merges_with_a_group_of_that_name() {
    let (fixture, bob, eve) = ann().await;
    fixture.create_groups("ann", &["work"], &["bob"]).await.unwrap().remove(0).unwrap();
    fixture.create_groups("ann", &["chess"], &["eve", "bob"]).await.unwrap().remove(0).unwrap();
    let seen = fixture.events().len();
    assert!(fixture.rename("ann", "work", "job").await);
    assert_eq!(fixture.events_since(seen), [changed("ann", &[bob])]);
    assert!(fixture.rename("ann", "chess", "job").await);
    assert_eq!(fixture.groups("ann"), [with("job", &["bob", "eve"])]);
    assert_eq!(fixture.events_since(seen + 1), [changed("ann", &[bob, eve])]);
    assert!(fixture.rename("ann", "job", "job").await, "there is such a group");
    assert!(!fixture.rename("ann", "work", "play").await);
    assert_eq!(fixture.events_since(seen).len(), 2, "nothing differs");
    assert_eq!(fixture.friend("ann", "bob").unwrap().groups, [group("job")]);
}

#[actix_web::test]
async fn friends_are_added_to_a_group_and_removed_from_it() {
    let (fixture, bob, eve) = ann().await;
    let seen = fixture.events().len();
    let moved = [("bob", true), ("eve", false), ("stranger", true), ("nobody", false)];
    let faults = [Err(FriendFault::NotFriends), Err(FriendFault::NoSuchUser)];
    assert_eq!(fixture.regroup("ann", "work", &moved).await, [Ok(()), Ok(()), faults[0], faults[1]]);
    assert_eq!(fixture.groups("ann"), [with("work", &["bob"])]);
    assert_eq!(fixture.events_since(seen), [changed("ann", &[bob])]);
    assert_eq!(fixture.regroup("ann", "work", &[("bob", false), ("eve", true)]).await, [Ok(()), Ok(())]);
    assert_eq!(fixture.events_since(seen + 1), [changed("ann", &[bob, eve])]);
    assert_eq!(fixture.groups("ann"), [with("work", &["eve"])]);
    assert_eq!(fixture.regroup("ann", "nothing", &[("bob", false)]).await, [Ok(())]);
    assert_eq!((fixture.groups("ann").len(), fixture.events_since(seen).len()), (1, 2), "it had no members");
}

#[actix_web::test]
async fn a_user_has_at_most_thirty_two_groups() {
    let (fixture, ..) = ann().await;
    let names: Vec<String> = (0..GROUPS_MAX).map(|n| format!("g{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let most = names.len();
    assert_eq!(fixture.create_groups("ann", &names[..most - 1], &["bob"]).await, Ok(vec![Ok(())]));
    let full = FriendFault::GroupsFull;
    assert_eq!(fixture.create_groups("ann", &["x", "y"], &["bob"]).await, Err(full), "neither is made");
    assert_eq!(fixture.groups("ann").len(), most - 1);
    assert_eq!(fixture.create_groups("ann", &names, &[]).await, Ok(vec![]), "those there are count once");
    assert_eq!(fixture.create_groups("ann", &["x"], &[]).await, Err(full));
    assert_eq!(fixture.regroup("ann", "x", &[("bob", true), ("eve", false)]).await, [Err(full), Err(full)]);
    assert_eq!(fixture.regroup("ann", "g0", &[("eve", true)]).await, [Ok(())]);
    assert_eq!(fixture.change_friend("ann", "bob", Patch::Clear, Some(&["g1", "x"])).await, Err(full));
    assert_eq!(fixture.change_friend("ann", "bob", Patch::Clear, Some(&["g1"])).await, Ok(()));
    let into_x = FriendToAdd { groups: vec![group("x")], ..wish("stranger") };
    assert_eq!(fixture.befriend("ann", into_x, BOTH_WAYS).await, AddFriendOutcome::Refused(full));
    let into_g2 = FriendToAdd { groups: vec![group("g2")], ..wish("stranger") };
    assert_eq!(fixture.befriend("ann", into_g2, BOTH_WAYS).await, AddFriendOutcome::Added);
    assert!(fixture.rename("ann", "g3", "x").await, "as many as before");
    assert_eq!(fixture.groups("ann").len(), most);
}

#[actix_web::test]
async fn a_request_is_granted_though_its_sender_has_no_room_for_the_group_any_more() {
    let (fixture, ..) = ann().await;
    fixture.allowing("shy", AllowType::NeedConfirm).await;
    assert_eq!(
        fixture.befriend("ann", full_wish("shy", "Shy one", "late"), BOTH_WAYS).await,
        AddFriendOutcome::Waiting
    );
    let names: Vec<String> = (0..GROUPS_MAX).map(|n| format!("g{n}")).collect();
    fixture.create_groups("ann", &names.iter().map(String::as_str).collect::<Vec<_>>(), &[]).await.unwrap();
    assert_eq!(fixture.agree("shy", "ann").await, Ok(()));
    let friend = fixture.friend("ann", "shy").unwrap();
    assert_eq!((friend.remark, friend.groups), (called("Shy one"), vec![]));
    assert_eq!(fixture.groups("ann").len(), names.len());
}
