//! Parses prices as people and spreadsheets write them.

use rust_decimal::Decimal;

/// Currency signs that may be beside a price.
const SIGNS: &str = "$€£¥₹₺₽₩₪₫฿₴₦₱¢";

/// Parses `9.90`, `9,90`, `$9.90`, `1.299,00 €`, `1,299.00`, `CHF 1'299.00`. Of two different separators the last one
/// is the decimal separator; a single comma before three digits separates thousands. `comma_locale`: the file's locale
/// has decimal commas, so a single point before three digits is ambiguous.
///
/// # Errors
/// Fails with the reason, as the end of a sentence about the text.
pub(super) fn parse(text: &str, comma_locale: bool) -> Result<Decimal, &'static str> {
    let plain = without_currency(text).replace(['\'', '’', ' ', '\u{a0}', '\u{202f}'], "");
    if !plain.contains(|c: char| c.is_ascii_digit())
        || !plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
    {
        return Err("is not a price");
    }
    let decimal = decimal_separator(&plain, comma_locale)?;
    let (whole, fraction) = match decimal.and_then(|separator| plain.rsplit_once(separator)) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (plain.as_str(), None),
    };
    if fraction.is_some_and(|fraction| fraction.contains(['.', ','])) || !grouped(whole) {
        return Err("is not a price");
    }
    let digits = whole.replace(['.', ','], "");
    let number = match fraction {
        Some(fraction) => format!("{digits}.{fraction}"),
        None => digits,
    };
    number.parse().map_err(|_| "is not a price")
}

fn decimal_separator(plain: &str, comma_locale: bool) -> Result<Option<char>, &'static str> {
    let last = plain.rfind(['.', ',']).map(|place| (char::from(plain.as_bytes()[place]), plain.len() - place - 1));
    let Some((separator, digits_after)) = last else { return Ok(None) };
    let both = plain.contains('.') && plain.contains(',');
    let once = plain.matches(separator).count() == 1;
    let leads = plain.starts_with('0') || plain.starts_with(separator) || plain.len() - digits_after - 1 > 3;
    Ok(match separator {
        _ if both => once.then_some(separator),
        _ if !once => None,
        _ if digits_after != 3 || leads => Some(separator),
        ',' => None,
        _ if comma_locale => return Err("is ambiguous: write it with two decimals"),
        _ => Some(separator),
    })
}

/// Whether the integer part is plain digits, or groups of three digits with one kind of separator.
fn grouped(whole: &str) -> bool {
    let Some(separator) = whole.chars().find(|c| !c.is_ascii_digit()) else { return true };
    let mut groups = whole.split(separator);
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit()))
}

/// The text without a currency sign or code at its ends.
fn without_currency(text: &str) -> &str {
    let ends = |c: char| c.is_whitespace() || SIGNS.contains(c);
    let text = text.trim_matches(ends);
    let is_code = |word: &str| (1..=3).contains(&word.chars().count());
    let front = text.trim_start_matches(char::is_alphabetic);
    let text = if is_code(&text[..text.len() - front.len()]) { front } else { text };
    let back = text.trim_end_matches(char::is_alphabetic);
    let text = if is_code(&text[back.len()..]) { back } else { text };
    text.trim_matches(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_as_it_was_meant() {
        for (text, price) in [
            ("9.90", "9.90"),
            ("9,90", "9.90"),
            ("$9.90", "9.90"),
            ("9,90 €", "9.90"),
            ("EUR 9.90", "9.90"),
            ("9.90USD", "9.90"),
            ("A$ 12", "12"),
            ("1.299,00", "1299.00"),
            ("1,299.00", "1299.00"),
            ("1.299.000,5", "1299000.5"),
            ("1.299.000", "1299000"),
            ("1,299", "1299"),
            ("0,125", "0.125"),
            ("12.500", "12.500"),
            ("1'299.00", "1299.00"),
            ("1 299,00", "1299.00"),
            ("1\u{a0}299,00\u{a0}kr", "1299.00"),
            ("1299,000", "1299.000"),
            (".5", "0.5"),
            ("0", "0"),
        ] {
            assert_eq!(parse(text, false).map(|p| p.to_string()), Ok(price.to_owned()), "{text}");
        }
        assert_eq!(parse("1.299,00", true).map(|p| p.to_string()), Ok("1299.00".to_owned()));
    }

    #[test]
    fn what_is_no_price_or_more_than_one_is_refused() {
        for text in ["many", "", "-1", "$-1", "1e3", "1.2.3", "12,34,56", "1,23.4.5", "9.90 each", "1..2", "=1+1", "."]
        {
            assert!(parse(text, false).is_err(), "{text}");
        }
        assert!(parse("1.299", true).expect_err("two meanings").contains("two decimals"));
        assert_eq!(parse("12.50", true).map(|p| p.to_string()), Ok("12.50".to_owned()));
    }
}
