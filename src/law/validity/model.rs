//! A holder's life, walked day by day by somebody who knows the two sets of rules as prose and no
//! arithmetic: cards and certificates are issued and renewed, and each end is the one that the
//! calendar shows.

use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prop_assert_eq;
use proptest::proptest;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;

use crate::credential::Profile;
use crate::holder::Category;

use super::*;

/// The rules as a leaflet has them.
struct Leaflet {
    certificate: u32,
    renewed: u32,
    window_months: u32,
    card: u32,
    childs_card: u32,
    card_goes_on_for_a_month: bool,
}

const CURRENT: Leaflet = Leaflet {
    certificate: 5,
    renewed: 6,
    window_months: 3,
    card: 10,
    childs_card: 5,
    card_goes_on_for_a_month: false,
};

const NEXT: Leaflet = Leaflet {
    certificate: 10,
    renewed: 11,
    window_months: 12,
    card: 10,
    childs_card: 5,
    card_goes_on_for_a_month: true,
};

fn leaflet(profile: Profile) -> Leaflet {
    match profile {
        Profile::Current => CURRENT,
        Profile::Next => NEXT,
    }
}

/// Something that happens some days after what happened before.
#[derive(Clone, Copy, Debug)]
struct Visit {
    days: i32,
    profile: Profile,
    kind: Kind,
    new_card: bool,
}

fn visit() -> impl Strategy<Value = Visit> {
    let words = (select(Profile::ALL.to_vec()), select(Kind::ALL.to_vec()));
    (1_i32..1500, words, any::<bool>()).prop_map(|(days, (profile, kind), new_card)| Visit {
        days,
        profile,
        kind,
        new_card,
    })
}

/// Someone born on a day that every year has, with a card, and what is on it.
struct Life {
    born: Date,
    today: Date,
    card: Option<Date>,
    authentication: Option<Date>,
    signature: Option<Date>,
}

impl Life {
    fn visit(&mut self, visit: Visit) -> Result<(), TestCaseError> {
        self.today = self.today.plus_days(visit.days).unwrap();
        let policy = Policy::default();
        let terms = Terms::of(visit.profile, &policy);
        let rules = leaflet(visit.profile);
        let birth_date: BirthDate = self.born.to_string().parse().unwrap();
        let card = match self.card.filter(|end| *end >= self.today && !visit.new_card) {
            Some(end) => end,
            None => {
                let residence = Residence::new(Category::National, None).unwrap();
                let found =
                    card_end(birth_date, residence, self.today, self.today, &terms, &policy);
                let walked = self.walk_to_card_end(&rules);
                prop_assert_eq!(found, Ok(walked));
                walked
            }
        };
        self.card = Some(card);
        let live = |end: &Date| *end >= self.today;
        let authentication = self.authentication.filter(live);
        let replaced = match visit.kind {
            Kind::Signature => self.signature.filter(live),
            Kind::UserAuthentication => authentication,
        };
        let question = Question {
            kind: visit.kind,
            carrier: Carrier::Card,
            birth_date,
            issued: self.today,
            card_end: card,
            authentication_end: authentication,
            card_certificate_end: None,
            replaced_end: replaced,
        };
        let renews = replaced.is_some_and(|end| self.has_begun(end, rules.window_months));
        let birthday =
            self.walk_to_birthday(if renews { rules.renewed } else { rules.certificate });
        let cap = match visit.kind {
            Kind::Signature => authentication.map_or(card, |end| end.min(card)),
            Kind::UserAuthentication => card,
        };
        let walked = birthday.min(cap);
        let found = end(&question, &terms, &policy).map(|end| end.date);
        if walked == self.today {
            prop_assert_eq!(found, Err(Rule::NoTimeLeft.into()));
            return Ok(());
        }
        prop_assert_eq!(found, Ok(walked));
        match visit.kind {
            Kind::Signature => self.signature = Some(walked),
            Kind::UserAuthentication => self.authentication = Some(walked),
        }
        Ok(())
    }

    /// The so-manieth birthday from tomorrow on.
    fn walk_to_birthday(&self, mut count: u32) -> Date {
        let mut day = self.today;
        while count > 0 {
            day = day.plus_days(1).unwrap();
            let is_birthday = (day.month(), day.day()) == (self.born.month(), self.born.day());
            count -= u32::from(is_birthday);
        }
        day
    }

    fn walk_to_card_end(&self, rules: &Leaflet) -> Date {
        let mut age = 0;
        let mut day = self.born;
        while day < self.today {
            day = day.plus_days(1).unwrap();
            age += u32::from((day.month(), day.day()) == (self.born.month(), self.born.day()));
        }
        let birthday =
            self.walk_to_birthday(if age >= 18 { rules.card } else { rules.childs_card });
        if !rules.card_goes_on_for_a_month {
            return birthday;
        }
        // To the same day of the next month, or its last one.
        let mut day = birthday;
        while day.month() == birthday.month() {
            day = day.plus_days(1).unwrap();
        }
        while day.day() < birthday.day() && !ends_a_month(day) {
            day = day.plus_days(1).unwrap();
        }
        day
    }

    /// Whether today lies in the last so many months before `end`, that day included: a month back
    /// is the same day of the month before, or that month's last.
    fn has_begun(&self, end: Date, months: u32) -> bool {
        let mut first = end;
        for _ in 0..months {
            let month = first.month();
            while first.month() == month {
                first = first.plus_days(-1).unwrap();
            }
        }
        // On the last day of that month: to the day that `end` is, if it has one.
        while first.day() > end.day() {
            first = first.plus_days(-1).unwrap();
        }
        first <= self.today && self.today <= end
    }
}

fn ends_a_month(day: Date) -> bool {
    day.plus_days(1).unwrap().month() != day.month()
}

proptest! {
    #[test]
    fn every_end_in_a_life_is_where_the_calendar_shows_it(
        born in 0_i32..36_000,
        first in 0_i32..3000,
        visits in vec(visit(), 1..8),
    ) {
        let born = "1925-01-01".parse::<Date>().unwrap().plus_days(born).unwrap();
        // 29 February has vectors of its own.
        let born = if (born.month(), born.day()) == (2, 29) { born.plus_days(1).unwrap() } else { born };
        // After the age of majority was lowered.
        let today = "2024-01-01".parse::<Date>().unwrap().plus_days(first).unwrap();
        let mut life = Life { born, today, card: None, authentication: None, signature: None };
        for visit in visits {
            life.visit(visit)?;
        }
    }
}
