//! What `gen-catalog new` asks at a terminal where no option says what the template runs.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::bail;

use crate::new_template::{HealthCheck, Image, Port, Source, TemplateName, Wishes};

/// So often a question is asked again.
const PATIENCE: usize = 5;
/// The most that is read of an answer.
const LONGEST: u64 = 4096;

/// Asks for what is missing; what an option says is not asked.
pub(super) fn ask(wishes: &mut Wishes, name: Option<TemplateName>) -> anyhow::Result<()> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        if name.is_none() {
            bail!("NAME is missing: what the template is called");
        }
        bail!("nothing says what the template runs: give --image, --from-image, --compose or --model");
    }
    wishes.name = match name {
        Some(name) => name,
        None => required("Name of the template (letters, digits, hyphens)", str::parse)?,
    };
    wishes.source = Source::Image(required("Image that it runs, with its tag, such as nginx:1.25.3", |text| {
        match text.parse::<Image>()? {
            Image::Own(image) => Ok(image),
            Image::Of(_) => Err("the name of an image has no `=` in it".to_owned()),
        }
    })?);
    if wishes.about.description.is_none() {
        wishes.about.description = optional("A sentence on it", |text| Ok(text.to_owned()))?;
    }
    if wishes.about.maintainer.is_none() {
        wishes.about.maintainer =
            optional("Who looks after it: First Last <mail@example.com>", super::new::maintainer)?;
    }
    if wishes.parts.ports.is_empty() {
        wishes.parts.ports.extend(optional("Port that it publishes, such as 8080:80", str::parse::<Port>)?);
    }
    if wishes.parts.health_check.is_none() {
        wishes.parts.health_check = optional("Port to ask whether it is well, such as 80/", str::parse::<HealthCheck>)?;
    }
    Ok(())
}

fn required<T>(question: &str, read: impl Fn(&str) -> Result<T, String>) -> anyhow::Result<T> {
    let filled = |text: &str| if text.is_empty() { Err("it cannot be blank".to_owned()) } else { read(text) };
    match answered(&format!("{question}: "), filled)? {
        Some(answer) => Ok(answer),
        None => bail!("no answer to: {question}"),
    }
}

fn optional<T>(question: &str, read: impl Fn(&str) -> Result<T, String>) -> anyhow::Result<Option<T>> {
    let blank = |text: &str| if text.is_empty() { Ok(None) } else { read(text).map(Some) };
    Ok(answered(&format!("{question} (blank for none): "), blank)?.flatten())
}

/// The answer to a question; nothing where the input has ended. What cannot be read is asked again.
fn answered<T>(question: &str, read: impl Fn(&str) -> Result<T, String>) -> anyhow::Result<Option<T>> {
    for _ in 0..PATIENCE {
        let mut prompt = io::stderr().lock();
        write!(prompt, "{question}").and_then(|()| prompt.flush())?;
        let mut line = String::new();
        if io::stdin().lock().take(LONGEST).read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match read(line.trim()) {
            Ok(answer) => return Ok(Some(answer)),
            Err(why) => writeln!(prompt, "  {why}")?,
        }
    }
    bail!("no answer that can be used to: {}", question.trim_end_matches(": "))
}
