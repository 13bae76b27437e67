//! The basic four items together.

use super::address::Address;
use super::birth_date::BirthDate;
use super::name::Name;
use super::sex::Sex;

/// The basic four items (基本4情報): what a signature certificate attests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicFour {
    /// Name (氏名).
    pub name: Name,
    /// Date of birth (生年月日).
    pub birth_date: BirthDate,
    /// Sex (性別).
    pub sex: Sex,
    /// Address (住所).
    pub address: Address,
}
