//! Prints the page of which `scripts/picture` makes the README's picture.

#[path = "../tests/support/picture.rs"]
mod picture;

fn main() {
    print!("{}", picture::page("community-catalog".as_ref()));
}
