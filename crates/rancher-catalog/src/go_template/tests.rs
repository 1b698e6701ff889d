use proptest::prelude::*;

use super::*;

fn execute(text: &str, answers: &[(&str, &str)]) -> Execution {
    let data = Value::answers(answers.iter().copied());
    Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).execute(&data, &Limits::default())
}

fn render(text: &str, answers: &[(&str, &str)]) -> String {
    let execution = execute(text, answers);
    assert_eq!(execution.error, None, "{text}");
    execution.output
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
        ("{{$a := 1}}{{if true}}{{$a = 2}}{{$b := 3}}{{$b}}{{end}}{{$a}}", "32"),
        ("{{range $k, $v := .Values}}{{$k}}={{$v}};{{end}}", "X=x;"),
        ("{{range list 1 2 3}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{end}}", "13"),
        ("{{range list}}a{{else}}empty{{end}}", "empty"),
        ("{{ .Values.X | upper | printf \"%s-%5d|%-3v|\" \"a\" 7 }}", "a-    7|X  |"),
        ("{{ default \"d\" .Values.No }}{{ .Values.X | default \"d\" }}", "dx"),
        ("{{ eq 1 2 1 }}{{ lt 1 2 }}{{ len \"abc\" }}{{ index (list \"a\" \"b\") 1 }}", "truetrue3b"),
        ("{{ `raw {{ }} text` }}{{ \"a\\n\\u00e9\" }}", "raw {{ }} texta\né"),
        ("{{ .Values.No }}{{ '\\n' }}{{ 0x1F }}{{ -3 }}{{ 1.5 }}", "<no value>1031-31.5"),
        ("{{(index (list .Values) 0).X}}", "x"),
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
        ("{{ .Values.X", "1:1", "unclosed action"),
        ("{{ \"a }}", "1:4", "unterminated quoted string"),
        ("{{ (eq 1 1 }}", "1:4", "unclosed left paren"),
        ("{{ if }}x{{end}}", "1:4", "missing value for if"),
        ("{{ .X | 1 }}", "1:9", "non executable command in pipeline"),
        ("{{ break }}", "1:1", "outside {{range}}"),
        ("{{ now }}", "1:4", "Rancher has the sprig function \"now\""),
        ("{{ a ! }}", "1:6", "unexpected '!'"),
        ("{{ if true }}{{ define \"t\" }}{{ end }}{{ end }}", "1:14", "unexpected {{define}}"),
        ("{{ define \"t\" }}a{{ end }}{{ define \"t\" }}b{{ end }}", "1:27", "multiple definition"),
        ("{{ .Values.X$ }}", "1:13", "a space is missing"),
        ("{{ eq \"a\"\"b\" }}", "1:10", "a space is missing"),
        ("{{ .Values. }}", "1:11", "a space is missing"),
        ("{{/* a", "1:1", "unclosed comment"),
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
        ("before{{ $x := $x }}after", "undefined variable: $x"),
        ("before{{ until \"3\" }}after", "expected int; got string"),
        ("before{{ index (list 1) 5 }}after", "out of range"),
        ("before{{ template \"t\" }}after", "not defined"),
    ] {
        let execution = execute(text, &[("X", "x")]);
        assert_eq!(execution.output, "before", "{text}");
        let error = execution.error.unwrap();
        assert!(error.message.contains(says), "{text}: {error}");
    }
}

#[test]
fn what_rancher_reads_in_another_way_than_later_versions_is_known() {
    for (text, says) in [
        ("{{ if (ne .Values.X \"S\") and .Values.X }}x{{end}}", "passed over"),
        ("{{ range until 2 }}{{ break }}{{ end }}", "Go 1.18"),
        ("{{ $x := 1 }}{{ $x = 2 }}", "Go 1.11"),
        ("{{ first (until 2) }}", "newer than the sprig"),
    ] {
        let template = Template::parse(text).unwrap();
        let [notice] = template.notices() else { panic!("{text}: {:?}", template.notices()) };
        assert!(notice.message.contains(says), "{notice}");
    }
    assert_eq!(render("{{ if (ne .Values.X \"S\") and .Values.No }}x{{end}}", &[("X", "a")]), "x");
    assert!(Template::parse("{{ if and (eq 1 1) .Values.X }}{{ end }}").unwrap().notices().is_empty());
}

#[test]
fn hostile_templates_end_with_an_error() {
    let ends = |text: &str, says: &str| {
        let message = match Template::parse(text) {
            Ok(template) => template.execute(&Value::answers([]), &Limits::default()).error.unwrap().message,
            Err(error) => error.message,
        };
        assert!(message.contains(says), "{message}");
    };
    ends("{{ range until 1000000000 }}x{{ end }}", "more than");
    ends("{{ define \"t\" }}{{ template \"t\" }}{{ end }}{{ template \"t\" }}", "maximum template depth");
    ends(&format!("{}1{}", "{{ if true }}".repeat(10_000), "{{ end }}".repeat(10_000)), "nested deeper");
    ends(&format!("{{{{ {}1{} }}}}", "(".repeat(10_000), ")".repeat(10_000)), "nested deeper");
    ends(&format!("{{{{ if false }}}}{}{{{{ end }}}}", "{{ else if false }}".repeat(10_000)), "nested deeper");
    ends("{{ repeat 1000000 (repeat 1000000 \"x\") }}", "more than");
    ends("{{ $x := \"xxxxxxxx\" }}{{ range until 100 }}{{ $x = print $x $x }}{{ end }}", "more than");
    let product = "{{ range until 90000 }}".repeat(6) + "x" + &"{{ end }}".repeat(6);
    ends(&product, "more than");
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
    let text = "a\n{{- if eq .Values.X \"no\" }}\nb\n{{- end }}\n{{ range list 1 2 }}c\n{{ end }}d\n";
    let execution = execute(text, &[("X", "x")]);
    assert_eq!(execution.output, "a\nc\nc\nd\n");
    assert_eq!(execution.line_map, [1, 5, 5, 6]);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\{\\{|\\}\\}|[-|() .$:=\"`a-c,0-9/*\\n]|if|end|else|range|eq|until|\\.Values\\.X|define|template){0,30}") {
        if let Ok(template) = Template::parse(&text) {
            let limits = Limits { output_bytes: 10_000, steps: 10_000, depth: 10 };
            template.execute(&Value::answers([("X", "x")]), &limits);
        }
    }

    #[test]
    fn text_without_actions_comes_back(text in "[^{]{0,40}") {
        let execution = execute(&text, &[]);
        prop_assert_eq!(execution.line_map.len(), text.split_inclusive('\n').count());
        prop_assert_eq!(execution.output, text);
    }
}
