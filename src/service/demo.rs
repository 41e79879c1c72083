//! The users of a demo: those of the vendors' samples, and an invented company for lists and searches.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    domain::{
        AddFriendOptions, AppId, CallerKey, CustomField, CustomName, CustomValue, DisplayName, Error, Format,
        FriendToAdd, Owner, Patch, ProfileChange, Readers, Rendition, StatusText, TileSeed, UserId, Writers,
    },
    picture,
    service::{AppChange, Service, Tenant, UploadedPicture, UserFields, blocking},
};

const SAMPLES: [(&str, &str, &str); 5] = [
    ("guest@qiscus.com", "Qiscus Demo", "Looking around"),
    ("guest2@qiscus.com", "guest2", "My token is reset by the sample"),
    ("guest99@qiscus.com", "QISCUS demo user", "Made by the sample, over and over"),
    ("user1", "User One", "Available"),
    ("user2", "User Two", "In a meeting"),
];

/// The custom fields of Tencent's page on user profiles, which must be declared in advance, and those of the company.
const FIELDS: [&str; 4] = ["Test1", "Test2", TEAM, CITY];
const TEAM: &str = "Team";
const CITY: &str = "City";

/// Id, display name, status, team, city.
type Colleague = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Invented people, with names in the scripts that an app will meet.
const COMPANY: [Colleague; 36] = [
    ("amara.okafor", "Amara Okafor", "Shipping on Thursday", "Backend", "Lagos"),
    ("bjorn.lund", "Bjørn Lund", "På ferie til mandag", "Backend", "Bergen"),
    ("carmen.ruiz", "Carmen Ruiz", "En una reunión", "Design", "Sevilla"),
    ("dewi.lestari", "Dewi Lestari", "Sedang rapat", "Support", "Yogyakarta"),
    ("elif.yildiz", "Elif Yıldız", "Çevrimiçi", "Mobile", "İzmir"),
    ("farid.haddad", "فريد حداد", "متاح", "Sales", "Amman"),
    ("giulia.conti", "Giulia Conti", "A pranzo", "Design", "Bologna"),
    ("hana.sato", "佐藤 花", "会議中です", "Mobile", "Osaka"),
    ("ivan.petrov", "Иван Петров", "На связи", "Backend", "Plovdiv"),
    ("jia.wang", "王佳", "在忙，稍后回复", "Product", "Chengdu"),
    ("kofi.mensah", "Kofi Mensah", "Coffee first", "Support", "Accra"),
    ("leila.nazari", "لیلا نظری", "در دسترس", "Product", "Shiraz"),
    ("mateo.silva", "Mateo Silva", "Em casa hoje", "Mobile", "Porto"),
    ("nguyen.linh", "Nguyễn Thị Linh", "Đang họp", "Quality", "Đà Nẵng"),
    ("oskar.nowak", "Oskar Nowak", "Zaraz wracam", "Backend", "Gdańsk"),
    ("priya.raman", "பிரியா ராமன்", "Deep work until noon", "Quality", "Chennai"),
    ("quentin.moreau", "Quentin Moreau", "De retour à 14 h", "Sales", "Nantes"),
    ("rosa.gonzalez", "Rosa González", "Disponible", "Support", "Oaxaca"),
    ("sana.malik", "ثنا ملک", "Out for a walk", "Design", "Lahore"),
    ("tomas.novak", "Tomáš Novák", "Na obědě", "Mobile", "Brno"),
    ("uma.devi", "उमा देवी", "Available", "Product", "Pune"),
    ("viktor.kovacs", "Kovács Viktor", "Elérhető", "Backend", "Szeged"),
    ("wren.hughes", "Wren Hughes", "Listening to rain", "Design", "Cardiff"),
    ("ximena.paz", "Ximena Paz", "Vuelvo en 5", "Sales", "La Paz"),
    ("yael.levi", "יעל לוי", "זמינה", "Quality", "Haifa"),
    ("zanele.dube", "Zanele Dube", "On call", "Operations", "Durban"),
    ("arjun.thapa", "अर्जुन थापा", "Climbing", "Operations", "Pokhara"),
    ("beatrix.kruger", "Beatrix Krüger", "Im Zug", "Sales", "Leipzig"),
    ("chanthou.sok", "ចាន់ធូ សុខ", "Back at nine", "Support", "Siem Reap"),
    ("daniela.popa", "Daniela Popa", "La birou", "Quality", "Cluj"),
    ("eun-ji.park", "박은지", "휴가 중", "Mobile", "Busan"),
    ("fatou.diop", "Fatou Diop", "Disponible", "Product", "Dakar"),
    ("george.pappas", "Γιώργος Παππάς", "Διαθέσιμος", "Operations", "Patras"),
    ("hiwot.bekele", "ሕይወት በቀለ", "Reviewing", "Backend", "Gondar"),
    ("ilse.debruyn", "Ilse de Bruyn", "Even weg", "Operations", "Gent"),
    ("somchai.dee", "สมชาย ดี", "ว่าง", "Support", "Chiang Mai"),
];

/// How many neighbours in this list are friends of each, on either side.
const FRIENDS_EACH_SIDE: usize = 3;

impl Service {
    /// Declares the fields and adds the users of the vendors' samples; two of them are friends.
    pub async fn make_demo(&self, tenant: &Arc<Tenant>) -> Result<(), Error> {
        for name in FIELDS {
            let name = CustomName::parse(name).map_err(Error::internal)?;
            if tenant.app.settings.custom_field(&name).is_none() {
                let field = CustomField { name, read: Readers::Everyone, write: Writers::Owner };
                let change = AppChange { custom_field: Some(field), ..AppChange::default() };
                self.change_app(&tenant.app.app_id, change).await?;
            }
        }
        let mut has_come = false;
        for (id, name, status) in SAMPLES {
            has_come |= self.add_person(tenant, id, name, status, BTreeMap::new()).await?;
        }
        if has_come {
            self.make_friends(tenant, "user1", &["user2"]).await?;
        }
        Ok(())
    }

    /// Takes a second or two, which a start need not wait for.
    pub async fn add_company(&self, app: &AppId) -> Result<(), Error> {
        let tenant = &self.tenant(app)?;
        let mut friends: Vec<&str> = Vec::new();
        for (id, name, status, team, city) in COMPANY {
            let custom = [(TEAM, team), (CITY, city)].map(|(field, value)| {
                Ok((
                    CustomName::parse(field).map_err(Error::internal)?,
                    CustomValue::parse(value).map_err(Error::internal)?,
                ))
            });
            let custom = custom.into_iter().collect::<Result<_, Error>>()?;
            if self.add_person(tenant, id, name, status, custom).await? {
                self.make_friends(tenant, id, &friends).await?;
            }
            friends.insert(0, id);
            friends.truncate(FRIENDS_EACH_SIDE);
        }
        Ok(())
    }

    /// Adds a user with a drawn picture. Returns whether the user is new; a known one is not changed.
    async fn add_person(
        &self,
        tenant: &Arc<Tenant>,
        id: &str,
        name: &str,
        status: &str,
        custom: BTreeMap<CustomName, CustomValue>,
    ) -> Result<bool, Error> {
        let id = UserId::parse(id).map_err(Error::internal)?;
        if self.find_user(tenant, &id).await?.is_some() {
            return Ok(false);
        }
        let change = ProfileChange {
            display_name: Patch::Set(DisplayName::parse(name).map_err(Error::internal)?),
            status: Patch::Set(StatusText::parse(status).map_err(Error::internal)?),
            custom,
            ..ProfileChange::default()
        };
        let picture = Some(drawn(TileSeed::of(&id)).await?);
        self.create_user(tenant, None, UserFields { id, change, picture, device: None }).await?;
        Ok(true)
    }

    async fn make_friends(&self, tenant: &Arc<Tenant>, one: &str, others: &[&str]) -> Result<(), Error> {
        let befriend = |other: &&str| {
            let whom = UserId::parse(other).map_err(Error::internal)?;
            Ok(FriendToAdd { whom, remark: None, groups: Vec::new(), source: None, wording: None })
        };
        let others = others.iter().map(befriend).collect::<Result<Vec<_>, Error>>()?;
        let how = AddFriendOptions { both_ways: true, is_forced: true };
        if !others.is_empty() {
            let owner = Owner::Named(UserId::parse(one).map_err(Error::internal)?);
            self.lists(tenant, CallerKey::Operator, &owner).befriend(others, how).await?;
        }
        Ok(())
    }
}

async fn drawn(seed: TileSeed) -> Result<UploadedPicture, Error> {
    let bytes = blocking(move || picture::tile(seed, Rendition::Square320)).await??;
    Ok(UploadedPicture {
        field: "picture",
        accepted: &[Format::Png],
        bytes: bytes.len() as u64,
        read: Box::new(move || Ok(bytes.clone())),
    })
}
