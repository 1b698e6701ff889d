//! `gen-catalog preview` shows what the users of Rancher see, to a browser and to clients of the catalog API, and nothing that a
//! catalog holds can act in it.

mod api_errors;
mod catalog_api;
mod following;
mod in_a_browser;
mod many_clients;
mod options;
mod served;
mod whole_corpus;

use swarm_lab::trial::Trial;

pub fn trials() -> Vec<Trial> {
    let mut trials = served::trials();
    trials.extend(whole_corpus::trials());
    trials.extend(options::trials());
    trials.extend(following::trials());
    trials.extend(many_clients::trials());
    trials.extend(api_errors::trials());
    trials.extend(catalog_api::trials());
    trials.extend(in_a_browser::trials());
    trials
}
