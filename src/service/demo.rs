//! The people of a demo: the ids that the vendors' own samples use, so that those run as they are printed; and the fields they set.

use std::sync::Arc;

use crate::{
    domain::{
        avatar::{Rendition, TileSeed},
        custom::{CustomField, CustomName, Readers, Writers},
        error::Error,
        friend::{Befriend, Befriending},
        id::UserId,
        profile::{Patch, ProfileChange},
        text::{DisplayName, StatusText},
        upload::Format,
    },
    picture,
    service::{
        Service,
        accounts::CreateUser,
        apps::{AppChange, Tenant},
        blocking,
        pictures::Upload,
    },
};

/// Id, display name, status.
const PEOPLE: [(&str, &str, &str); 5] = [
    ("guest@qiscus.com", "Qiscus Demo", "Looking around"),
    ("guest2@qiscus.com", "guest2", "My token is reset by the sample"),
    ("guest99@qiscus.com", "QISCUS demo user", "Made by the sample, over and over"),
    ("user1", "User One", "Available"),
    ("user2", "User Two", "In a meeting"),
];

/// The custom fields of Tencent's page on user profiles, which wants them declared in advance.
const FIELDS: [&str; 2] = ["Test1", "Test2"];

impl Service {
    /// Makes a demo of an app: declares the fields of the vendors' samples and adds their people, two of whom are friends.
    /// # Errors
    /// Store and disk errors.
    pub async fn make_demo(&self, tenant: &Arc<Tenant>) -> Result<(), Error> {
        for name in FIELDS {
            let name = CustomName::parse(name).map_err(Error::internal)?;
            if tenant.app.settings.custom_field(&name).is_none() {
                let field = CustomField { name, read: Readers::Everyone, write: Writers::Owner };
                let change = AppChange { custom_field: Some(field), ..AppChange::default() };
                self.change_app(&tenant.app.app_id, change).await?;
            }
        }
        if self.add_people(tenant).await? {
            let [one, two] = ["user1", "user2"].map(UserId::parse);
            let whom = two.map_err(Error::internal)?;
            let friend = Befriend { whom, remark: None, groups: Vec::new(), source: None, wording: None };
            let how = Befriending { both_ways: true, is_forced: true };
            self.befriend(tenant, &one.map_err(Error::internal)?, vec![friend], how).await?;
        }
        Ok(())
    }

    /// Adds whoever of the demo's people is not there yet, each with a drawn picture. Who is there stays as they are. Whether anybody came.
    async fn add_people(&self, tenant: &Arc<Tenant>) -> Result<bool, Error> {
        let mut has_come = false;
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
            has_come = true;
        }
        Ok(has_come)
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
