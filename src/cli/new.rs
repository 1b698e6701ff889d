//! `gen-catalog new`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::model::{AnyModel, from_file};
use super::output::{GOOD, HEADING, Output, Text, WARNING};
use super::{Format, Outcome, findings, new_answers, project, render_model};
use crate::catalog::CatalogRoot;
use crate::new_template::{
    About, HealthCheck, Image, Kind, Named, NewError, NewPlan, Pair, Parts, Port, Remark, Source, TemplateName, What,
    Wishes, plan, write,
};
use crate::release::pull_request::check_summary;
use catalog_check::Severity;
use catalog_check::rules::is_maintainer;
use rancher_catalog::hidden::acts;
use rancher_catalog::model::{DockerCompose, ImageReference, RancherCompose, Version};

/// How long another run is waited for that is writing into the catalog.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes a new template: from an image, from a plain docker-compose.yml, or from a model.
///
/// It writes config.yml, README.md, a placeholder for the icon, and revision 0 with both compose files, all at once or nothing;
/// a template that is there is left alone. What it makes passes `gen-catalog check --strict`. Of a compose file it says line by
/// line what Rancher has not, and what becomes of it: variables become questions, and secrets are asked for and never copied.
/// On a terminal it asks for the rest where neither an image, a compose file nor a model is given.
///
/// Exit codes: 0 it is done; 1 Rancher would refuse it, and nothing was written, or the check has a warning; 2 usage, input or
/// output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog new web --image nginx:1.25.3 --port 8080:80 --health-check 80/\n  \
    gen-catalog new shop --compose docker-compose.yml --description 'A shop' --maintainer 'Jane Doe <jane@example.com>'\n  \
    gen-catalog new shop --compose docker-compose.yml --image api=example/api:2.1.0 --dry-run\n  \
    gen-catalog new web --from-image web.tar --catalog ../catalog\n  \
    gen-catalog new agent --infra --image example/agent:1.0.0 --global --sidekick logs=example/logs:1.0.0\n  \
    gen-catalog model infra-templates/web/3 > web.yml && gen-catalog new web2 --infra --model web.yml")]
pub(super) struct NewArgs {
    /// The template's name: letters, digits and hyphens
    #[arg(value_name = "NAME")]
    name: Option<TemplateName>,
    /// The catalog's folder; without it the one that gen-catalog.toml names, else the working folder
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,
    /// Where it belongs
    #[arg(long, value_enum, default_value_t = KindName::Stack)]
    kind: KindName,
    /// The same as --kind infra
    #[arg(long, conflicts_with = "kind")]
    infra: bool,
    /// The image that it runs, with its tag; with --compose that of a service
    #[arg(long, value_name = "IMAGE|SERVICE=IMAGE", conflicts_with = "model")]
    image: Vec<Image>,
    /// Read ports, volumes, variables and labels from an image on disk: an OCI layout, its archive, or what `docker save` wrote
    #[arg(long, value_name = "PATH", conflicts_with_all = ["compose", "model"])]
    from_image: Option<PathBuf>,
    /// Make it from a compose file of any version
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    compose: Option<PathBuf>,
    /// Take in the services of this profile of the compose file
    #[arg(long, value_name = "PROFILE", requires = "compose")]
    profile: Vec<String>,
    /// Make it from the model of a version, as `gen-catalog model` prints it
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    #[command(flatten)]
    about: AboutArgs,
    #[command(flatten)]
    parts: PartsArgs,
    /// Write nothing: say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Write nothing: print the files
    #[arg(long, conflicts_with = "dry_run")]
    stdout: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What the catalog says of it.
#[derive(Debug, Args)]
struct AboutArgs {
    /// Its title [default: made of NAME]
    #[arg(long, value_name = "TEXT", value_parser = filled)]
    title: Option<String>,
    /// A sentence on it
    #[arg(long, value_name = "TEXT", value_parser = filled)]
    description: Option<String>,
    /// Its first version [default: the image's tag, if that is a version; else 0.1.0]
    #[arg(long, value_name = "VERSION", value_parser = version)]
    version: Option<Version>,
    /// The oldest Rancher that it is for [default: v1.6.0]
    #[arg(long, value_name = "VERSION", value_parser = version)]
    minimum_rancher_version: Option<Version>,
    /// Who looks after it: First Last <mail@example.com>
    #[arg(long, value_name = "NAME <MAIL>", value_parser = maintainer)]
    maintainer: Option<String>,
    /// The heading under which it is listed [default: Applications, or Infrastructure]
    #[arg(long, value_name = "TEXT", value_parser = filled)]
    category: Option<String>,
}

/// What the service of an image has besides.
#[derive(Debug, Args)]
struct PartsArgs {
    /// Publish a port; people are asked for the host's
    #[arg(long, value_name = "[HOST_PORT:]PORT[/udp]")]
    port: Vec<Port>,
    /// Set a variable; without a value, or where it looks like a secret, people are asked
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<Pair>,
    /// Keep what is at a path in a named volume, or in a folder of the host where its path stands before the colon
    #[arg(long, value_name = "[NAME|HOST_PATH:]PATH")]
    volume: Vec<String>,
    /// Run it once on every host
    #[arg(long)]
    global: bool,
    /// Let Rancher ask this port of each container, by HTTP where a path follows
    #[arg(long, value_name = "PORT[/PATH]")]
    health_check: Option<HealthCheck>,
    /// Run another container beside each of its own
    #[arg(long, value_name = "NAME=IMAGE")]
    sidekick: Vec<Named>,
}

/// Where a template belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindName {
    /// templates/: what people launch
    Stack,
    /// infra-templates/: what an environment itself needs
    Infra,
    /// mesos-templates/: what is launched in environments of Mesos
    Mesos,
    /// swarm-templates/: what is launched in environments of Swarm
    Swarm,
}

impl KindName {
    fn kind(self) -> Kind {
        match self {
            Self::Stack => Kind::Stack,
            Self::Infra => Kind::Infra,
            Self::Mesos => Kind::Mesos,
            Self::Swarm => Kind::Swarm,
        }
    }
}

fn filled(text: &str) -> Result<String, String> {
    match text.chars().find(|c| acts(*c)) {
        _ if text.trim().is_empty() => Err("it is empty: leave the option out".to_owned()),
        Some(c) => Err(format!(
            "it holds a character that is not seen (U+{:04X}): write it in one line of plain text",
            u32::from(c)
        )),
        None => Ok(text.to_owned()),
    }
}

fn version(text: &str) -> Result<Version, String> {
    let version = Version::from(text);
    version.semver().map_err(|_| "three numbers are wanted, such as 0.1.0 or v1.6.0".to_owned())?;
    Ok(version)
}

pub(super) fn maintainer(text: &str) -> Result<String, String> {
    if is_maintainer(text) { Ok(text.to_owned()) } else { Err("`First Last <mail@example.com>` is wanted".to_owned()) }
}

/// The catalog of the project, from the working folder where it lies below that.
fn in_a_project() -> anyhow::Result<PathBuf> {
    let here = std::path::absolute(".")?;
    let catalog = project::catalog()?;
    Ok(catalog.map_or_else(|| PathBuf::from("."), |at| at.strip_prefix(&here).map(PathBuf::from).unwrap_or(at)))
}

pub(super) fn run(args: &NewArgs, output: &Output) -> anyhow::Result<Outcome> {
    let catalog = match &args.catalog {
        Some(catalog) => catalog.clone(),
        None => in_a_project()?,
    };
    let root = CatalogRoot::open_whole(&catalog)?;
    let wishes = wishes(args)?;
    let is_written = !(args.dry_run || args.stdout);
    let made = if is_written { write(&root, &wishes, PATIENCE) } else { plan(&root, &wishes) };
    let plan = match made {
        Ok(plan) => plan,
        Err(error @ NewError::Refused(_)) => {
            output.error(&format!("nothing was written: {error}"));
            if args.format == Format::Json {
                output.json(&json!({ "status": "refused", "reason": error.to_string() }))?;
            }
            return Ok(Outcome::Findings);
        }
        Err(error) => return Err(error.into()),
    };
    match args.format {
        _ if args.stdout => render_model::print(&plan.files(), args.format == Format::Json, output)?,
        Format::Json => output.json(&report(&plan, is_written))?,
        Format::Text => output.info(text(&plan, &catalog, is_written))?,
    }
    let is_warning = |severity: Severity| severity >= Severity::Warning;
    let warned = plan.checked.findings.iter().any(|finding| is_warning(finding.rule.severity));
    if warned {
        for finding in plan.checked.findings.iter().filter(|finding| is_warning(finding.rule.severity)) {
            output.warning(&format!("{}: {} ({})", finding.place(), finding.message, finding.rule.id));
        }
    }
    Ok(if warned { Outcome::Findings } else { Outcome::Good })
}

fn wishes(args: &NewArgs) -> anyhow::Result<Wishes> {
    let kind = if args.infra { Kind::Infra } else { args.kind.kind() };
    let mut wishes = Wishes {
        name: "app".parse::<TemplateName>().map_err(anyhow::Error::msg)?,
        kind,
        source: Source::Compose { file: PathBuf::new(), images: Vec::new(), profiles: Vec::new() },
        about: about(&args.about),
        parts: parts(&args.parts),
    };
    match (source(args)?, &args.name) {
        (Some(source), Some(name)) => {
            wishes.source = source;
            wishes.name = name.clone();
        }
        (Some(_), None) => bail!("NAME is missing: what the template is called"),
        (None, name) => new_answers::ask(&mut wishes, name.clone())?,
    }
    Ok(wishes)
}

fn about(args: &AboutArgs) -> About {
    About {
        title: args.title.clone(),
        description: args.description.clone(),
        version: args.version.clone(),
        minimum_rancher_version: args.minimum_rancher_version.clone(),
        maintainer: args.maintainer.clone(),
        category: args.category.clone(),
    }
}

fn parts(args: &PartsArgs) -> Parts {
    Parts {
        ports: args.port.clone(),
        environment: args.env.clone(),
        volumes: args.volume.clone(),
        global: args.global,
        health_check: args.health_check.clone(),
        sidekicks: args.sidekick.clone(),
    }
}

/// What the template is made from; nothing where nothing says.
fn source(args: &NewArgs) -> anyhow::Result<Option<Source>> {
    if let Some(file) = &args.model {
        return of_model(file).map(Some);
    }
    if let Some(file) = &args.compose {
        let named = |image: &Image| match image {
            Image::Of(named) => Ok(named.clone()),
            Image::Own(image) => bail!("--image {image}: with --compose say of which service: --image SERVICE={image}"),
        };
        let images = args.image.iter().map(named).collect::<anyhow::Result<_>>()?;
        return Ok(Some(Source::Compose { file: file.clone(), images, profiles: args.profile.clone() }));
    }
    let own = |image: &Image| -> anyhow::Result<ImageReference> {
        match image {
            Image::Own(image) => Ok(image.clone()),
            Image::Of(named) => bail!("--image {}={}: SERVICE=IMAGE is for --compose", named.name, named.image),
        }
    };
    let image = match args.image.as_slice() {
        [] => None,
        [one] => Some(own(one)?),
        _ => bail!("--image is given {} times: a template of an image is of one; see --sidekick", args.image.len()),
    };
    Ok(match (&args.from_image, image) {
        (Some(path), image) => Some(Source::ImageOnDisk(path.clone(), image)),
        (None, Some(image)) => Some(Source::Image(image)),
        (None, None) => None,
    })
}

fn of_model(file: &Path) -> anyhow::Result<Source> {
    let (version, config) = match from_file(file)? {
        AnyModel::InfraVersion(version) => (Some(version), None),
        AnyModel::Infra(template) => {
            let newest = template.versions.into_iter().max_by_key(|(revision, _)| *revision);
            (newest.map(|(_, version)| version), Some(Box::new(template.config)))
        }
        AnyModel::Project(_) | AnyModel::ProjectVersion(_) => {
            bail!(
                "{} is the model of an environment template: `gen-catalog render --model` makes files of it",
                file.display()
            )
        }
    };
    let Some(version) = version else { bail!("{} has no version", file.display()) };
    let docker_compose: Box<DockerCompose> = Box::new(version.docker_compose);
    let rancher_compose: Box<RancherCompose> = Box::new(version.rancher_compose);
    Ok(Source::Model { docker_compose, rancher_compose, config, readme: version.readme })
}

fn report(plan: &NewPlan, is_written: bool) -> Value {
    let remarks = plan.remarks.iter().map(|remark| {
        json!({
            "path": remark.path,
            "line": remark.position.map(|position| position.line),
            "column": remark.position.map(|position| position.column),
            "what": remark.what,
            "message": remark.message,
        })
    });
    let files = plan.changes.iter().map(|change| json!({ "path": change.path, "change": change.kind() }));
    json!({
        "status": if is_written { "written" } else { "planned" },
        "template": plan.folder,
        "revision": 0,
        "version": plan.version,
        "files": files.collect::<Vec<_>>(),
        "remarks": remarks.collect::<Vec<_>>(),
        "check": findings::summary(&plan.checked),
    })
}

fn text(plan: &NewPlan, catalog: &Path, is_written: bool) -> Text {
    let mut out = Text::default();
    let NewPlan { folder, version, .. } = plan;
    let word = if is_written { "gets" } else { "would get" };
    out.styled(HEADING, folder).plain(&format!(" {word} {version} as revision 0\n"));
    for change in &plan.changes {
        out.plain("  ")
            .styled(GOOD, if is_written { "created" } else { "create" })
            .plain(&format!(" {}\n", change.path));
    }
    plan.remarks.iter().for_each(|remark| line(&mut out, remark));
    out.plain(&format!("check: {}\n", check_summary(&plan.checked.findings)));
    if is_written {
        let path = if catalog == Path::new(".") { PathBuf::from(folder) } else { catalog.join(folder) };
        let path = path.display();
        out.plain(&format!(
            "\nNext: put your icon in the place of catalogIcon-*.svg, and look through the files.\n  \
             gen-catalog check {path} --level note   what Rancher would refuse, and what is worth a look\n  \
             gen-catalog render-compose {path}/0     what a stack gets with the answers as they stand\n  \
             gen-catalog bump {path} --help          the next version, once this one is published\n"
        ));
    } else {
        out.plain("nothing was written; without --dry-run it is\n");
    }
    out
}

fn line(out: &mut Text, remark: &Remark) {
    out.plain(&format!("{}: ", remark.place()));
    match remark.what {
        What::LeftOut => out.styled(WARNING, &remark.message),
        What::Asked | What::Becomes => out.plain(&remark.message),
    };
    out.plain("\n");
}
