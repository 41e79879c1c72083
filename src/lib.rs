//! Standin: one binary that stands in for the user side of a chat vendor.
//!
//! Apps built on Qiscus Chat, MirrorFly or Tencent Cloud Chat point their SDK or back end here, and registration, login, profiles and
//! profile pictures work against this machine. One user store is behind all wires: who is made through one is seen and changed through
//! the others.
//!
//! The **domain** holds the words, and a value that exists is valid. The **service** holds the verbs and the rules, which read like the
//! vendors' pages and know neither HTTP nor SQL. A rule runs in one unit of work of the **store**, on rows; the **picture folder** does
//! whole operations. A **dialect** translates one vendor's wire to verbs and back. What a change announces is a row of the same transaction.
//!
//! # The map
//!
//! ```text
//! main.rs             the command line, and the only exit code; its commands are in command/
//! settings/           flags, then STANDIN_* variables, then standin.toml, then defaults; a mistyped name is refused
//! server/             where everything is opened and joined, or restored; the certificate; the wall clock; start and stop
//! domain/             words: ids, texts, profiles, contacts, avatars, apps, pages, events, secrets, errors; no I/O, no clock
//! store/              what is remembered: units of work, and the operations on rows that a rule may use in them (unit.rs)
//! store/sqlite/       the engine beneath: one writer that commits in groups, a pool of readers, the statements, the schema
//! fair.rs             a queue that is fair to its callers, and threads behind it for work that takes long
//! archive/            a backup as bytes: a tar whose members have digests, written and read front to back
//! blob/               bytes too big for rows: whole folders of files that appear at once or not at all
//! picture/            a stranger's bytes in, clean renditions out; bounds before decoding; tiles for users without a picture; JPEG is
//!                     read by a crate of our own in jpeg/, which is optimised in builds for development, too
//! live/               who is listening: sessions with bounded queues, and the feed that follows the event rows
//! service/            the verbs, and the rules each of them runs in one unit of work: users, accounts, sessions, profiles, contacts, friends, listening, pictures, apps, administrators, credentials, health, backups, the sweep
//! http/               what every dialect needs: forms under limits, strict JSON, addresses, origins, connections and their bounds, sockets, streams, the guard, its meter and figures, the inspector, files
//! dialect/qiscus/     Qiscus: REST for back ends, and the paths its SDKs call
//! dialect/mirrorfly/  MirrorFly: REST for back ends and for users, what its Web SDK calls, and the XMPP socket that SDK listens on
//! dialect/tencent/    Tencent Cloud Chat: one table of commands on accounts, profiles and friends, for its REST API and its Web SDK's socket
//! dialect/native/     our own API under /standin/v1, for the command line on a socket and for administrators who have signed in
//! ```
//!
//! # Who names whom
//!
//! One way only: main names server, settings and archive; server names everything; a dialect names http, service and domain, and never
//! another dialect; http names service and domain; service names store, fair, blob, archive, picture, live and domain; live names store
//! and domain; store names fair and domain; fair, blob, archive and picture name domain, and domain nobody. Libraries stay in their rooms too. `tests/house/architecture.rs`
//! reads this folder and refuses what `tests/house/architecture/rules.rs` does not list, this map included.
//!
//! # One change, heard
//!
//! A change writes its event in its own transaction. The commit wakes the feed, which reads the event rows in order and puts a notice
//! into the queue of each session it concerns; a socket's pump, which has the connection to itself once HTTP is over, hands it to the dialect's conversation, which says it in its vendor's
//! words. A client without a socket asks for the events behind the last one it knows. A socket that comes back goes on from the place of
//! its former session, a row that says up to which event its client confirmed what it was told.
//!
//! # One request
//!
//! A back end creates a MirrorFly user with a picture. The guard admits the request; the form is read under limits, its file to a
//! file without a name; the dialect parses the fields into words; the service makes the renditions on threads of their own, puts them
//! into the folder, and runs one rule in a unit of work; the answer leaves when that is durable. Bytes come before the row, so no
//! row is without its file at any crash, and a file without a row is swept.

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
