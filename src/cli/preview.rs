//! `gen-catalog preview`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use super::output::Output;

/// Shows a catalog in a browser as Rancher 1.6 shows it, live from its files, or writes that as a site of files.
///
/// The list of the catalog, each entry with its form, what a stack gets for the answers, what every choice changes, what an
/// upgrade does, what `gen-catalog check` finds, and the environment templates. A page follows the files that it shows.
///
/// The same address answers the catalog API of Rancher (`/v1-catalog/templates` and what is below it), so that a client can be
/// pointed at a working tree. Nothing can be changed through it, and only this machine reaches it unless --listen says otherwise.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog preview --open\n  \
    gen-catalog preview ../my-catalog --name mine\n  \
    gen-catalog preview ../community-catalog --beside library=../rancher-catalog\n  \
    gen-catalog preview . --html site")]
#[cfg_attr(not(feature = "preview"), allow(dead_code, reason = "this build has the command line alone"))]
pub(super) struct PreviewArgs {
    /// A catalog, or a template of one [default: community-catalog, or the catalog that gen-catalog.toml names]
    path: Option<PathBuf>,
    /// The address and port to listen at; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8093", value_parser = listen)]
    listen: SocketAddr,
    /// Open it in the browser
    #[arg(long)]
    open: bool,
    /// The name that Rancher has for the catalog [default: that of its folder, without `-catalog`]
    #[arg(long)]
    name: Option<String>,
    /// Another catalog of the same Rancher, for the stacks of environment templates
    #[arg(long, value_name = "NAME=DIR", value_parser = beside)]
    beside: Vec<(String, PathBuf)>,
    /// A name by which browsers may call this machine, beside localhost and addresses
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Write the pages as files into a folder, and end
    #[arg(long, value_name = "DIR", conflicts_with_all = ["listen", "open", "allow_host"])]
    html: Option<PathBuf>,
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").and_then(|port| port.parse::<u16>().ok());
    let address = port.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))).or_else(|| text.parse().ok());
    address.ok_or_else(|| "ADDRESS:PORT is wanted, such as 127.0.0.1:8093 or localhost:8093".to_owned())
}

fn beside(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, folder)) if !name.is_empty() && !folder.is_empty() => Ok((name.to_owned(), folder.into())),
        _ => Err("NAME=DIR is wanted, such as library=../rancher-catalog".to_owned()),
    }
}

#[cfg(not(feature = "preview"))]
pub(super) fn run(_: &PreviewArgs, _: &Output) -> anyhow::Result<Outcome> {
    anyhow::bail!(
        "this build has no preview: `cargo run --features preview -- preview`, or \
         `cargo install --path . --locked --features preview`, makes one that has"
    )
}

#[cfg(feature = "preview")]
pub(super) fn run(args: &PreviewArgs, output: &Output) -> anyhow::Result<Outcome> {
    served::run(args, output)
}

#[cfg(feature = "preview")]
mod served {
    use std::net::{IpAddr, Ipv6Addr};
    use std::path::Path;
    use std::process::{Command, Stdio};

    use anyhow::{anyhow, bail};
    use catalog_preview::catalog::{Catalog, Place, Shelf, check_name};
    use catalog_preview::links::Links;
    use catalog_preview::server::{Options, host_name, serve};
    use catalog_preview::site::write;

    use super::*;
    use crate::cli::{CATALOG, project};

    pub(super) fn run(args: &PreviewArgs, output: &Output) -> anyhow::Result<Outcome> {
        let path = match &args.path {
            Some(path) => path.clone(),
            None if Path::new(CATALOG).exists() => CATALOG.into(),
            None => project::catalog()?.unwrap_or_else(|| ".".into()),
        };
        if let Some(name) = &args.name {
            check_name(name).map_err(|error| anyhow!("--name {name:?}: {error}"))?;
        }
        let hosts = args
            .allow_host
            .iter()
            .map(|name| host_name(name).map_err(|error| anyhow!("--allow-host {name:?}: {error}")));
        let hosts = hosts.collect::<Result<Vec<String>, _>>()?;
        let (own, meant) = Catalog::open(&path, args.name.as_deref())?;
        let mut shelf = Shelf { own, beside: Vec::new() };
        for (name, folder) in &args.beside {
            put_beside(&mut shelf, name, folder)?;
        }
        if let Some(folder) = &args.html {
            let written = write(&shelf, folder).map_err(|error| anyhow!("--html: {error}"))?;
            output.info(&format!("{}: {written} pages; index.html is the first\n", folder.display()))?;
            return Ok(Outcome::Good);
        }
        let options = Options { shelf, listen: args.listen, hosts };
        serve(options, |address| begun(address, meant.as_ref(), args, output))?;
        Ok(Outcome::Good)
    }

    fn put_beside(shelf: &mut Shelf, name: &str, folder: &Path) -> anyhow::Result<()> {
        check_name(name).map_err(|error| anyhow!("--beside {name:?}: {error}"))?;
        if shelf.named(name).is_some() {
            bail!("--beside {name}: another catalog has this name already, and in Rancher each has its own");
        }
        let (catalog, _) = Catalog::open(folder, Some(name)).map_err(|error| anyhow!("--beside {name}: {error}"))?;
        shelf.beside.push(catalog);
        Ok(())
    }

    /// Says where it is, and opens it.
    fn begun(address: SocketAddr, meant: Option<&Place>, args: &PreviewArgs, output: &Output) {
        let page = meant.map(|place| Links::Live.entry(place)).unwrap_or_else(|| "/".to_owned());
        let url = format!("http://{}{page}", SocketAddr::new(reached(address.ip()), address.port()));
        if !address.ip().is_loopback() {
            output.warning("others than this machine can reach it: it shows all of the catalog to who asks");
        }
        // Nobody reads it who has closed standard output.
        let _ = output.info(&format!("{url}\nIt follows the files; Ctrl-C ends it.\n"));
        if args.open && !opened(&url) {
            output.warning(&format!("no browser could be opened: open {url} yourself"));
        }
    }

    /// An address that leads to what listens at one.
    fn reached(listening: IpAddr) -> IpAddr {
        match listening {
            IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            other => other,
        }
    }

    fn opened(url: &str) -> bool {
        ["xdg-open", "open"].iter().any(|program| {
            let mut command = Command::new(program);
            command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().is_ok()
        })
    }
}
