//! `NAME=VALUE` of a command line.

pub fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("an equals sign is missing")?;
    if name.is_empty() { Err("a name is missing".to_owned()) } else { Ok((name.to_owned(), value.to_owned())) }
}
