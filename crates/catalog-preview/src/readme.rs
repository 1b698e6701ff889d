//! A README as a part of a page: its Markdown, and of its HTML what cannot act.

use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};

/// The most that is shown of one, in bytes.
const LONGEST: usize = 40_000;
/// The most that its HTML has.
const HEAVIEST: usize = 60_000;
/// How deep its parts may lie in each other, and how much HTML of its own it may have, in bytes: what is deeper, or more,
/// would take long to clean, and is text.
const DEEPEST: usize = 40;
const MOST_HTML: usize = 8_000;
/// The rank of its first heading: above it stand those of the page.
const FIRST: usize = 3;

const TAGS: [&str; 30] = [
    "a",
    "abbr",
    "blockquote",
    "br",
    "code",
    "dd",
    "del",
    "details",
    "dl",
    "dt",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
];
const MORE_TAGS: [&str; 2] = ["thead", "ul"];

/// The HTML of a README, and whether its end is left out.
pub fn to_html(markdown: &str) -> (String, bool) {
    let mut end = markdown.len().min(LONGEST);
    loop {
        while !markdown.is_char_boundary(end) {
            end -= 1;
        }
        let parser = Parser::new_ext(&markdown[..end], Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
        let mut unsafe_html = String::new();
        html::push_html(&mut unsafe_html, Quiet::new(parser));
        let html = if unsafe_html.len() > HEAVIEST { unsafe_html } else { sanitised(&unsafe_html) };
        if html.len() <= HEAVIEST {
            return (html, end < markdown.len());
        }
        // Some signs become many.
        end /= 2;
    }
}

fn sanitised(html: &str) -> String {
    let attributes = HashMap::from([("a", HashSet::from(["href"])), ("ol", HashSet::from(["start"]))]);
    Builder::empty()
        .tags(TAGS.into_iter().chain(MORE_TAGS).collect())
        .clean_content_tags(HashSet::from(["script", "style", "title", "svg", "math", "iframe", "object", "template"]))
        .tag_attributes(attributes)
        // What is too wide scrolls in itself, also by keys.
        .set_tag_attribute_value("pre", "tabindex", "0")
        .set_tag_attribute_value("table", "tabindex", "0")
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(html)
        .to_string()
}

/// The events of a README, with pictures as links to them, since a page asks nobody for anything, and with headings that
/// begin below those of the page and leave out no rank.
struct Quiet<I> {
    events: I,
    waiting: Vec<Event<'static>>,
    depth: usize,
    html_left: usize,
    links: usize,
    pictures: usize,
    ranks: Vec<(usize, usize)>,
}

impl<'a, I: Iterator<Item = Event<'a>>> Quiet<I> {
    fn new(events: I) -> Self {
        Self { events, waiting: Vec::new(), depth: 0, html_left: MOST_HTML, links: 0, pictures: 0, ranks: Vec::new() }
    }

    fn rank(&mut self, level: HeadingLevel) -> HeadingLevel {
        let level = level as usize;
        while self.ranks.last().is_some_and(|(own, _)| *own >= level) {
            self.ranks.pop();
        }
        let rank = self.ranks.last().map_or(FIRST, |(_, above)| above + 1).min(6);
        self.ranks.push((level, rank));
        HeadingLevel::try_from(rank).unwrap_or(HeadingLevel::H6)
    }

    fn begun(&mut self, tag: Tag<'a>) -> Event<'a> {
        match tag {
            Tag::Heading { level, .. } => {
                let level = self.rank(level);
                Event::Start(Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() })
            }
            Tag::Link { .. } => {
                self.links += 1;
                Event::Start(tag)
            }
            Tag::Image { dest_url, .. } => {
                self.pictures += 1;
                let words = Event::Text("picture: ".into());
                if self.links + self.pictures > 1 {
                    return words;
                }
                self.waiting.push(words);
                let link_type = LinkType::Inline;
                Event::Start(Tag::Link { link_type, dest_url, title: "".into(), id: "".into() })
            }
            other => Event::Start(other),
        }
    }

    fn ended(&mut self, tag: TagEnd) -> Event<'a> {
        match tag {
            TagEnd::Heading(_) => {
                let rank = self.ranks.last().map_or(FIRST, |(_, rank)| *rank);
                Event::End(TagEnd::Heading(HeadingLevel::try_from(rank).unwrap_or(HeadingLevel::H6)))
            }
            TagEnd::Link => {
                self.links = self.links.saturating_sub(1);
                Event::End(tag)
            }
            TagEnd::Image => {
                self.pictures = self.pictures.saturating_sub(1);
                if self.links + self.pictures > 0 { Event::Text("".into()) } else { Event::End(TagEnd::Link) }
            }
            other => Event::End(other),
        }
    }
}

impl<'a, I: Iterator<Item = Event<'a>>> Iterator for Quiet<I> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        if let Some(event) = self.waiting.pop() {
            return Some(event);
        }
        Some(match self.events.next()? {
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > DEEPEST { Event::Text("".into()) } else { self.begun(tag) }
            }
            Event::End(tag) => {
                self.depth -= 1;
                if self.depth >= DEEPEST { Event::Text("".into()) } else { self.ended(tag) }
            }
            Event::Html(html) | Event::InlineHtml(html) => match self.html_left.checked_sub(html.len()) {
                Some(left) => {
                    self.html_left = left;
                    Event::InlineHtml(html)
                }
                None => Event::Text(html),
            },
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(markdown: &str) -> String {
        to_html(markdown).0
    }

    #[test]
    fn what_could_act_is_gone_and_the_rest_is_there() {
        for hostile in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[a](javascript:alert(1))",
            "<a href=\"javascript:alert(1)\">a</a>",
            "<svg onload=alert(1)><script>alert(1)</script></svg>",
            "<iframe src=\"https://a.example\"></iframe>",
            "<form action=/x><input name=a></form>",
            "<p style=\"position:fixed\" onclick=\"a()\" id=result>x</p>",
            "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
            "[a](data:text/html;base64,AAAA)",
            "<details open ontoggle=alert(1)>x</details>",
            "<base href=https://a.example><meta http-equiv=refresh content=0>",
        ] {
            let html = html(hostile);
            for word in
                ["script", "onerror", "alert", "iframe", "style", "onclick", "id=", "data:", "form", "base", "meta"]
            {
                assert!(!html.contains(word), "{hostile}: {html}");
            }
        }
        assert_eq!(
            html("a **b** [c](https://a.example/)"),
            "<p>a <strong>b</strong> <a href=\"https://a.example/\" rel=\"noopener noreferrer nofollow\">c</a></p>\n"
        );
    }

    #[test]
    fn a_picture_is_a_link_and_never_a_link_in_a_link() {
        assert!(html("![alt](https://a.example/p.png)").contains("\">picture: alt</a>"));
        let badge = html("[![build](https://a.example/b.svg)](https://a.example/)");
        assert_eq!(badge.matches("<a ").count(), 1, "{badge}");
        assert!(!html("![alt](p.png)").contains("href"));
    }

    #[test]
    fn headings_leave_out_no_rank() {
        let html = html("# a\n#### b\n## c\n# d\n###### e");
        let ranks: String = html.split("<h").skip(1).filter_map(|rest| rest.chars().next()).collect();
        assert_eq!(ranks, "34434");
    }

    #[test]
    fn enormous_and_deep_texts_have_an_end() {
        for text in
            [">".repeat(100_000), "<div>".repeat(50_000), "- ".repeat(60_000), "[".repeat(90_000), "é".repeat(90_000)]
        {
            assert!(to_html(&text).1);
        }
    }
}
