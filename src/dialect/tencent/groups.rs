//! The groups that a user sorts friends into. Sources: the vendor's pages on adding, deleting and pulling them; changing one is its Web
//! SDK's own.

use serde_json::{Map, Value, json};

use super::{
    command::{Answered, Call, bad},
    relations::{ACCOUNTS_MAX, Outcomes, SEQUENCE, TEXT, accounts, each, is_shown, items, parsed, results, word},
    reply::{Code, Refused},
};
use crate::domain::{
    error::Fault,
    friend::{FriendFault, FriendGroup, GROUPS_MAX},
    id::UserId,
};

/// The names of `GroupName`.
fn named(call: Call<'_>) -> Result<Vec<FriendGroup>, Refused> {
    const FIELD: &str = "GroupName";
    let group = |given: &Value| {
        FriendGroup::parse(given.as_str().ok_or_else(|| bad(&TEXT, FIELD))?).map_err(|fault| bad(&fault, FIELD))
    };
    call.list(FIELD, GROUPS_MAX as usize)?.iter().map(group).collect()
}

/// `sns.group_add`: makes groups, all or none, and puts friends into every one of them.
pub(super) async fn add(call: Call<'_>) -> Answered {
    let (owner, desk) = (call.owner()?, call.desk);
    let groups = named(call)?;
    let put = async |members| {
        let made = desk.service.create_groups(desk.tenant, &owner, groups, members).await?;
        Ok::<_, Refused>(made?.into_iter().map(|member| member.map_err(no_friend)).collect())
    };
    let answer = match call.field("To_Account") {
        Some(_) => results(each(accounts(call)?, put).await?)?,
        None => each(Outcomes::new(), put).await.map(|_| Map::new())?,
    };
    Ok(sequenced(answer))
}

/// Of this command alone the vendor has a number, and words, for who is no friend.
fn no_friend(fault: FriendFault) -> Refused {
    match fault == FriendFault::NotFriends {
        true => Refused::Said(Code::NoFriendForGroup, "Err_SNS_GroupAdd_ToTinyId_Not_Friend".to_owned()),
        false => fault.into(),
    }
}

fn sequenced(mut answer: Map<String, Value>) -> Map<String, Value> {
    answer.insert("CurrentSequence".to_owned(), SEQUENCE.into());
    answer
}

/// `sns.group_delete`: takes groups away; the friends in them stay friends.
pub(super) async fn delete(call: Call<'_>) -> Answered {
    let owner = call.owner()?;
    call.desk.service.delete_groups(call.desk.tenant, &owner, named(call)?).await?;
    Ok(sequenced(Map::new()))
}

/// `sns.group_get`: the groups, or those that are named, with the friends in them where that is asked.
pub(super) async fn get(call: Call<'_>) -> Answered {
    let owner = call.owner()?;
    let needs_friends =
        word(call.body, "NeedFriend", &[("Need_Friend_Type_Yes", true), ("Need_Friend_Type_No", false)])?;
    let wanted = match call.field("GroupName").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        true => None,
        false => call.field("GroupName").map(|_| named(call)).transpose()?,
    };
    let groups = call.desk.service.groups(call.desk.tenant, &owner).await?;
    let item = |(group, friends): (FriendGroup, Vec<UserId>)| {
        let friends: Vec<&str> = friends.iter().filter(|id| is_shown(id)).map(UserId::as_str).collect();
        let mut item = json!({ "GroupName": group.as_str(), "FriendNumber": friends.len() });
        if needs_friends == Some(true)
            && let Some(item) = item.as_object_mut()
        {
            item.insert("To_Account".to_owned(), friends.into());
        }
        item
    };
    let is_wanted = |group: &FriendGroup| wanted.as_ref().is_none_or(|wanted| wanted.contains(group));
    let items: Value = groups.into_iter().filter(|(group, _)| is_wanted(group)).map(item).collect();
    Ok(sequenced(Map::from_iter([("ResultItem".to_owned(), items)])))
}

/// `sns.group_update`: gives a group another name, or puts friends into it and takes others out.
pub(super) async fn update(call: Call<'_>) -> Answered {
    let (owner, desk) = (call.owner()?, call.desk);
    let name = |field| parsed(call.body, field, FriendGroup::parse);
    let group = name("GroupOldName")?.ok_or_else(|| bad(&Fault::Missing, "GroupOldName"))?;
    match (name("GroupNewName")?, call.field("UpdateGroupItem")) {
        (Some(_), Some(_)) => Err(Refused::BadParameter("Give GroupNewName or UpdateGroupItem, not both".to_owned())),
        (Some(to), None) => match desk.service.rename_group(desk.tenant, &owner, group, to).await? {
            true => Ok(sequenced(Map::new())),
            false => Err(Refused::BadParameter("GroupOldName must be a group of this account".to_owned())),
        },
        (None, _) => members(call, &owner, group).await,
    }
}

async fn members(call: Call<'_>, owner: &UserId, group: FriendGroup) -> Answered {
    const FIELD: &str = "UpdateGroupItem";
    let moved = items(call, FIELD, |id, item| {
        let is_in = word(item, "UpdateType", &[("Update_Type_Add", true), ("Update_Type_Delete", false)])?;
        Ok((id, is_in.ok_or_else(|| bad(&Fault::Missing, "UpdateType"))?))
    })?;
    let desk = call.desk;
    let put = async |members| desk.service.change_group(desk.tenant, owner, group, members).await;
    let mut answer = results(each(moved, put).await?)?;
    echo_types(&mut answer, call.list(FIELD, ACCOUNTS_MAX)?);
    Ok(sequenced(answer))
}

/// Each result says again what was asked for: the Web SDK looks for it there.
fn echo_types(answer: &mut Map<String, Value>, asked: &[Value]) {
    let results = answer.get_mut("ResultItem").and_then(Value::as_array_mut);
    for (result, asked) in results.into_iter().flatten().zip(asked) {
        if let (Some(result), Some(kind)) = (result.as_object_mut(), asked.get("UpdateType")) {
            result.insert("UpdateType".to_owned(), kind.clone());
        }
    }
}
