//! Resident-record code (住民票コード).

use std::fmt;

use crate::holder::Fault;
use crate::holder::Item;
use crate::holder::Rule;

use super::person::has_right_check_digit;

/// Resident-record code (住民票コード): ten random digits and a check digit, changed at the wish of
/// its bearer (Basic Resident Register Act, art. 30-4). It is kept with the record, as the Act's art.
/// 8 has it kept with the issue record, and never leaves it: no certificate, list or message carries
/// it.
///
/// The formula of the check digit is not published; that of the individual number fits every
/// specimen that is.
#[derive(Clone, PartialEq, Eq)]
pub struct ResidentCode(String);

impl ResidentCode {
    /// A code.
    ///
    /// # Errors
    /// When the text is not eleven ASCII digits with a right check digit.
    pub fn new(text: &str) -> Result<Self, Fault> {
        let fault = |message| Fault::new(Item::ResidentCode, Rule::ResidentCode(message));
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
        if text.len() != DIGITS || digits.len() != DIGITS {
            return Err(fault("write eleven ASCII digits"));
        }
        if !has_right_check_digit(&digits) {
            return Err(fault("the check digit, the eleventh, is wrong: a digit is mistyped"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResidentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentCode(redacted)")
    }
}

const DIGITS: usize = 11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_carry_a_check_digit() {
        // Published specimens.
        for code in ["24727059608", "24846016224", "25208017643"] {
            assert_eq!(ResidentCode::new(code).unwrap().as_str(), code);
        }
        for code in ["25208017644", "2520801764", "252080176430", "２５２０８０１７６４３", ""]
        {
            assert_eq!(ResidentCode::new(code).unwrap_err().code(), "E-RESIDENT-CODE");
        }
        assert_eq!(format!("{:?}", ResidentCode::new("24727059608")), "Ok(ResidentCode(redacted))");
    }
}
