//! What a key may hold. Each kind gives a function from a value to its meaning or to what is wrong with it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use toml::de::DeValue;

use super::reader::{Reading, Value, nearest};

/// Text with something in it.
pub(super) fn text(value: Value<'_>) -> Reading<String> {
    match value.value {
        DeValue::String(text) if text.trim().is_empty() => value.refuse("is empty; allowed: any text"),
        DeValue::String(text) => Ok(text.clone().into_owned()),
        _ => value.wrong_type("text in quotes"),
    }
}

/// Text that is never shown, not even when it is wrong.
pub(super) fn secret(value: Value<'_>) -> Reading<super::Secret> {
    match value.value {
        DeValue::String(text) if text.is_empty() => value.refuse("is empty; allowed: any text"),
        DeValue::String(text) => Ok(super::Secret::new(text.clone().into_owned())),
        _ => value.refuse("is not a string; allowed: text in quotes"),
    }
}

/// `true` or `false`.
pub(super) fn boolean(value: Value<'_>) -> Reading<bool> {
    match value.value {
        DeValue::Boolean(boolean) => Ok(*boolean),
        _ => value.wrong_type("true, false"),
    }
}

/// A whole number of a range.
pub(super) fn integer<T>(range: RangeInclusive<T>) -> impl Fn(Value<'_>) -> Reading<T>
where
    T: TryFrom<i64> + PartialOrd + Display,
{
    move |value| {
        let allowed = format!("{} to {}", range.start(), range.end());
        let DeValue::Integer(integer) = value.value else {
            return value.wrong_type(format_args!("an integer, {allowed}"));
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok().and_then(|n| T::try_from(n).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(number),
            None => value.refuse(format!("{} is out of range; allowed: {allowed}", value.source())),
        }
    }
}

/// A number of a range.
pub(super) fn number(range: RangeInclusive<f32>) -> impl Fn(Value<'_>) -> Reading<f32> {
    move |value| {
        let allowed = format!("{:?} to {:?}", range.start(), range.end());
        let number = match value.value {
            DeValue::Integer(integer) => integer.as_str().parse().ok(),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => return value.wrong_type(format_args!("a number, {allowed}")),
        };
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(number),
            None => value.refuse(format!("{} is out of range; allowed: {allowed}", value.source())),
        }
    }
}

/// A duration of a range, in milliseconds.
pub(super) fn duration(range_ms: RangeInclusive<u64>) -> impl Fn(Value<'_>) -> Reading<Duration> {
    move |value| {
        let shown = |ms: &u64| humantime::format_duration(Duration::from_millis(*ms)).to_string();
        let allowed = format!("{} to {}", shown(range_ms.start()), shown(range_ms.end()));
        let text = match value.value {
            DeValue::String(text) => text,
            DeValue::Integer(_) | DeValue::Float(_) => {
                return value
                    .refuse(format!("{} has no unit; allowed: \"500ms\", \"30s\", …: {allowed}", value.source()));
            }
            _ => return value.wrong_type(format_args!("a duration such as \"500ms\" or \"30s\", {allowed}")),
        };
        match humantime::parse_duration(text) {
            Err(error) => value.refuse(format!("{} is not a duration ({error}); allowed: {allowed}", value.source())),
            Ok(duration) if range_ms.contains(&u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)) => Ok(duration),
            Ok(_) => value.refuse(format!("{} is out of range; allowed: {allowed}", value.source())),
        }
    }
}

/// What `kind` reads, or `"off"`.
pub(super) fn or_off<T>(kind: impl Fn(Value<'_>) -> Reading<T>) -> impl Fn(Value<'_>) -> Reading<Option<T>> {
    move |value| match value.value {
        DeValue::String(text) if text == "off" => Ok(None),
        _ => match kind(value) {
            Ok(meaning) => Ok(Some(meaning)),
            Err(mut faults) => {
                for fault in &mut faults {
                    fault.add_allowed("\"off\"");
                }
                Err(faults)
            }
        },
    }
}

/// One of a few words.
pub(super) fn one_of<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(Value<'_>) -> Reading<T> {
    move |value| {
        let allowed = || words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let DeValue::String(text) = value.value else { return value.wrong_type(allowed()) };
        match words.iter().find(|(word, _)| word == text) {
            Some((_, meaning)) => Ok(*meaning),
            None => {
                let nearest = nearest(text, words.iter().map(|(word, _)| *word));
                let suggestion = nearest.map(|nearest| format!(", did you mean \"{nearest}\"?")).unwrap_or_default();
                value.refuse(format!("{} is unknown{suggestion}; allowed: {}", value.source(), allowed()))
            }
        }
    }
}

/// A string that `T` understands.
pub(super) fn parsed<T: FromStr<Err: Display>>(value: Value<'_>) -> Reading<T> {
    match value.value {
        DeValue::String(text) => text.parse().or_else(|bad: T::Err| value.refuse(format!("{} {bad}", value.source()))),
        _ => value.wrong_type("text in quotes"),
    }
}

/// A list of at least `least` elements, each of a kind.
pub(super) fn list<T>(least: usize, kind: impl Fn(Value<'_>) -> Reading<T>) -> impl Fn(Value<'_>) -> Reading<Vec<T>> {
    move |value| {
        let DeValue::Array(elements) = value.value else { return value.wrong_type("a list, [ …, … ]") };
        if elements.len() < least {
            return value.refuse(format!("has {} elements; allowed: at least {least}", elements.len()));
        }
        let mut meanings = Vec::with_capacity(elements.len());
        let mut faults = Vec::new();
        for element in elements {
            match kind(Value::new(element, value.document)) {
                Ok(meaning) => meanings.push(meaning),
                Err(more) => faults.extend(more),
            }
        }
        if faults.is_empty() { Ok(meanings) } else { Err(faults) }
    }
}

/// Words that a caller may say.
pub(super) fn spoken_phrase(value: Value<'_>) -> Reading<String> {
    let phrase = text(value)?;
    if phrase.chars().any(char::is_alphanumeric) {
        Ok(phrase)
    } else {
        value.refuse(format!("{} holds no word; allowed: what a caller may say", value.source()))
    }
}

/// A size with its unit, in bytes.
pub(super) fn bytes(range: RangeInclusive<u64>) -> impl Fn(Value<'_>) -> Reading<u64> {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let shown = |bytes: u64| {
        let fits = UNITS.iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
        fits.map_or_else(|| format!("{bytes}"), |(name, unit)| format!("{}{name}", bytes / unit))
    };
    move |value| {
        let allowed = format!("\"64MiB\", \"1GiB\", …: {} to {}", shown(*range.start()), shown(*range.end()));
        let DeValue::String(text) = value.value else {
            return value.wrong_type(format_args!("a size such as {allowed}"));
        };
        let bytes = UNITS.iter().find_map(|(name, unit)| {
            let number: u64 = text.strip_suffix(name)?.trim().parse().ok()?;
            number.checked_mul(*unit)
        });
        match bytes {
            Some(bytes) if range.contains(&bytes) => Ok(bytes),
            Some(_) => value.refuse(format!("{} is out of range; allowed: {allowed}", value.source())),
            None => value.refuse(format!("{} is not a size; allowed: {allowed}", value.source())),
        }
    }
}

/// A path, relative to the file; it need not exist.
pub(super) fn path(value: Value<'_>) -> Reading<PathBuf> {
    Ok(value.document.resolve(&text(value)?))
}

/// A path of something that exists.
pub(super) fn existing_path(value: Value<'_>) -> Reading<PathBuf> {
    let path = path(value)?;
    match path.metadata() {
        Ok(_) => Ok(path),
        Err(error) => value.refuse(format!("{} cannot be used: {error}", path.display())),
    }
}

/// A language tag such as `en` or `de-CH`, BCP 47 in its usual subset.
pub(super) fn language(value: Value<'_>) -> Reading<String> {
    let tag = text(value)?;
    let mut subtags = tag.split('-');
    let first_fits = subtags
        .next()
        .is_some_and(|first| (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_lowercase()));
    let rest_fits = subtags
        .all(|subtag| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if first_fits && rest_fits {
        Ok(tag)
    } else {
        value.refuse(format!("{} is not a language; allowed: a tag such as \"en\" or \"de-CH\"", value.source()))
    }
}

/// A name for logs, metrics and environment variables.
pub(super) fn name(value: Value<'_>) -> Reading<String> {
    let name = text(value)?;
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
        Ok(name)
    } else {
        value.refuse(format!("{} is not a name; allowed: letters, digits, “-” and “_”", value.source()))
    }
}
