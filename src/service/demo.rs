//! The people of a demo: the ids that the vendors' own samples use, so that those run as they are printed.

use std::sync::Arc;

use crate::{
    domain::{
        avatar::{Rendition, TileSeed},
        error::Error,
        id::UserId,
        profile::{Patch, ProfileChange},
        text::{DisplayName, StatusText},
        upload::Format,
    },
    picture,
    service::{Service, accounts::CreateUser, apps::Tenant, blocking, pictures::Upload},
};

/// Id, display name, status.
const PEOPLE: [(&str, &str, &str); 5] = [
    ("guest@qiscus.com", "Qiscus Demo", "Looking around"),
    ("guest2@qiscus.com", "guest2", "My token is reset by the sample"),
    ("guest99@qiscus.com", "QISCUS demo user", "Made by the sample, over and over"),
    ("user1", "User One", "Available"),
    ("user2", "User Two", "In a meeting"),
];

impl Service {
    /// Adds whoever of the demo's people is not there yet, each with a drawn picture. Who is there stays as they are.
    /// # Errors
    /// Store and disk errors.
    pub async fn add_demo_people(&self, tenant: &Arc<Tenant>) -> Result<(), Error> {
        for (id, name, status) in PEOPLE {
            let id = UserId::parse(id).map_err(Error::internal)?;
            if self.find_user(tenant, &id)?.is_some() {
                continue;
            }
            let change = ProfileChange {
                display_name: Patch::Set(DisplayName::parse(name).map_err(Error::internal)?),
                status: Patch::Set(StatusText::parse(status).map_err(Error::internal)?),
                ..ProfileChange::default()
            };
            let picture = Some(drawn(TileSeed::of(&id)).await?);
            self.create_user(tenant, CreateUser { id, change, picture, device: None }).await?;
        }
        Ok(())
    }
}

/// A drawn picture, taken in as if somebody had uploaded it.
async fn drawn(seed: TileSeed) -> Result<Upload, Error> {
    let bytes = blocking(move || picture::tile(seed, Rendition::Square512)).await??;
    Ok(Upload {
        field: "picture",
        accepted: &[Format::Png],
        bytes: bytes.len() as u64,
        read: Box::new(move || Ok(bytes.clone())),
    })
}
