//! How clients treat the messages of a conversation: `MuteNotifications` 0, 1 or 2.

use serde::Serialize;
use utoipa::ToSchema;

use super::{actor, fields::Actor};
use crate::{
    dialect::tencent::{
        body::{Accounts, body},
        call::{CommandCall, CommandResult, bad},
        relations::is_shown,
        reply::{ResponseFields, TencentError},
        status::StatusMissing,
    },
    domain::{Fault, MuteLevel, UserId},
};

/// Accounts in one call, and in an answer for all.
const PEERS_MAX: usize = 1000;

/// As [`PEERS_MAX`], for the store.
const LISTED_MAX: u32 = 1000;

body! {
    /// Conversations whose settings to return.
    struct MutesRequest<'a> as "PeerMutes" {
        from: Option<Actor> = "From_Account",
        /// All muted ones if it is not given.
        peers: Option<Accounts<'a, PEERS_MAX, 0>> = "Peer_Account",
    }

    /// Conversations to change.
    struct SetMutesRequest<'a> as "SetPeerMutes" {
        from: Option<Actor> = "From_Account",
        peers: Accounts<'a, PEERS_MAX> = "Peer_Account",
        /// 0: with notifications; 1: discarded; 2: without notifications.
        level: u32 = "Mute_Notifications" eg 2,
    }
}

/// Returns the vendor's number.
fn number(level: Option<MuteLevel>) -> u8 {
    match level {
        None => 0,
        Some(MuteLevel::Discarded) => 1,
        Some(MuteLevel::Silent) => 2,
    }
}

/// The settings of conversations.
#[derive(Serialize, ToSchema)]
pub(in crate::dialect::tencent) struct Mutes {
    #[serde(rename = "MuteNotificationsList")]
    list: Vec<PeerMute>,
}

impl ResponseFields for Mutes {}

/// The setting of one conversation.
#[derive(Serialize, ToSchema)]
struct PeerMute {
    #[serde(rename = "Peer_Account")]
    peer: String,
    #[serde(rename = "MuteNotifications")]
    level: u8,
}

pub(in crate::dialect::tencent) async fn get(call: CommandCall<'_>, request: MutesRequest<'_>) -> CommandResult<Mutes> {
    let owner = actor(call, request.from)?;
    let (service, tenant) = (call.context.service, call.context.tenant);
    let named = request.peers.map(|peers| peers.0).unwrap_or_default();
    let mute = |id: &UserId, level| PeerMute { peer: id.as_str().to_owned(), level: number(level) };
    if named.is_empty() {
        let muted = service.mute_levels(tenant, call.key(), &owner, LISTED_MAX).await?;
        let shown = muted.iter().filter(|(id, _)| is_shown(id));
        return Ok(Mutes { list: shown.map(|(id, level)| mute(id, Some(*level))).collect() });
    }
    let ids: Vec<UserId> = named.into_iter().filter_map(|(_, id)| id.ok()).collect();
    let levels = service.mute_levels_of(tenant, call.key(), &owner, ids.clone()).await?;
    Ok(Mutes { list: ids.iter().zip(levels).map(|(id, level)| mute(id, level)).collect() })
}

/// The accounts that do not exist.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(in crate::dialect::tencent) struct MutesSet {
    error_list: Vec<StatusMissing>,
}

impl ResponseFields for MutesSet {}

pub(in crate::dialect::tencent) async fn set(
    call: CommandCall<'_>,
    request: SetMutesRequest<'_>,
) -> CommandResult<MutesSet> {
    let owner = actor(call, request.from)?;
    let level = match request.level {
        0 => None,
        1 => Some(MuteLevel::Discarded),
        2 => Some(MuteLevel::Silent),
        _ => return Err(bad(&Fault::NotOneOf("0, 1, 2"), "Mute_Notifications")),
    };
    let ids: Vec<UserId> = request.peers.0.iter().filter_map(|(_, id)| id.as_ref().ok().cloned()).collect();
    let known = call.context.service.set_mute_level(call.context.tenant, &owner, ids, level).await?;
    let mut known = known.into_iter();
    let missing = request.peers.0.into_iter().filter(|(_, id)| !(id.is_ok() && known.next() == Some(true)));
    Ok(MutesSet { error_list: missing.map(|(account, _)| StatusMissing::of(account)).collect() })
}
