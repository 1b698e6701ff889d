//! Templates from a seed: whole ones that do something, and such with a few characters changed.

use swarm_lab::dice::Dice;

use super::pick;

/// Functions, and what they want: a text, a whole number, anything.
const FUNCTIONS: &[(&str, &str)] = &[
    ("abbrev", "IS"),
    ("abbrevboth", "IIS"),
    ("add", "AA"),
    ("add1", "A"),
    ("and", "AA"),
    ("atoi", "S"),
    ("b32dec", "S"),
    ("b32enc", "S"),
    ("b64dec", "S"),
    ("b64enc", "S"),
    ("base", "S"),
    ("biggest", "AA"),
    ("call", "A"),
    ("cat", "AAA"),
    ("clean", "S"),
    ("contains", "SS"),
    ("date", "SI"),
    ("default", "AA"),
    ("dict", "SASA"),
    ("dir", "S"),
    ("div", "AA"),
    ("empty", "A"),
    ("env", "S"),
    ("eq", "AA"),
    ("expandenv", "S"),
    ("ext", "S"),
    ("float64", "A"),
    ("ge", "AA"),
    ("gt", "AA"),
    ("hasKey", "DS"),
    ("hasPrefix", "SS"),
    ("hasSuffix", "SS"),
    ("hello", ""),
    ("html", "A"),
    ("htmlDate", "I"),
    ("indent", "IS"),
    ("index", "AA"),
    ("initials", "S"),
    ("int", "A"),
    ("int64", "A"),
    ("isAbs", "S"),
    ("join", "SA"),
    ("js", "A"),
    ("kindIs", "SA"),
    ("kindOf", "A"),
    ("le", "AA"),
    ("len", "A"),
    ("lower", "S"),
    ("lt", "AA"),
    ("max", "AA"),
    ("min", "AA"),
    ("mod", "AA"),
    ("mul", "AA"),
    ("ne", "AA"),
    ("nospace", "S"),
    ("not", "A"),
    ("or", "AA"),
    ("plural", "SSI"),
    ("print", "AAA"),
    ("printf", "SAA"),
    ("println", "AA"),
    ("quote", "AA"),
    ("repeat", "IS"),
    ("replace", "SSS"),
    ("set", "DSA"),
    ("sha256sum", "S"),
    ("split", "SS"),
    ("splitPreserveQuotes", "S"),
    ("squote", "AA"),
    ("sub", "AA"),
    ("substr", "IIS"),
    ("swapcase", "S"),
    ("title", "S"),
    ("trim", "S"),
    ("trimAll", "SS"),
    ("trimPrefix", "SS"),
    ("trimSuffix", "SS"),
    ("trimall", "SS"),
    ("trunc", "IS"),
    ("tuple", "AAA"),
    ("typeIs", "SA"),
    ("typeIsLike", "SA"),
    ("typeOf", "A"),
    ("unset", "DS"),
    ("until", "I"),
    ("untilStep", "III"),
    ("untitle", "S"),
    ("upper", "S"),
    ("urlquery", "A"),
    ("wrap", "IS"),
    ("wrapWith", "ISS"),
    ("list", "A"),
    ("first", "A"),
    ("nindent", "IS"),
    ("slice", "SI"),
];

const TEXTS: &[&str] = &[
    r#""""#,
    r#""a""#,
    r#""a b""#,
    r#"" x y ""#,
    r#""Hello World foo bar""#,
    r#""a,b,c""#,
    r#"",""#,
    r#""1""#,
    r#""-3""#,
    r#""1.5""#,
    r#""/a/../b/c.txt""#,
    r#""a/b""#,
    r#""%d""#,
    r#""%s %v""#,
    r#""%5s|%-5q""#,
    r#""%x %X""#,
    r#""%T""#,
    r#""%+v %#v""#,
    r#""%.2f""#,
    r#""%e""#,
    r#""%08.3f""#,
    r#""%U %c""#,
    r#""%[2]d %[1]s""#,
    r#""%*d""#,
    r#""%z""#,
    r#""%""#,
    r#""%!""#,
    r#""<a href='x'>""#,
    r#""\t\n""#,
    r#""\xff""#,
    r#""\u00e9""#,
    r#""é""#,
    r#"`raw "x"`"#,
    r#""YWI=""#,
    r#""ME======""#,
    r#""string""#,
    r#""int""#,
    r#""2006-01-02T15:04:05Z07:00""#,
    r#""Jan _2 3:04PM MST""#,
    r#""ab\ncd""#,
    r#""x y  z""#,
    r#""%6.2f""#,
    r#""%t""#,
    r#""%q""#,
    r#""% x""#,
    r##""%#x""##,
    r#""%b""#,
    r#""%o""#,
    r#""ǆ""#,
    r#""ß""#,
    r#""\"""#,
    r#""‘q r’ s""#,
    r#""a'b c'd""#,
    r#""$A ${B} $$""#,
    ".Values.A",
    ".Values.B",
    ".Values.L",
    ".Values.E",
    "$x",
    ".Stack.Name",
];

const WHOLE: &[&str] =
    &["0", "1", "2", "3", "5", "8", "-1", "10", "1e1", "(atoi \"4\")", "(int 3)", "(len \"abc\")", "$i", "'a'"];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "7",
    "100",
    "0x1F",
    "010",
    "1e2",
    "1.5",
    "1e-7",
    "1500000.0",
    "1e21",
    ".5",
    "5.",
    "123456789.0",
    "0.0001",
    "0.00001",
    "'a'",
    "'\\n'",
    "1i",
    "9223372036854775807",
    "9223372036854775808",
    "-0x1e",
    "1e19",
    "-0",
    "+3",
    "0x",
    "08",
    "1e400",
    "2.50",
    "1+2i",
    "'é'",
    "'ab'",
    "'\\x41'",
    "1_000",
];

const FIELDS: &[&str] = &[
    ".",
    "$",
    ".Values",
    ".Values.A",
    ".Values.B",
    ".Values.L",
    ".Values.NO",
    ".Values.E",
    ".Stack",
    ".Stack.Name",
    ".Stack.Version",
    ".Release.PreviousVersion",
    ".Environment.Name",
    ".Stack.Nope",
    ".NO",
    ".Values.NO.x",
    "$.Values.A",
    "nil",
    "true",
    "false",
    "$x",
    "$y",
    "$i",
    ".Name",
    ".x",
    "hello",
    "dict",
];

const SIGNS: &[&str] = &[
    " ", "  ", "(", ")", "|", ".", "$", "\"", "`", "'", "{{", "}}", "-", "- ", " -", "\n", "\t", ",", ":=", "=", "end",
    "else", "if", "range", "1", "x", "é", "/*", "*/", "%", "\\", "nil", "{{end}}", "{{else}}", "\r\n", "define",
    "\u{feff}", "²", "break",
];

/// A template, and in a third of the cases one with a few changes.
pub(super) fn template(dice: &mut Dice) -> String {
    // Without these most would be refused for a variable that is not there.
    let mut out = if dice.below(8) == 0 { String::new() } else { "{{$x := \"v\"}}{{$y := 7}}{{$i := 2}}".to_owned() };
    for _ in 0..=dice.below(3) {
        node(dice, &mut out, 0);
    }
    if dice.below(3) == 0 {
        for _ in 0..=dice.below(2) {
            super::mutate(dice, &mut out, SIGNS);
        }
    }
    out
}

fn word(dice: &mut Dice, wanted: u8, out: &mut String, depth: usize) {
    match wanted {
        b'S' => out.push_str(pick(dice, TEXTS)),
        b'I' => out.push_str(pick(dice, WHOLE)),
        b'D' if dice.below(3) > 0 => out.push_str(pick(dice, &["(dict \"a\" 1)", "(dict)", "$x", "nil"])),
        _ => match dice.below(100) {
            0..30 => out.push_str(pick(dice, TEXTS)),
            30..50 => out.push_str(pick(dice, NUMBERS)),
            50..72 => out.push_str(pick(dice, FIELDS)),
            _ if depth > 3 => out.push_str(pick(dice, FIELDS)),
            _ => {
                out.push('(');
                pipeline(dice, out, depth + 1);
                out.push(')');
                if dice.below(10) == 0 {
                    out.push_str(pick(dice, &[".x", ".Name", "._0", "._1", ".NO"]));
                }
            }
        },
    }
}

/// A function and its arguments; the last comes from elsewhere where it is piped.
fn call(dice: &mut Dice, out: &mut String, depth: usize, is_piped: bool) {
    let (name, wanted) = pick(dice, FUNCTIONS);
    out.push_str(name);
    let mut wanted: Vec<u8> = wanted.bytes().collect();
    if is_piped || dice.below(12) == 0 {
        wanted.pop();
    }
    if dice.below(16) == 0 {
        wanted.push(b'A');
    }
    for kind in wanted {
        // Mostly what the function wants, as else it fails before it does anything.
        let kind = if dice.below(12) == 0 { b'A' } else { kind };
        out.push(' ');
        word(dice, kind, out, depth);
    }
}

fn pipeline(dice: &mut Dice, out: &mut String, depth: usize) {
    if dice.below(6) == 0 {
        word(dice, b'A', out, depth);
    } else {
        call(dice, out, depth, false);
    }
    while dice.below(4) == 0 {
        out.push_str(pick(dice, &[" | ", "|"]));
        call(dice, out, depth, true);
    }
    if dice.below(50) == 0 {
        out.push_str(" |");
    }
}

fn nodes(dice: &mut Dice, out: &mut String, depth: usize) {
    for _ in 0..dice.below(4) {
        node(dice, out, depth);
    }
}

fn action(dice: &mut Dice, out: &mut String, head: &str, with_pipeline: bool) {
    out.push_str(pick(dice, &["{{", "{{", "{{ ", "{{- "]));
    out.push_str(head);
    if with_pipeline {
        pipeline(dice, out, 0);
    }
    out.push_str(pick(dice, &["}}", "}}", " }}", " -}}"]));
}

fn node(dice: &mut Dice, out: &mut String, depth: usize) {
    let kind = if depth > 3 { dice.below(50) } else { dice.below(100) };
    match kind {
        0..20 => out.push_str(pick(dice, &["a", "b\n", " ", "\n", "x: y\n", "  ", "}", "{ {", "$"])),
        20..48 => action(dice, out, "", true),
        48..53 => {
            let head = pick(dice, &["$x := ", "$y := ", "$i:="]);
            action(dice, out, head, true);
        }
        53..68 => {
            action(dice, out, "if ", true);
            nodes(dice, out, depth + 1);
            while dice.below(4) == 0 {
                action(dice, out, "else if ", true);
                nodes(dice, out, depth + 1);
            }
            ending(dice, out, depth);
        }
        68..82 => {
            let declared = pick(dice, &["", "", "$x := ", "$i, $x := ", "$i,$y:="]);
            let over = pick(
                dice,
                &[
                    "until 3",
                    "splitPreserveQuotes .Values.B",
                    ".Values",
                    "tuple 1 \"a\" nil .Values.NO",
                    "split \",\" .Values.L",
                    "dict \"a\" 1 \"b\" nil",
                    ".Values.NO",
                    "until (atoi \"2\")",
                    "untilStep 5 0 -2",
                    "",
                ],
            );
            action(dice, out, &format!("range {declared}{over}"), over.is_empty());
            nodes(dice, out, depth + 1);
            ending(dice, out, depth);
        }
        82..90 => {
            let head = pick(dice, &["with ", "with $x := "]);
            action(dice, out, head, true);
            nodes(dice, out, depth + 1);
            ending(dice, out, depth);
        }
        90..93 => {
            let name = pick(dice, &["\"t\"", "\"u\"", "`t`", "\"template\""]);
            let dot = pick(dice, &[".", "", ".Values", "$x", "nil"]);
            action(dice, out, &format!("template {name} {dot}"), false);
        }
        93..95 => {
            action(dice, out, "block \"t\" ", true);
            nodes(dice, out, depth + 1);
            action(dice, out, "end", false);
        }
        95..97 => out.push_str(pick(dice, &["{{/* c */}}", "{{- /* c */ -}}", "{{ /* c */}}"])),
        _ => {
            let name = pick(dice, &["\"t\"", "\"u\"", "\"template\""]);
            action(dice, out, &format!("define {name}"), false);
            nodes(dice, out, depth + 1);
            action(dice, out, "end", false);
        }
    }
}

fn ending(dice: &mut Dice, out: &mut String, depth: usize) {
    if dice.below(3) == 0 {
        action(dice, out, "else", false);
        nodes(dice, out, depth + 1);
    }
    action(dice, out, "end", false);
}
