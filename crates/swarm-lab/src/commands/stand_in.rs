//! The stand-in for Rancher alone, to try the daemon against.
//!
//!     cargo run -p swarm-lab -- stand-in --host laptop=127.0.0.1

use std::error::Error;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use clap::Args;
use swarm_lab::lab::rancher::{ACCESS_KEY, Asked, Listen, SECRET_KEY};
use swarm_lab::lab::{Kind, Rancher};

use super::end_wanted::end_wanted;
use super::pair::pair;

/// How often new requests are looked for.
const PAUSE: Duration = Duration::from_millis(50);

/// Run the stand-in for Rancher alone, to try the daemon against.
#[derive(Args)]
pub struct StandIn {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// The port of metadata; Rancher's own is 80
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    metadata_port: u16,
    /// The port of the API
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    api_port: u16,
    /// A host by its name and the address that its requests come from; may be given again [default: localhost=127.0.0.1]
    #[arg(long = "host", value_name = "NAME=ADDRESS", value_parser = pair)]
    hosts: Vec<(String, String)>,
    /// How long a write takes to show up in metadata, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    delay: u64,
    /// The API speaks HTTPS; the CA's certificate is written to this file
    #[arg(long, value_name = "FILE")]
    https: Option<PathBuf>,
    /// Print every request, not only those that change something
    #[arg(long)]
    requests: bool,
}

pub fn run(stand_in: &StandIn) -> Result<ExitCode, String> {
    serve(stand_in).map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn serve(stand_in: &StandIn) -> Result<(), Box<dyn Error>> {
    let end = end_wanted()?;
    let listen = Listen {
        metadata: (stand_in.listen, stand_in.metadata_port).into(),
        api: (stand_in.listen, stand_in.api_port).into(),
        tls: stand_in.https.is_some(),
    };
    let rancher = Rancher::start(listen).map_err(|error| {
        format!("ports {} and {} of {}: {error}", listen.metadata.port(), listen.api.port(), stand_in.listen)
    })?;
    rancher.set_metadata_delay(Duration::ZERO);
    let default = [("localhost".to_owned(), "127.0.0.1".to_owned())];
    let hosts = if stand_in.hosts.is_empty() { &default[..] } else { &stand_in.hosts };
    for (name, address) in hosts {
        let address = address.parse().map_err(|_| format!("--host {name}={address}: {address} is no IP address"))?;
        println!("host {name} at {address} has the uuid {}", rancher.register(name, address));
    }
    rancher.set_metadata_delay(Duration::from_millis(stand_in.delay));
    println!("\nmetadata is at {}/latest; for the daemon:\n", rancher.metadata_url());
    println!("export CATTLE_URL={}", rancher.api_url());
    println!("export CATTLE_ACCESS_KEY={ACCESS_KEY}");
    println!("export CATTLE_SECRET_KEY={SECRET_KEY}");
    if let (Some(file), Some(ca)) = (&stand_in.https, rancher.ca()) {
        std::fs::write(file, ca).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("export CATTLE_CA_CERT={}", file.display());
    }
    println!("\nBy hand:\n");
    println!("curl -H 'Accept: application/json' {}/latest/self", rancher.metadata_url());
    println!("curl -u {ACCESS_KEY}:{SECRET_KEY} {}/hosts", rancher.api_url());
    println!("\nCtrl-C ends it.\n");
    let mut told = 0;
    while !end.load(Ordering::SeqCst) {
        for asked in rancher.log_since(told) {
            told += 1;
            if stand_in.requests || asked.method != "GET" {
                println!("{}", told_of(&asked));
            }
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

fn told_of(asked: &Asked) -> String {
    let kind = match asked.kind {
        Kind::Metadata => "metadata",
        Kind::Api => "api",
    };
    let query = if asked.query.is_empty() { String::new() } else { format!("?{}", asked.query) };
    format!("{} {kind} {} {}{query} {}", asked.source, asked.method, asked.path, asked.body).trim_end().to_owned()
}
