//! A repository as a key of JSON: `region:account:name`, without what is not known of its registry.
//!
//! The name alone would not do: two registries may have repositories of the same name.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::pipeline::image::Digest;
use crate::pipeline::service::{Registry, Repository};

/// The key of a repository.
pub(super) fn write(repository: &Repository) -> String {
    let Registry { account_id, region } = &repository.registry;
    let known = [region.as_deref(), account_id.as_deref()].into_iter().flatten();
    known.chain([repository.name.as_str()]).collect::<Vec<_>>().join(":")
}

/// The repository of a key. One without a registry is what the earlier format wrote.
pub(super) fn read(key: &str) -> Repository {
    let Some((registry, name)) = key.rsplit_once(':') else {
        return Repository { registry: Registry::default(), name: key.to_owned() };
    };
    let is_account = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mut account_id, mut region) = (None, None);
    for part in registry.split(':') {
        *(if is_account(part) { &mut account_id } else { &mut region }) = Some(part.to_owned());
    }
    Repository { registry: Registry { account_id, region }, name: name.to_owned() }
}

/// For one repository: `#[serde(with = "repository_key::one")]`.
pub(super) mod one {
    use super::{Deserialize as _, Deserializer, Repository, Serializer, read, write};

    pub fn serialize<S: Serializer>(repository: &Repository, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&write(repository))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Repository, D::Error> {
        let key = String::deserialize(deserializer)?;
        Ok(read(&key))
    }
}

/// For digests by repository: `#[serde(with = "repository_key::digests")]`.
pub(super) mod digests {
    use super::{
        BTreeMap, Deserialize as _, Deserializer, Digest, Repository, Serialize as _, Serializer, read, write,
    };

    pub fn serialize<S: Serializer>(digests: &BTreeMap<Repository, Digest>, serializer: S) -> Result<S::Ok, S::Error> {
        let keyed: BTreeMap<String, &Digest> =
            digests.iter().map(|(repository, digest)| (write(repository), digest)).collect();
        keyed.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Repository, Digest>, D::Error> {
        let keyed: BTreeMap<String, Digest> = BTreeMap::deserialize(deserializer)?;
        Ok(keyed.into_iter().map(|(key, digest)| (read(&key), digest)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_back_to_its_repository() {
        let account = Some("210987654321".to_owned());
        let region = Some("eu-west-1".to_owned());
        for (account_id, region, key) in [
            (None, None, "weco/a"),
            (account.clone(), None, "210987654321:weco/a"),
            (None, region.clone(), "eu-west-1:weco/a"),
            (account, region, "eu-west-1:210987654321:weco/a"),
        ] {
            let repository = Repository { registry: Registry { account_id, region }, name: "weco/a".to_owned() };
            assert_eq!(write(&repository), key);
            assert_eq!(read(key), repository);
        }
    }
}
