//! YAML documents and texts with variables, from a seed.

use swarm_lab::dice::Dice;

use super::{mutate, pick};

const PIECES: &[&str] = &[
    "a",
    "b",
    "key",
    ": ",
    ":",
    "- ",
    "-",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "\n ",
    " ",
    "  ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    ",",
    ", ",
    "? ",
    "?",
    "&x ",
    "*x",
    "&y ",
    "*y",
    "!",
    "!!str ",
    "!!int ",
    "!!float ",
    "!!binary ",
    "!!null ",
    "!t ",
    "!<tag:yaml.org,2002:int> ",
    "\"",
    "\"",
    "'",
    "'",
    "|",
    ">",
    "|-",
    "|+",
    ">-",
    "|2",
    ">1",
    "#",
    "# c",
    " #c",
    "---",
    "\n---\n",
    "\n...\n",
    "...",
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "%",
    "@",
    "`",
    "<<: ",
    "<<",
    "*",
    "&",
    "\\n",
    "\\x41",
    "\\u00e9",
    "\\/",
    "\\",
    "é",
    "\u{2028}",
    "\u{85}",
    "\u{feff}",
    "\r\n",
    "\r",
    "1",
    "0",
    "010",
    "0x1f",
    "1.5",
    "1e3",
    "yes",
    "no",
    "n",
    "y",
    "~",
    "null",
    "true",
    ".inf",
    "-1",
    "+1",
    "0b11",
    "1_000",
    "=",
    "aGk=",
    "$",
    "(",
    ")",
    "a: 1\n",
    "b: 2\n",
    "- x\n",
    "  c: d\n",
    "key: value\n",
    "[a, b]",
    "{a: b}",
    "x y",
    "\"q\"",
    "'s'",
    "|\n  text\n",
    ">\n  text\n  more\n",
    "!!merge <<: ",
    "0o17",
    "+.inf",
    "08",
    "12e03",
    "0b-1",
    "2001-01-01",
    "190:20",
];

const WHOLE: &[&str] = &[
    "a: 1\nb:\n  c: d\n  e: [1, 2, {f: g}]\n",
    "version: \"2\"\nservices:\n  web:\n    image: nginx:1\n    ports:\n    - 80:80\n    environment:\n      A: ${B}\n",
    "x: &a {p: 1, q: 2}\ny:\n  <<: *a\n  q: 3\n",
    "t: |\n  line one\n   line two\n\n  three\nu: >-\n  folded\n  text\n\n  para\n",
    "- a\n- b: c\n  d: e\n- - f\n  - g\n",
    "s: 'it''s'\nd: \"a\\tb\\\n  c\"\n",
    "? complex\n: value\n? [a]\n: b\n",
    "a: b\n---\nc: d\n",
    "%YAML 1.1\n---\na: 1\n...\n",
    "{a: 1, b: [c, d], ? e : f}\n",
    "a: !!int 5\nb: !!binary aGVsbG8=\nc: !x y\n",
    "# head\na: 1 # tail\n# end\n",
    "l: [a: 1, b]\n",
    "a:\n- 1\n-\n- 2\nb:\n",
    "m: &m {a: 1}\n<<: [{a: 1}, {b: 2}, *m]\na: 3\n",
    "a: &x [1, 2]\nb: *x\nc: {d: *x, e: &x 3}\n",
    "k: >+\n\n  a\n    b\n  c\n\n\nl: |1\n  d\n",
];

/// A document: pieces put together, or a whole one with a few changes.
pub(super) fn document(dice: &mut Dice) -> String {
    if dice.below(5) < 2 {
        return (0..=dice.below(14)).map(|_| pick(dice, PIECES)).collect();
    }
    let mut out = (pick(dice, WHOLE)).to_owned();
    if dice.below(6) == 0 {
        out.push_str(pick(dice, WHOLE));
    }
    // What is read at a time ends somewhere in a longer text.
    if dice.below(12) == 0 {
        out = format!("# {}\n{out}", "x".repeat(480 + usize::try_from(dice.below(60)).unwrap()));
    }
    for _ in 0..=dice.below(4) {
        mutate(dice, &mut out, PIECES);
    }
    out
}

const SIGNS: &[&str] = &[
    "$", "${", "}", "{", "A", "_", "1", "9A", "$$", " ", "é", "-", ":", "A_1", "${A}", "$A", "${1}", "B", "\n",
    "${A:-x}", "$_",
];

/// A text that may have variables.
pub(super) fn variables(dice: &mut Dice) -> String {
    (0..dice.below(9)).map(|_| pick(dice, SIGNS)).collect()
}
