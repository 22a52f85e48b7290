//! The ports that customers' instances may have.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// A range such as `5434-5999`, or a single port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PortRange(pub(crate) RangeInclusive<u16>);

impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a range of ports such as 5434-5999");
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let first: u16 = first.trim().parse().map_err(|_| wrong())?;
        let last: u16 = last.trim().parse().map_err(|_| wrong())?;
        if first == 0 || last < first {
            return Err(wrong());
        }
        Ok(Self(first..=last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_two_ports_in_order() {
        assert_eq!("5434-5999".parse::<PortRange>().unwrap().0, 5434..=5999);
        assert_eq!("7000".parse::<PortRange>().unwrap().0, 7000..=7000);
        for bad in ["", "a-b", "5999-5434", "0-1", "1-70000", "1-2-3"] {
            assert!(bad.parse::<PortRange>().is_err(), "{bad}");
        }
    }
}
