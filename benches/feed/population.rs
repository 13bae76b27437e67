//! A fictional population and what happens to it: always the same, from a fixed seed.

use std::collections::VecDeque;

use jpki_ca::authority::EventOutcome;
use jpki_ca::authority::Fate;
use jpki_ca::holder::Municipality;

/// Residents, the municipalities that report on them, and the state of chance.
pub(crate) struct Population {
    residents: Vec<Resident>,
    offices: Vec<Office>,
    /// Who has moved out and not moved in.
    leaving: VecDeque<usize>,
    /// Lines sent lately, any of which may be sent again.
    recent: VecDeque<Vec<u8>>,
    chance: u64,
}

#[derive(Clone, Copy)]
struct Resident {
    office: usize,
    house: usize,
    name: usize,
    present: bool,
}

struct Office {
    municipality: Municipality,
    sent: u64,
}

/// Events that arrive together, and what is to become of them.
pub(crate) struct Group {
    pub(crate) lines: Vec<Vec<u8>>,
    refused: usize,
    duplicate: usize,
}

impl Group {
    /// Whether each kind of outcome came about as often as was meant.
    pub(crate) fn check(&self, outcomes: &[EventOutcome]) -> Result<(), String> {
        let refused = |one: &&EventOutcome| matches!(one.fate, Fate::Refused { .. });
        let duplicate = |one: &&EventOutcome| one.fate == Fate::Duplicate;
        let waiting = |one: &&EventOutcome| matches!(one.fate, Fate::Waiting { .. });
        let found = (
            outcomes.iter().filter(refused).count(),
            outcomes.iter().filter(duplicate).count(),
            outcomes.iter().filter(waiting).count(),
        );
        if found == (self.refused, self.duplicate, 0) {
            return Ok(());
        }
        let one = outcomes.iter().rfind(refused);
        Err(format!("refused, duplicate, waiting: {found:?}, last refused {one:?}"))
    }
}

impl Population {
    pub(crate) fn new(residents: usize) -> Self {
        let step = Municipality::all().count() / OFFICES;
        let municipalities = Municipality::all().step_by(step).take(OFFICES);
        let offices: Vec<Office> =
            municipalities.map(|municipality| Office { municipality, sent: 0 }).collect();
        let resident = |number: usize| Resident {
            office: number % offices.len(),
            house: number % 9_000 + 1,
            name: number % NAMES,
            present: true,
        };
        Self {
            residents: (0..residents).map(resident).collect(),
            offices,
            leaving: VecDeque::new(),
            recent: VecDeque::new(),
            chance: 0x9e37_79b9_7f4a_7c15,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.residents.len()
    }

    /// A resident as a holder file.
    pub(crate) fn file(&self, number: usize) -> String {
        let resident = self.residents[number];
        let (month, day) = (number % 12 + 1, number % 28 + 1);
        format!(
            r#"{{"person":"{}","name":"{}","birth_date":"1980-{month:02}-{day:02}","sex":"female","address":"{}","municipality":"{}","residence":{{"category":"national"}},"card":{{"expires":"2034-{month:02}-{day:02}"}}}}"#,
            person(number),
            name(resident.name),
            self.address(resident.office, resident.house),
            self.offices[resident.office].municipality.code(),
        )
    }

    /// The next events.
    pub(crate) fn events(&mut self, count: usize) -> Group {
        let mut group = Group { lines: Vec::with_capacity(count), refused: 0, duplicate: 0 };
        for _ in 0..count {
            let line = match self.draw(1000) {
                0..620 => self.relocation(false),
                620..770 => self.send_about("household_change", ""),
                770..850 => self.name_change(),
                850..900 => self.move_out(),
                900..950 => self.move_in(),
                950..970 => self.death(),
                970..985 => {
                    group.refused += 1;
                    self.relocation(true)
                }
                _ => match self.again() {
                    Some(line) => {
                        group.duplicate += 1;
                        line
                    }
                    None => self.relocation(false),
                },
            };
            self.recent.push_back(line.clone());
            if self.recent.len() > 1000 {
                self.recent.pop_front();
            }
            group.lines.push(line);
        }
        group
    }

    fn relocation(&mut self, mistaken: bool) -> Vec<u8> {
        let number = self.anyone();
        let Resident { office, house, .. } = self.residents[number];
        let next = house % 9_000 + 1;
        let old = self.address(office, if mistaken { next } else { house });
        let new = self.address(office, if mistaken { house } else { next });
        if !mistaken {
            self.residents[number].house = next;
        }
        let changes = format!(r#","changes":{{"address":{{"old":"{old}","new":"{new}"}}}}"#);
        self.send(office, number, "relocation", &changes)
    }

    fn name_change(&mut self) -> Vec<u8> {
        let number = self.anyone();
        let Resident { office, name: old, .. } = self.residents[number];
        let new = (old + 1) % NAMES;
        self.residents[number].name = new;
        let (old, new) = (name(old), name(new));
        let changes = format!(r#","changes":{{"name":{{"old":"{old}","new":"{new}"}}}}"#);
        self.send(office, number, "name_change", &changes)
    }

    fn move_out(&mut self) -> Vec<u8> {
        let number = self.anyone();
        self.residents[number].present = false;
        self.leaving.push_back(number);
        self.send(self.residents[number].office, number, "move_out", "")
    }

    /// Whoever left first arrives, with the card.
    fn move_in(&mut self) -> Vec<u8> {
        let Some(number) = self.leaving.pop_front() else {
            return self.move_out();
        };
        let Resident { office: from, house, .. } = self.residents[number];
        let to = (from + 1) % self.offices.len();
        let changes = format!(
            r#","changes":{{"address":{{"old":"{}","new":"{}"}},"municipality":{{"old":"{}","new":"{}"}}}}"#,
            self.address(from, house),
            self.address(to, house),
            self.offices[from].municipality.code(),
            self.offices[to].municipality.code(),
        );
        self.residents[number].office = to;
        self.residents[number].present = true;
        self.send(to, number, "special_move_in", &changes)
    }

    fn death(&mut self) -> Vec<u8> {
        let number = self.anyone();
        self.residents[number].present = false;
        self.send(self.residents[number].office, number, "death", "")
    }

    /// A line that was sent before.
    fn again(&mut self) -> Option<Vec<u8>> {
        let count = self.recent.len();
        if count == 0 {
            return None;
        }
        let at = self.draw(count);
        self.recent.get(at).cloned()
    }

    fn send_about(&mut self, reason: &str, changes: &str) -> Vec<u8> {
        let number = self.anyone();
        self.send(self.residents[number].office, number, reason, changes)
    }

    fn send(&mut self, office: usize, number: usize, reason: &str, changes: &str) -> Vec<u8> {
        let office = &mut self.offices[office];
        office.sent += 1;
        let (code, seq) = (office.municipality.code(), office.sent);
        format!(
            r#"{{"source":"{code}","seq":{seq},"id":"{code}-{DAY}-{seq:07}","person":"{}","reason":"{reason}","event_date":"{DAY}","notified_on":"{DAY}","recorded_at":"{RECORDED}"{changes}}}"#,
            person(number),
        )
        .into_bytes()
    }

    fn address(&self, office: usize, house: usize) -> String {
        let municipality = self.offices[office].municipality;
        let (prefecture, name) = (municipality.prefecture(), municipality.name());
        let house: String = house.to_string().chars().filter_map(wide).collect();
        format!("{prefecture}{name}中里五丁目{house}番地")
    }

    /// Someone who lives where the register says.
    fn anyone(&mut self) -> usize {
        loop {
            let number = self.draw(self.residents.len());
            if self.residents[number].present {
                return number;
            }
        }
    }

    /// A number below `limit` (xorshift64*).
    fn draw(&mut self, limit: usize) -> usize {
        self.chance ^= self.chance >> 12;
        self.chance ^= self.chance << 25;
        self.chance ^= self.chance >> 27;
        let number = self.chance.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        usize::try_from(number).unwrap_or(0) % limit
    }
}

/// The handle of a resident.
pub(crate) fn person(number: usize) -> String {
    format!("bench-{number:08}")
}

fn name(number: usize) -> String {
    let surname = SURNAMES[number % SURNAMES.len()];
    let given = GIVEN[number / SURNAMES.len() % GIVEN.len()];
    format!("{surname}　{given}")
}

fn wide(digit: char) -> Option<char> {
    char::from_u32('０' as u32 + digit.to_digit(10)?)
}

const SURNAMES: [&str; 7] = ["山田", "佐藤", "高橋", "田中", "伊藤", "中村", "小林"];
const GIVEN: [&str; 5] = ["花子", "美咲", "陽子", "さくら", "結衣"];
const NAMES: usize = 35;

/// Municipalities whose events arrive mixed.
const OFFICES: usize = 40;

/// The day on which everything happens, and the moment when the registers are changed.
const DAY: &str = "2026-04-03";
const RECORDED: &str = "2026-04-03T10:15:00+09:00";
