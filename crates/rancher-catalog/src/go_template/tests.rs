use proptest::prelude::*;

use super::*;

fn execute(text: &str, answers: &[(&str, &str)]) -> Execution {
    let data = Value::answers(answers.iter().copied());
    Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).execute(&data, &Limits::default())
}

fn render(text: &str, answers: &[(&str, &str)]) -> String {
    let execution = execute(text, answers);
    assert_eq!(execution.error, None, "{text}");
    String::from_utf8(execution.output).unwrap()
}

#[test]
fn the_actions_of_real_catalogs() {
    for (text, answers, out) in [
        ("a\n{{- if eq .Values.X \"S\" }}\nb\n{{- end }}\nc", &[("X", "S")][..], "a\nb\nc"),
        ("a\n{{- if eq .Values.X \"S\"}}\nb\n{{- end}}\nc", &[("X", "T")], "a\nc"),
        ("{{- if ne .Values.X \"S\" -}} yes {{- else -}} no {{- end -}} !", &[("X", "T")], "yes!"),
        (
            "{{- if and (ne .Values.X \"a\") (ne .Values.X \"b\") }}1{{- else if (ne .Values.X \"a\") }}2{{- end}}",
            &[("X", "b")],
            "2",
        ),
        ("{{- if or (eq .Values.X \"a\") (eq .Values.X \"b\")}}1{{- else}}2{{- end}}", &[("X", "b")], "1"),
        (
            "{{- if (or (eq .Values.X \"a\") (and (eq .Values.Y \"b\") (ne .Values.Z \"c\"))) }}1{{- end}}",
            &[("X", ""), ("Y", "b"), ("Z", "")],
            "1",
        ),
        ("{{- if (.Values.X)}}1{{- end}}{{- if not .Values.Y }}2{{- end}}", &[("X", "x"), ("Y", "")], "12"),
        (
            "{{- if or .Values.X .Values.Y .Values.Z }}1{{- end }}{{- if not (or .Values.X .Values.Y) }}2{{- end }}",
            &[("Z", "z")],
            "12",
        ),
        ("{{- $v:=\"s\" }}{{$v}}{{ $v }}", &[], "ss"),
        (
            "{{- range $i, $v := splitPreserveQuotes .Values.X }}\n- {{ $v }}\n{{- end }}",
            &[("X", "a 'b c' \"d e\"")],
            "\n- a\n- 'b c'\n- \"d e\"",
        ),
        ("{{- range $i, $e := atoi .Values.N | until }}{{$i}}{{$e}},{{- end}}", &[("N", "3")], "00,11,22,"),
        ("{{- if eq (printf \"%v\" .Values.X) \"true\" }}1{{- end }}", &[("X", "true")], "1"),
        (
            "{{- if (contains .Values.X \"/\")}}1{{- end }}{{- if not (contains \"/\" .Values.X)}}2{{- end }}",
            &[("X", "")],
            "12",
        ),
        ("{{ .Values.X }}{{.Values.X}}{{- .Values.X}}", &[("X", "x")], "xxx"),
        ("{{/* a note */}}a {{- /* another */ -}} b", &[], "ab"),
    ] {
        assert_eq!(render(text, answers), out, "{text}");
    }
}

#[test]
fn what_else_an_author_would_use() {
    for (text, out) in [
        ("{{with .Values.X}}{{.}}{{else}}none{{end}}", "x"),
        ("{{with .Values.No}}{{.}}{{else}}none{{end}}", "none"),
        ("{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .Values.X}}", "<x>"),
        ("{{block \"b\" .Values.X}}[{{.}}]{{end}}", "[x]"),
        ("{{$a := 1}}{{if true}}{{$a := 2}}{{$b := 3}}{{$b}}{{end}}{{$a}}", "31"),
        ("{{range $k, $v := .Values}}{{$k}}={{$v}};{{end}}", "X=x;"),
        ("{{range tuple 1 2 3}}{{if ne . 2}}{{.}}{{end}}{{end}}", "13"),
        ("{{range tuple}}a{{else}}empty{{end}}", "empty"),
        ("{{ .Values.X | upper | printf \"%s-%5d|%-3v|\" \"a\" 7 }}", "a-    7|X  |"),
        ("{{ default \"d\" .Values.No }}{{ .Values.X | default \"d\" }}", "dx"),
        ("{{ eq 1 2 1 }}{{ lt 1 2 }}{{ len \"abc\" }}{{ index (tuple \"a\" \"b\") 1 }}", "truetrue3b"),
        ("{{ `raw {{ }} text` }}{{ \"a\\n\\u00e9\" }}", "raw {{ }} texta\né"),
        ("{{ .Values.No }}{{ '\\n' }}{{ 0x1F }}{{ -3 }}{{ 1.5 }}", "<no value>1031-31.5"),
        ("{{(index (tuple .Values) 0).X}}", "x"),
        ("a {{- 1 -}} b {{1 }} c", "a1b 1 c"),
    ] {
        assert_eq!(render(text, &[("X", "x")]), out, "{text}");
    }
}

#[test]
fn printf_formats_as_go_does() {
    for (arguments, out) in [
        ("\"%5s|%-5s|%05d|%+d\" \"ab\" \"ab\" -3 3", "   ab|ab   |-0003|+3"),
        ("\"%q %x %X\" \"a\\n\" \"az\" \"z\"", "\"a\\n\" 617a 7A"),
        ("\"%x %X %o %b %c %U\" 255 255 8 5 65 233", "ff FF 10 101 A U+00E9"),
        ("\"%.2f %e %g %v\" 1.5 1500.0 0.5 1e21", "1.50 1.500000e+03 0.5 1e+21"),
        ("\"%.2s|%6.2s|\" \"abc\" \"abc\"", "ab|    ab|"),
        ("\"%T %T %T\" 1 \"a\" true", "int string bool"),
        ("\"%[2]s %[1]s\" \"a\" \"b\"", "b a"),
        ("\"%*d|%-*d|\" 4 7 4 7", "   7|7   |"),
        ("\"%d %z %s\" \"a\" 1", "%!d(string=a) %!z(int=1) %!s(MISSING)"),
        ("\"a\" 1 \"b\"", "a%!(EXTRA int=1, string=b)"),
        ("\"100%% %\"", "100% %!(NOVERB)"),
        ("\"%#v %v\" (splitPreserveQuotes \"a b\") (until 2)", "[]string{\"a\", \"b\"} [0 1]"),
    ] {
        assert_eq!(render(&format!("{{{{ printf {arguments} }}}}"), &[]), out, "{arguments}");
    }
}

#[test]
fn odd_templates_that_go_takes_are_taken() {
    for (text, out) in [
        ("{{ .Values.No.Other }}{{ .No.Other }}", "<no value><no value>"),
        ("{{ 2 | }}{{ (1 |) }}", "21"),
        ("{{ range $x := .Values.L }}{{ else }}{{ $x }}{{ end }}", "<no value>"),
        ("{{ .Values.NO | print }}{{ index .Values \"NO\" }}|{{ print .Values.NO }}", "|<nil>"),
        ("{{ (1) \"passed over\" }}", "1"),
        ("{{ define \"t\" }} {{ end }}{{ define \"t\" }}a{{ end }}{{ template \"t\" }}", "a"),
        (
            "{{ html \"<a&'b'>\" }} {{ urlquery \"a b/ü\" }} {{ js \"it's\" }}",
            "&lt;a&amp;&#39;b&#39;&gt; a+b%2F%C3%BC it\\'s",
        ),
        ("{{ quote \"a\\a\\x01\" }}", "\"a\\a\\x01\""),
    ] {
        assert_eq!(render(text, &[]), out, "{text}");
    }
}

#[test]
fn what_go_refuses_before_it_renders_anything() {
    for (text, place, says) in [
        ("a\n%{{service_name}}", "2:4", "function \"service_name\" not defined"),
        ("{{ if .Values.X }}", "1:1", "unclosed {{if}}"),
        ("{{ end }}", "1:1", "unexpected {{end}}"),
        ("{{ $x }}", "1:4", "undefined variable \"$x\""),
        ("{{ .Values.X", "1:1", "not closed by `}}`"),
        ("a{{ if and .A\n .B }}{{ end }}", "1:2", "on one line"),
        ("{{-\tif true }}{{ end }}", "1:3", "no number"),
        ("{{ \"a }}", "1:4", "not closed by a quotation mark"),
        ("{{ (eq 1 1 }}", "1:12", "a `(` is not closed"),
        ("{{ if }}x{{end}}", "1:7", "missing value for if"),
        ("{{ .X | 1 }}", "1:9", "non executable command in pipeline"),
        ("{{ break }}", "1:4", "since 1.18"),
        ("{{ $x := 1 }}{{ $x = 2 }}", "1:20", "unexpected `=`"),
        ("{{ first (until 2) }}", "1:4", "newer releases of sprig"),
        ("{{ print ! }}", "1:10", "unexpected `!`"),
        ("{{ if true }}{{ define \"t\" }}{{ end }}{{ end }}", "1:14", "unexpected {{define}}"),
        ("{{ define \"t\" }}a{{ end }}{{ define \"t\" }}b{{ end }}", "1:27", "multiple definition"),
        ("{{ .Values.X$ }}", "1:13", "a space may be missing"),
        ("{{ eq \"a\"\"b\" }}", "1:10", "a space may be missing"),
        ("{{ .Values. }}", "1:11", "a space may be missing"),
        ("{{/* a", "1:1", "never closed by `*/`"),
    ] {
        let error = Template::parse(text).unwrap_err();
        assert!(error.message.contains(says), "{text}: {error}");
        assert_eq!(format!("{}:{}", error.line, error.column), place, "{text}: {error}");
    }
}

#[test]
fn an_error_while_it_runs_leaves_what_was_printed_before() {
    for (text, says) in [
        ("before{{ if ne .Values.No \"S\" }}x{{end}}after", "invalid type for comparison"),
        ("before{{ eq 1 \"1\" }}after", "incompatible types for comparison"),
        ("before{{ .Values.X.Y }}after", "can't evaluate field Y in type string"),
        ("before{{ $x := $x }}after", "no value yet"),
        ("before{{ until \"3\" }}after", "expected int; found a constant"),
        ("before{{ index (tuple 1) 5 }}after", "out of range"),
        ("before{{ template \"t\" }}after", "not defined"),
    ] {
        let execution = execute(text, &[("X", "x")]);
        assert_eq!(execution.text(), "before", "{text}");
        let error = execution.error.unwrap();
        assert!(error.message.contains(says), "{text}: {error}");
    }
}

#[test]
fn what_rancher_reads_in_another_way_than_later_versions_is_known() {
    for (text, says) in [
        ("{{ if (ne .Values.X \"S\") and .Values.X }}x{{end}}", "passed over"),
        ("{{ if (eq 1 1) .Values.X }}x{{end}}", "passed over"),
    ] {
        let template = Template::parse(text).unwrap();
        let [notice] = template.notices() else { panic!("{text}: {:?}", template.notices()) };
        assert!(notice.message.contains(says), "{notice}");
    }
    assert_eq!(render("{{ if (ne .Values.X \"S\") and .Values.No }}x{{end}}", &[("X", "a")]), "x");
    assert!(Template::parse("{{ if and (eq 1 1) .Values.X }}{{ end }}").unwrap().notices().is_empty());
}

#[test]
fn hostile_templates_end_at_limits_that_are_told_as_ours() {
    let error_of = |text: &str| match Template::parse(text) {
        Ok(template) => template.execute(&Value::answers([]), &Limits::default()).error,
        Err(error) => Some(error),
    };
    let doubled = format!("{{{{ $x := \"xxxxxxxx\" }}}}{}", "{{ $x := print $x $x }}".repeat(40));
    for text in [
        "{{ range until 1000000000 }}{{ end }}".to_owned(),
        "{{ until 1000000000 }}".to_owned(),
        "{{ range until 90000 }}".repeat(6) + "x" + &"{{ end }}".repeat(6),
        format!("{{{{ {}1{} }}}}", "(".repeat(100_000), ")".repeat(100_000)),
        "{{ repeat 1000000 (repeat 1000000 \"x\") }}".to_owned(),
        "{{ indent 100000000 \"x\" }}".to_owned(),
        "{{ printf \"%999999d%999999d%999999d%999999d%999999d%999999d\" 1 1 1 1 1 1 }}".to_owned(),
        "{{ $d := dict }}{{ set $d \"d\" $d }}".to_owned(),
        doubled,
    ] {
        let error = error_of(&text).unwrap();
        assert!(error.beyond_this_tool, "{error}");
    }
    let endless = error_of("{{ define \"t\" }}{{ template \"t\" }}{{ end }}{{ template \"t\" }}").unwrap();
    assert!(!endless.beyond_this_tool && endless.message.contains("maximum template depth"), "Rancher's own limit");
}

#[test]
fn what_is_deep_or_long_is_read_like_anything_else() {
    let deep = |open: &str, close: &str, times: usize| format!("{}1{}", open.repeat(times), close.repeat(times));
    assert_eq!(render(&deep("{{ if true }}", "{{ end }}", 10_000), &[]), "1");
    assert_eq!(render(&format!("{{{{ {} }}}}", deep("(", ")", 4_000)), &[]), "1");
    let chain = format!("{{{{ if false }}}}{}{{{{ else }}}}1{{{{ end }}}}", "{{ else if false }}".repeat(10_000));
    assert_eq!(render(&chain, &[]), "1");
    let called: String = (0..1_000)
        .map(|at| format!("{{{{ define \"t{at}\" }}}}{{{{ template \"t{}\" }}}}{{{{ end }}}}", at + 1))
        .collect();
    assert_eq!(render(&format!("{called}{{{{ define \"t1000\" }}}}1{{{{ end }}}}{{{{ template \"t0\" }}}}"), &[]), "1");
}

#[test]
fn values_have_the_types_of_go() {
    for (text, out) in [
        (
            "{{ typeOf (add 1) }} {{ typeOf (until 1) }} {{ typeOf (split \",\" \"a\") }}",
            "int64 []int map[string]string",
        ),
        ("{{ kindOf .Stack }} {{ typeOf .Stack }} {{ typeOf (index \"a\" 0) }}", "struct template.StackInfo uint8"),
        ("{{ 1500000.0 }} {{ 1e2 }} {{ 1e-7 }} {{ 1i }} {{ '\\x41' }}", "1.5e+06 100 1e-07 (0+1i) 65"),
        ("{{ \"\\101\\xc3\\xa9\" }}", "Aé"),
        ("{{ untilStep 3 0 1 }}{{ untilStep 3 0 -2 }}", "[][3 1]"),
        ("{{ date \"Mon Jan _2 15:04:05 2006\" 86399 }} {{ htmlDate 0 }}", "Thu Jan  1 23:59:59 1970 1970-01-01"),
        ("{{ range splitPreserveQuotes \"--a  --b \" }}<{{ . }}>{{ end }}", "<--a><><--b >"),
    ] {
        assert_eq!(render(text, &[]), out, "{text}");
    }
    for text in
        ["{{ range until (add 1 1) }}{{ end }}", "{{ until 3 | join \",\" }}", "{{ div 1 0 }}", "{{ (.Values.No).x }}"]
    {
        assert!(execute(text, &[]).error.is_some(), "{text}");
    }
}

#[test]
fn every_use_of_an_answer_is_known_with_what_it_is_compared_with() {
    let template = Template::parse("{{ if eq .Values.A \"x\" \"y\" }}\n  {{ .Values.B }}{{ end }}").unwrap();
    let [a, b] = template.references() else { panic!("{:?}", template.references()) };
    assert_eq!((a.name.as_str(), a.line, a.column), ("A", 1, 10));
    assert_eq!(a.compared_with, ["x", "y"]);
    assert_eq!((b.name.as_str(), b.line, b.column, b.compared_with.len()), ("B", 2, 6, 0));
}

#[test]
fn each_line_of_the_output_knows_its_line_in_the_template() {
    let text = "a\n{{- if eq .Values.X \"no\" }}\nb\n{{- end }}\n{{ range tuple 1 2 }}c\n{{ end }}d\n";
    let execution = execute(text, &[("X", "x")]);
    assert_eq!(execution.text(), "a\nc\nc\nd\n");
    assert_eq!(execution.line_map, [1, 5, 5, 6]);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\{\\{|\\}\\}|[-|() .$:=\"`a-c,0-9/*\\n]|if|end|else|range|eq|until|\\.Values\\.X|define|template){0,30}") {
        if let Ok(template) = Template::parse(&text) {
            let limits = Limits { output_bytes: 10_000, steps: 10_000 };
            template.execute(&Value::answers([("X", "x")]), &limits);
        }
    }

    #[test]
    fn text_without_actions_comes_back(text in "[^{]{0,40}") {
        let execution = execute(&text, &[]);
        prop_assert_eq!(execution.line_map.len(), text.split_inclusive('\n').count());
        prop_assert_eq!(execution.output, text.into_bytes());
    }
}
