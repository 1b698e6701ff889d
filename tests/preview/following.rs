//! A page that is open hears of each file that it tells of.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use swarm_lab::generator::rendered_catalog;
use swarm_lab::previewed::Preview;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use super::many_clients::sent;

pub fn trials() -> Vec<Trial> {
    trials![
        a_file_of_any_version_is_news_on_the_page_of_all_findings,
        a_configuration_above_the_catalog_is_news,
        a_configuration_that_is_wrong_is_news_when_it_is_mended,
    ]
}

const LIMIT: Duration = Duration::from_secs(20);
const VERSION: &str = "/catalog/infra-templates/swarm/4";

/// The news that a page hears.
struct News(BufReader<TcpStream>);

impl News {
    fn of(preview: &Preview) -> Self {
        let stream = sent(preview, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let mut news = Self(BufReader::new(stream));
        news.next("it is connected");
        news
    }

    /// Waits for the next state of the files.
    #[track_caller]
    fn next(&mut self, what: &str) {
        let mut line = String::new();
        // It says every 15 s that nothing is new.
        let start = Instant::now();
        while !line.starts_with("data: ") {
            line.clear();
            let read = self.0.read_line(&mut line).unwrap_or_else(|error| panic!("no news that {what}: {error}"));
            assert!(read > 0, "no news that {what}: the stream has ended");
            assert!(start.elapsed() < LIMIT, "no news that {what}");
        }
    }
}

/// Looks at a page, writes a file, and hears of it.
fn is_news(preview: &Preview, page: &str, file: &Path, text: &str) {
    preview.get(page).text();
    let mut news = News::of(preview);
    fs::write(file, text).unwrap();
    news.next(&format!("{} is written, which {page} tells of", file.display()));
}

fn a_file_of_any_version_is_news_on_the_page_of_all_findings() {
    let folder = rendered_catalog();
    let catalog = folder.path().join("community-catalog");
    let preview = Preview::start(&catalog, &[]);
    let file = catalog.join("infra-templates/swarm/4/docker-compose.yml");
    is_news(&preview, "/findings", &file, "version: '2'\nservices: [");
    assert!(preview.get("/findings").text().contains("docker-compose.yml"));
}

const NOTHING_ALLOWED: &str = "catalog = \"community-catalog\"\n";

fn a_configuration_above_the_catalog_is_news() {
    let folder = rendered_catalog();
    let config = folder.path().join("gen-catalog.toml");
    fs::write(&config, NOTHING_ALLOWED).unwrap();
    let preview = Preview::start(&folder.path().join("community-catalog"), &[]);
    for page in ["/findings", VERSION, &format!("{VERSION}/findings")] {
        is_news(&preview, page, &config, NOTHING_ALLOWED);
    }
}

fn a_configuration_that_is_wrong_is_news_when_it_is_mended() {
    let folder = rendered_catalog();
    let config = folder.path().join("gen-catalog.toml");
    fs::write(&config, "catalog = \"community-catalog\"\nalow = []\n").unwrap();
    let preview = Preview::start(&folder.path().join("community-catalog"), &[]);
    assert!(preview.get("/findings").text().contains("alow"));
    is_news(&preview, "/findings", &config, NOTHING_ALLOWED);
    assert!(!preview.get("/findings").text().contains("alow"));
}
