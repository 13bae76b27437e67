//! The record of a resident.

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::holder::Address;
use crate::holder::Alias;
use crate::holder::BasicFour;
use crate::holder::BirthDate;
use crate::holder::Category;
use crate::holder::Fault;
use crate::holder::FormerSurname;
use crate::holder::Item;
use crate::holder::Municipality;
use crate::holder::Name;
use crate::holder::Residence;
use crate::holder::Rule;
use crate::holder::Sex;
use crate::holder::Substitute;

use super::form::HolderForm;
use super::form::ResidenceForm;
use super::form::SubstituteForm;
use super::person::Person;

/// A resident as the register knows them (住民票, or 戸籍の附票 for nationals abroad), every item
/// checked by itself and against the others.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Resident {
    /// The register's handle.
    pub person: Person,
    /// The basic four items.
    pub four: BasicFour,
    /// Where the register is kept.
    pub municipality: Municipality,
    /// On what ground the person is registered, and until when.
    pub residence: Residence,
    /// The end of the card (個人番号カード), when the file states it.
    pub card_expires: Option<Date>,
    /// Former surname (旧氏).
    pub former_surname: Option<FormerSurname>,
    /// Alias (通称).
    pub alias: Option<Alias>,
    /// Whether a legal representative acts (法定代理人).
    pub legal_representative: bool,
    /// Whether the person is an adult ward (成年被後見人).
    pub guardianship: bool,
    /// When the application was received, when the file states it.
    pub applied_at: Option<Timestamp>,
}

impl Resident {
    /// Checks a form; `now` bounds what may lie in the past.
    ///
    /// # Errors
    /// The first item that is wrong.
    pub fn new(form: &HolderForm, now: Timestamp) -> Result<Self, Fault> {
        let today = now.japan_date();
        let residence = read_residence(&form.residence)?;
        let category = residence.category();
        let municipality = Municipality::from_code(&form.municipality)?;
        let substitutes = read_substitutes(&form.substitutes)?;
        let foreign = category.is_foreign();
        let abroad = category == Category::NationalAbroad;
        let name = Name::new(&form.name, foreign, &substitutes)?;
        let birth_date: BirthDate = form.birth_date.parse()?;
        birth_date.check_not_after(today)?;
        let sex: Sex = form.sex.parse()?;
        let address = Address::new(&form.address, municipality, abroad, &substitutes)?;
        let former_surname = form
            .former_surname
            .as_deref()
            .map(|text| FormerSurname::new(text, &substitutes))
            .transpose()?;
        if former_surname.is_some() && foreign {
            let why = "only nationals have a former surname on record";
            return Err(Fault::new(Item::FormerSurname, Rule::Combination(why)));
        }
        let alias = form.alias.as_deref().map(Alias::new).transpose()?;
        if alias.is_some() && !foreign {
            let why = "only foreign residents have an alias on record";
            return Err(Fault::new(Item::Alias, Rule::Combination(why)));
        }
        let card_expires = form
            .card
            .as_ref()
            .and_then(|card| card.expires.as_deref())
            .map(|text| date(Item::Card, text))
            .transpose()?;
        let applied_at = form.applied_at.as_deref().map(instant).transpose()?;
        if applied_at.is_some_and(|applied| applied > now) {
            return Err(Fault::new(Item::AppliedAt, Rule::Future));
        }
        Ok(Self {
            person: Person::new(&form.person)?,
            four: BasicFour { name, birth_date, sex, address },
            municipality,
            residence,
            card_expires,
            former_surname,
            alias,
            legal_representative: form.legal_representative,
            guardianship: form.guardianship,
            applied_at,
        })
    }
}

/// The substitutes of a form.
pub(super) fn read_substitutes(forms: &[SubstituteForm]) -> Result<Vec<Substitute>, Fault> {
    let read = |form: &SubstituteForm| {
        let item = match form.item.as_str() {
            "name" => Item::Name,
            "address" => Item::Address,
            "former_surname" => Item::FormerSurname,
            _ => {
                let words = "name, address, former_surname";
                return Err(Fault::new(Item::Substitutes, Rule::Word(words)));
            }
        };
        Substitute::new(item, form.index, &form.original, &form.used)
    };
    forms.iter().map(read).collect()
}

/// The residence of a form.
pub(super) fn read_residence(form: &ResidenceForm) -> Result<Residence, Fault> {
    let category: Category = form.category.parse()?;
    let period_end = form.period_end.as_deref().map(|text| date(Item::Residence, text));
    Residence::new(category, period_end.transpose()?)
}

/// A day.
pub(super) fn date(item: Item, text: &str) -> Result<Date, Fault> {
    text.parse().map_err(|_| Fault::new(item, Rule::Date("write an existing day as YYYY-MM-DD")))
}

/// A timestamp, or a day, which stands for its first instant in Japan.
fn instant(text: &str) -> Result<Timestamp, Fault> {
    let why = "write a day as YYYY-MM-DD, or RFC 3339 with an offset";
    text.parse::<Date>()
        .map(Date::start_of_day)
        .or_else(|_| text.parse())
        .map_err(|_| Fault::new(Item::AppliedAt, Rule::Date(why)))
}
