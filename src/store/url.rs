//! Where a store is.

use std::path::Path;
use std::path::PathBuf;
use std::str::FromStr;

use super::StoreError;
use super::backend::Backend;

/// The address of a store: `sqlite:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreUrl {
    /// The embedded store, one file.
    Sqlite(PathBuf),
}

impl StoreUrl {
    /// This address with a relative path taken from `folder`.
    #[must_use]
    pub fn within(&self, folder: &Path) -> Self {
        match self {
            Self::Sqlite(path) => Self::Sqlite(folder.join(path)),
        }
    }
}

impl FromStr for StoreUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            return Err(StoreError::NoBackend("PostgreSQL"));
        }
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => Err(StoreError::Address),
        }
    }
}

pub(super) fn create(url: &StoreUrl) -> Result<Box<dyn Backend>, StoreError> {
    match url {
        StoreUrl::Sqlite(path) => embedded::create(path),
    }
}

/// What becomes of a store that an older version wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Older {
    /// It gets this version's form.
    Upgraded,
    /// It stays as it is, and is not opened.
    Refused,
}

pub(super) fn open(url: &StoreUrl, older: Older) -> Result<Box<dyn Backend>, StoreError> {
    match url {
        StoreUrl::Sqlite(path) => embedded::open(path, older),
    }
}

#[cfg(feature = "sqlite")]
use super::sqlite as embedded;

/// The same two verbs when the feature `sqlite` is off: an error with a name.
#[cfg(not(feature = "sqlite"))]
mod embedded {
    use std::path::Path;

    use super::Backend;
    use super::Older;
    use super::StoreError;

    pub(super) fn create(_: &Path) -> Result<Box<dyn Backend>, StoreError> {
        Err(StoreError::NoBackend("SQLite"))
    }

    pub(super) fn open(_: &Path, _: Older) -> Result<Box<dyn Backend>, StoreError> {
        Err(StoreError::NoBackend("SQLite"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_refused_by_name() {
        let url: StoreUrl = "sqlite:store.db".parse().unwrap();
        assert_eq!(url.within(Path::new("/h")), StoreUrl::Sqlite("/h/store.db".into()));
        let postgres = "postgresql://localhost/jpki".parse::<StoreUrl>().unwrap_err();
        assert_eq!(postgres.to_string(), "this build has no PostgreSQL store");
        for bad in ["", "store.db", "sqlite:", "mysql:x"] {
            assert!(matches!(bad.parse::<StoreUrl>(), Err(StoreError::Address)), "{bad}");
        }
    }
}
