//! The items of a record, as texts in the words of a holder file.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::holder::Item;

use super::form::CardForm;
use super::form::HolderForm;
use super::form::ResidenceForm;
use super::form::SubstituteForm;

/// The items of a record, in the words of a holder file. Whether they are well formed, and go
/// together, [`Resident`](super::Resident) decides.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Items {
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) former_surname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alias: Option<String>,
    pub(super) birth_date: String,
    pub(super) sex: String,
    pub(super) address: String,
    pub(super) municipality: String,
    pub(super) residence: ResidenceForm,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) substitutes: Vec<SubstituteForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resident_code: Option<String>,
}

impl Items {
    pub(super) fn of(form: &HolderForm) -> Self {
        Self {
            name: form.name.clone(),
            former_surname: form.former_surname.clone(),
            alias: form.alias.clone(),
            birth_date: form.birth_date.clone(),
            sex: form.sex.clone(),
            address: form.address.clone(),
            municipality: form.municipality.clone(),
            residence: form.residence.clone(),
            substitutes: form.substitutes.clone(),
            resident_code: None,
        }
    }

    /// The holder file that says the same.
    pub(super) fn form(
        &self,
        person: &str,
        ends: Option<String>,
        guardianship: bool,
    ) -> HolderForm {
        HolderForm {
            person: person.to_owned(),
            name: self.name.clone(),
            birth_date: self.birth_date.clone(),
            sex: self.sex.clone(),
            address: self.address.clone(),
            municipality: self.municipality.clone(),
            residence: self.residence.clone(),
            card: ends.map(|ends| CardForm { expires: Some(ends) }),
            former_surname: self.former_surname.clone(),
            alias: self.alias.clone(),
            legal_representative: false,
            guardianship,
            applied_at: None,
            substitutes: self.substitutes.clone(),
            request_id: None,
            kind: None,
            public_key: None,
        }
    }

    /// The value of an item of [`ITEMS`]; none of the others.
    pub(super) fn get(&self, item: Item) -> Option<String> {
        let text = match item {
            Item::Name => &self.name,
            Item::BirthDate => &self.birth_date,
            Item::Sex => &self.sex,
            Item::Address => &self.address,
            Item::Municipality => &self.municipality,
            Item::FormerSurname => return self.former_surname.clone(),
            Item::Alias => return self.alias.clone(),
            Item::ResidentCode => return self.resident_code.clone(),
            Item::Residence => return Some(residence_text(&self.residence)),
            Item::Person
            | Item::Card
            | Item::Substitutes
            | Item::AppliedAt
            | Item::Guardianship
            | Item::Source
            | Item::Sequence
            | Item::EventId
            | Item::Reason
            | Item::EventDate
            | Item::NotifiedOn
            | Item::RecordedAt
            | Item::Target
            | Item::Note
            | Item::ResendOf
            | Item::Signature => return None,
        };
        Some(text.clone())
    }

    /// Puts a value into an item of [`ITEMS`] and takes its substitutes out, which belonged to the
    /// old value. An item that must have a value keeps the old one when there is no new one.
    pub(super) fn set(&mut self, item: Item, value: Option<&str>) {
        self.substitutes.retain(|substitute| substitute.item != item.as_str());
        let value = value.map(ToOwned::to_owned);
        let place = match item {
            Item::Name => &mut self.name,
            Item::BirthDate => &mut self.birth_date,
            Item::Sex => &mut self.sex,
            Item::Address => &mut self.address,
            Item::Municipality => &mut self.municipality,
            Item::FormerSurname => return self.former_surname = value,
            Item::Alias => return self.alias = value,
            Item::ResidentCode => return self.resident_code = value,
            Item::Residence => {
                return self.residence =
                    value.map_or_else(|| self.residence.clone(), residence_form);
            }
            Item::Person
            | Item::Card
            | Item::Substitutes
            | Item::AppliedAt
            | Item::Guardianship
            | Item::Source
            | Item::Sequence
            | Item::EventId
            | Item::Reason
            | Item::EventDate
            | Item::NotifiedOn
            | Item::RecordedAt
            | Item::Target
            | Item::Note
            | Item::ResendOf
            | Item::Signature => return,
        };
        if let Some(value) = value {
            *place = value;
        }
    }

    /// The substitutes of an item, in the order of their places.
    pub(super) fn substitutes_of(&self, item: Item) -> Vec<&SubstituteForm> {
        let mut all: Vec<_> =
            self.substitutes.iter().filter(|one| one.item == item.as_str()).collect();
        all.sort_by_key(|one| one.index);
        all
    }
}

impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items(redacted)")
    }
}

/// A residence as one text: the category, and the period's end behind a slash.
pub(super) fn residence_text(form: &ResidenceForm) -> String {
    match &form.period_end {
        Some(end) => format!("{}/{end}", form.category),
        None => form.category.clone(),
    }
}

fn residence_form(text: impl AsRef<str>) -> ResidenceForm {
    let text = text.as_ref();
    match text.split_once('/') {
        Some((category, end)) => {
            ResidenceForm { category: category.to_owned(), period_end: Some(end.to_owned()) }
        }
        None => ResidenceForm { category: text.to_owned(), period_end: None },
    }
}

/// The items that events change.
pub(super) const ITEMS: [Item; 9] = [
    Item::Name,
    Item::FormerSurname,
    Item::Alias,
    Item::BirthDate,
    Item::Sex,
    Item::Address,
    Item::Municipality,
    Item::Residence,
    Item::ResidentCode,
];
