//! Every rule of `service` that writes: what its unit of work touches, and that it refuses before its first write.
//!
//! A rule that could refuse after its first write would have to run alone in its batch. There is none: `Store::write` asserts it in
//! debug builds, so each test that a rule refuses checks it. A write without a rule is one operation on rows, which refuses nothing
//! after it has written.

use std::collections::BTreeSet;

use syn::{FnArg, Item, ReturnType, Type, Visibility};

use super::{own_files, text};

/// The file below `src/service`, the rule, what it touches, and whether it refuses after its first write: `no`, or `alone`.
const RULES: &[(&str, &str, &str, &str)] = &[
    ("admins.rs", "begin_session", "all", "no"),
    ("admins.rs", "create", "all", "no"),
    ("admins.rs", "set_password", "all", "no"),
    ("apps.rs", "change", "all", "no"),
    ("chats.rs", "add_report", "a user", "no"),
    ("chats.rs", "change_chat_settings", "a user", "no"),
    ("chats.rs", "set_mute_level", "a user", "no"),
    ("contacts.rs", "block", "two users", "no"),
    ("contacts.rs", "change_contacts", "a user", "no"),
    ("contacts.rs", "unblock", "two users", "no"),
    ("conversations.rs", "open", "two users", "no"),
    ("conversations/changes.rs", "change", "two users", "no"),
    ("conversations/changes.rs", "change_each", "all", "no"),
    ("conversations/changes.rs", "edit", "two users", "no"),
    ("conversations/changes.rs", "hide", "two users", "no"),
    ("conversations/changes.rs", "recall", "two users", "no"),
    ("conversations/expiry.rs", "forget_expired", "all", "no"),
    ("conversations/marks.rs", "mark", "two users", "no"),
    ("conversations/marks.rs", "send_receipts", "two users", "no"),
    ("conversations/sending.rs", "send", "two users", "no"),
    ("follows.rs", "follow", "all", "no"),
    ("follows.rs", "unfollow", "all", "no"),
    ("friends/groups.rs", "change_members", "all", "no"),
    ("friends/groups.rs", "create", "a user", "no"),
    ("friends/groups.rs", "delete", "a user", "no"),
    ("friends/groups.rs", "rename", "a user", "no"),
    ("friends/requests.rs", "answer", "all", "no"),
    ("friends/requests.rs", "forget", "all", "no"),
    ("friends/requests.rs", "read", "a user", "no"),
    ("friends/rules.rs", "befriend", "all", "no"),
    ("friends/rules.rs", "black_list_add", "all", "no"),
    ("friends/rules.rs", "black_list_delete", "all", "no"),
    ("friends/rules.rs", "change_friends", "all", "no"),
    ("friends/rules.rs", "unfriend", "all", "no"),
    ("mod.rs", "adopt_key", "all", "no"),
    ("sessions/notifications.rs", "begin_position", "a user", "no"),
    ("users.rs", "add_picture", "a user", "no"),
    ("users.rs", "begin_session", "a user", "no"),
    ("users.rs", "change", "a user", "no"),
    ("users.rs", "change_states", "all", "no"),
    ("users.rs", "delete", "a user", "no"),
    ("users.rs", "forget_departed", "all", "no"),
    ("users.rs", "forget_device", "a user", "no"),
    ("users.rs", "issue_ticket", "all", "no"),
    ("users.rs", "kick", "a user", "no"),
    ("users.rs", "lock_picture", "a user", "no"),
    ("users.rs", "register", "a user", "no"),
    ("users.rs", "reset_issued", "a user", "no"),
    ("users.rs", "reset_token", "a user", "no"),
    ("users.rs", "revoke", "a user", "no"),
    ("users.rs", "set_custom_status", "a user", "no"),
    ("users.rs", "sign_off", "a user", "no"),
];

/// Whether the first argument is a `&Tx`, or a `FriendCall`, which holds one.
fn writes(function: &syn::ItemFn) -> bool {
    let Some(FnArg::Typed(first)) = function.sig.inputs.first() else { return false };
    let (first, name) =
        if let Type::Reference(first) = &*first.ty { (&*first.elem, "Tx") } else { (&*first.ty, "FriendCall") };
    matches!(first, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

#[test]
fn every_rule_that_writes_is_listed_with_what_it_touches_and_when_it_refuses() {
    let mut found = BTreeSet::new();
    for path in own_files("src/service") {
        for item in syn::parse_file(&text(&path)).unwrap().items {
            let Item::Fn(rule) = item else { continue };
            let is_public = matches!(rule.vis, Visibility::Public(_));
            if is_public && writes(&rule) && !matches!(rule.sig.output, ReturnType::Default) {
                found.insert((path["src/service/".len()..].to_owned(), rule.sig.ident.to_string()));
            }
        }
    }
    let listed: BTreeSet<_> = RULES.iter().map(|(file, rule, ..)| ((*file).to_owned(), (*rule).to_owned())).collect();
    let unlisted: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(unlisted.is_empty() && gone.is_empty(), "not listed: {unlisted:?}; listed and gone: {gone:?}");
    let engine = text("src/store/unit.rs");
    assert!(engine.contains("\"a rule refused after its first write\""), "nothing checks the last column any more");
    assert!(RULES.iter().all(|(.., after)| *after == "no"), "a rule that runs alone needs an engine that lets it");
}
