//! Standin: one binary that stands in for three chat vendors: their users, and text chat of two users.
//!
//! Apps built on Qiscus Chat, MirrorFly or Tencent Cloud Chat point their SDK or back end here. Registration, login,
//! profiles, pictures, contacts, live profile changes and one-to-one text chat then work against this machine. There
//! is one store: a user created, or a message sent, through one vendor's API is visible through the others.
//!
//! # The map
//!
//! ```text
//! main.rs             the command line and the exit code
//!                     command/ has a file for each command: serve, app, user, admin, backup, restore, config, doctor
//! settings/           flags, STANDIN_* variables, standin.toml, defaults; table.rs declares each setting once
//! server/             startup, shutdown, TLS, signals, restore; routes.rs lists every service of a listener
//! domain/             values that are valid by construction, and their bounds; no I/O, clock or framework
//!                     friend.rs limits of friends; text.rs and id.rs lengths of texts; error.rs every error
//! store/              units of work: the row operations that a rule may use in a transaction
//! store/sqlite/       SQL: one writer thread with group commit, pools of readers, the statements by table, schema/
//! fair.rs             a bounded queue that shares a thread pool fairly among callers
//! archive/            the format of a backup: a tar with checksums
//! blob/               the picture folder on disk
//! picture/            uploads to clean renditions; default tiles; jpeg/ is our own JPEG decoder, a separate crate
//! live/               open sessions: feed.rs reads event rows, ends sessions and makes notifications; hub.rs queues
//!                     them; domain/event.rs says which kinds of events end sessions
//! service/            the rules: a file for each topic of the vendors' pages, each operation one transaction
//!                     users.rs creation, suspension, deletion; friends/ requests and black lists; conversations/
//!                     messages of two users: sending, marks, recalls, lists, history; credentials.rs every
//!                     cipher, hash and random number; login_throttle.rs failed logins; sweep.rs unused pictures
//! http/               what all dialects share: forms, JSON, limits, connections, WebSockets, CORS, metrics, inspector;
//!                     connection/read_budget/ bounds the memory of all requests being read
//! dialect/qiscus/     Qiscus: rest/ for back ends, sdk/ and mqtt/ for SDKs; comment.rs and room.rs show messages and
//!                     rooms; reply.rs its envelopes and HTTP status codes
//! dialect/mirrorfly/  MirrorFly: REST API, Web SDK calls, xmpp/ its socket, with the login in protocol.rs and
//!                     one-to-one chat in chat*.rs; reply.rs its envelopes and status codes
//! dialect/tencent/    Tencent: command.rs the table of commands for REST API and socket (binfo/); user_sig.rs checks
//!                     UserSigs; messages/ one-to-one chat; reply.rs its envelope and error codes
//! dialect/native/     our own API under /standin/v1, for the command line and the console;
//!                     authorization.rs admits callers, audit.rs writes audit entries, reply.rs its errors
//! ```
//!
//! A new vendor is a new folder in `dialect/`, with its services in `server/routes.rs`, its switch in
//! `domain::app::Dialects` and a row in `tests/house/architecture/rules.rs`.
//!
//! # Dependencies
//!
//! One way only: main names server, settings and archive; server names every room; a dialect names http, service and
//! domain, and no other dialect; http names service and domain; service names store, fair, blob, archive, picture,
//! live and domain; live names store and domain; store names fair and domain; fair, blob, archive and picture name
//! domain; domain names no room. Each library also belongs to one room. `tests/house/architecture.rs` enforces the
//! lists in `rules.rs`, and checks this map. `src/` holds no tests: those of a module's private items are in
//! `tests/unit/`, at the module's path.
//!
//! # A request
//!
//! A back end creates a MirrorFly user with a picture. `http` reads the form under its limits and spools the file.
//! The dialect parses the fields into domain values and calls `Service::create_user`. The service makes the
//! renditions on bounded threads, puts them into the picture folder, and runs one rule in a transaction: look,
//! refuse, write, append the event. The response leaves after the durable commit. Files come before the row, so no
//! crash leaves a row without its file; a file without a row is swept.
//!
//! # A change reaches other clients
//!
//! The commit wakes the feed. It reads the new event rows in order, and the hub puts a notification into the queue of
//! each session that the event concerns. The socket's task takes it from there, and the dialect renders it in its
//! vendor's format. An event such as a suspension, a deletion or a new password ends the user's sessions instead. A
//! client without a socket polls for events after the last one it knows. A client that reconnects resumes after the
//! last event that its former session confirmed, which is a stored row.

pub mod archive;
pub mod blob;
pub mod dialect;
pub mod domain;
pub mod fair;
pub mod http;
pub mod live;
pub mod picture;
pub mod server;
pub mod service;
pub mod settings;
pub mod store;
