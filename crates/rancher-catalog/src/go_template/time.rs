//! Go's `time`: a layout is the way in which a certain moment is written.

use std::fmt::Write;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A moment as a calendar and a clock show it, in UTC.
struct Moment {
    year: i64,
    month: usize,
    day: i64,
    weekday: usize,
    year_day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

impl Moment {
    fn new(seconds: i64) -> Self {
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Days from the first of March of the year 0, so that leap days come last.
        let shifted = days + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let month = usize::try_from(month).unwrap_or(1);
        Self {
            year,
            month,
            day,
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0),
            year_day: before[month - 1] + day + i64::from(is_leap && month > 2),
            hour: of_day / 3_600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
        }
    }
}

/// The parts of a layout, of those that begin alike the longer first.
const PARTS: [&str; 31] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "Z07:00:00",
    "Z070000",
    "Z07:00",
    "Z0700",
    "Z07",
    "-07:00:00",
    "-070000",
    "-07:00",
    "-0700",
    "-07",
    "01",
    "02",
    "002",
    "03",
    "04",
    "05",
    "06",
    "15",
    "PM",
    "pm",
    "_2006",
    "_2",
    "1",
    "2",
    "3",
];

/// Writes a moment, in seconds since 1970, as a layout says.
pub(super) fn format(seconds: i64, layout: &str) -> String {
    let moment = Moment::new(seconds);
    let mut out = String::with_capacity(layout.len() + 8);
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = fraction(rest, &out) {
            // A fraction of a second is always nothing here.
            if rest.as_bytes()[1] == b'0' {
                out.push('.');
                out.extend(std::iter::repeat_n('0', length - 1));
            }
            rest = &rest[length..];
            continue;
        }
        let part = PARTS.iter().chain(&["4", "5"]).find(|part| rest.starts_with(**part) && fits(part, rest));
        if let Some(part) = part {
            write(&mut out, part, &moment);
            rest = &rest[part.len()..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// `Jan` within a longer word is none.
fn fits(part: &str, rest: &str) -> bool {
    let goes_on = rest[part.len()..].starts_with(|c: char| c.is_ascii_lowercase());
    !(matches!(part, "Jan" | "Mon") && goes_on)
}

/// `.000` or `.999`, where no digit follows; its length.
fn fraction(rest: &str, _before: &str) -> Option<usize> {
    let digits = rest.strip_prefix(['.', ','])?;
    let first = digits.chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let count = digits.len() - digits.trim_start_matches(first).len();
    (!digits[count..].starts_with(|c: char| c.is_ascii_digit())).then_some(count + 1)
}

fn write(out: &mut String, part: &str, moment: &Moment) {
    let hour = if moment.hour % 12 == 0 { 12 } else { moment.hour % 12 };
    let month = MONTHS[moment.month - 1];
    let day = DAYS[moment.weekday];
    let written = match part {
        "January" => write!(out, "{month}"),
        "Jan" => write!(out, "{}", &month[..3]),
        "1" => write!(out, "{}", moment.month),
        "01" => write!(out, "{:02}", moment.month),
        "Monday" => write!(out, "{day}"),
        "Mon" => write!(out, "{}", &day[..3]),
        "2" => write!(out, "{}", moment.day),
        "_2" => write!(out, "{:2}", moment.day),
        "02" => write!(out, "{:02}", moment.day),
        "002" => write!(out, "{:03}", moment.year_day),
        "15" => write!(out, "{:02}", moment.hour),
        "3" => write!(out, "{hour}"),
        "03" => write!(out, "{hour:02}"),
        "4" => write!(out, "{}", moment.minute),
        "04" => write!(out, "{:02}", moment.minute),
        "5" => write!(out, "{}", moment.second),
        "05" => write!(out, "{:02}", moment.second),
        "2006" => write!(out, "{:04}", moment.year),
        "_2006" => write!(out, "_{:04}", moment.year),
        "06" => write!(out, "{:02}", moment.year.rem_euclid(100)),
        "PM" => write!(out, "{}", if moment.hour >= 12 { "PM" } else { "AM" }),
        "pm" => write!(out, "{}", if moment.hour >= 12 { "pm" } else { "am" }),
        "MST" => write!(out, "UTC"),
        zone if zone.starts_with('Z') => write!(out, "Z"),
        "-07:00:00" => write!(out, "+00:00:00"),
        "-070000" => write!(out, "+000000"),
        "-07:00" => write!(out, "+00:00"),
        "-0700" => write!(out, "+0000"),
        _ => write!(out, "+00"),
    };
    debug_assert!(written.is_ok(), "a text takes what is written to it");
}

/// `time.ParseDuration`, in whole seconds.
pub(super) fn duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        seconds += number
            * match &rest[..unit] {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3_600.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    #[allow(clippy::cast_possible_truncation, reason = "a duration of Go has 292 years at the most")]
    (seconds < 9.2e9).then_some((sign * seconds).floor() as i64)
}
