use super::*;

fn rules() -> Rules {
    Rules::new(Some("./stack"), "namespace", "p_{namespace}", "main.tf", Some(r"\d{4}-\d{2}-\d{2}[\w-]*"))
        .expect("rules")
}

fn messages(text: &str) -> Vec<String> {
    let inputs = Inputs::from([("namespace".to_owned(), true), ("size".to_owned(), true), ("extra".to_owned(), false)]);
    let modules = BTreeMap::from([("./stack/".to_owned(), inputs)]);
    let names =
        [NameLimit { what: "Lambda function".to_owned(), pattern: "{namespace}-ingestor".to_owned(), longest: 20 }];
    let findings = check(&[SourceFile::new("main.tf", text)], &rules(), &modules, &names);
    findings.into_iter().map(|found| format!("{}:{} {}", found.line, found.column, found.message)).collect()
}

#[test]
fn nothing_wrong() {
    let text = "module \"p_2022-08-31\" {\n  source    = \"./stack\"\n  namespace = \"2022-08-31\"\n  size      = { a = 1 }\n}\n";
    assert_eq!(messages(text), Vec::<String>::new());
}

#[test]
fn finds_what_is_wrong() {
    let text = "module \"p_2022-08-31\" {\n  source    = \"./stack\"\n  namespace = \"2022-08-31\"\n  size      = f([{ a = 1, \"a\" = 2 }])\n  sise      = 1\n}\n
module \"p_2022-08-31\" {\n  source    = \"./stack\"\n  namespace = \"2022-09-01-long-one\"\n  namespace = \"2022-09-01-long-one\"\n}\n
module \"x\" {\n  source    = \"./stack\"\n  namespace = \"2022-08-31\"\n  size      = 1\n}\n
module \"y\" {\n  source    = \"./stack\"\n  namespace = \"2022-02-31\"\n}\n";
    let messages = messages(text);
    let wanted = [
        "4:27 'a' stands here a second time; the first is on line 4",
        "5:3 the module has no input 'sise'",
        "8:1 module.p_2022-08-31 stands here a second time; the first is main.tf:1",
        "8:1 the label names 2022-08-31, but 'namespace' is 2022-09-01-long-one",
        "8:1 the Lambda function name '2022-09-01-long-one-ingestor' has 28 characters; 20 are allowed",
        "8:1 module.p_2022-08-31 lacks the input 'size'",
        "11:3 'namespace' stands here a second time; the first is on line 10",
        "14:1 2022-08-31 is already module.p_2022-08-31 (main.tf:1)",
    ];
    assert_eq!(messages[..wanted.len()], wanted);
    assert!(messages[wanted.len()].starts_with("20:1 module.y is not clear: "), "{messages:?}");
    assert_eq!(messages.len(), wanted.len() + 1);
}

#[test]
fn a_label_may_spell_the_namespace_in_another_way() {
    let rules = Rules::new(Some("./stack"), "namespace", "p_{namespace}", "main.tf", None).expect("rules");
    let labels = |label: &str, namespace: &str| {
        let text = format!("module \"{label}\" {{\n  source    = \"./stack\"\n  namespace = \"{namespace}\"\n}}\n");
        check(&[SourceFile::new("main.tf", text)], &rules, &BTreeMap::new(), &[]).len()
    };
    let same = [("20220831", "20220831"), ("2022-08-31", "2022_08_31"), ("2022_08_31_a", "2022-08-31_a")];
    let undated = [("live", "2022-08-31"), ("2022-08-31", "blue"), ("x", "y")];
    for (label, namespace) in same.into_iter().chain(undated) {
        assert_eq!(labels(&format!("p_{label}"), namespace), 0, "{label} {namespace}");
    }
    for (label, namespace) in [("20220831", "20220930"), ("2022_08_31", "2022-08-31-2")] {
        assert_eq!(labels(&format!("p_{label}"), namespace), 1, "{label} {namespace}");
    }
}

#[test]
fn a_broken_file_hides_nothing_of_the_others() {
    let files = [SourceFile::new("a.tf", "x = \"\n"), SourceFile::new("b.tf", "module \"m\" {}\nmodule \"m\" {}\n")];
    let findings = check(&files, &rules(), &BTreeMap::new(), &[]);
    let places: Vec<_> = findings.iter().map(|found| (found.path.as_str(), found.line, found.column)).collect();
    assert_eq!(places, [("a.tf", 1, 5), ("b.tf", 2, 1)]);
}

#[test]
fn reads_the_variables_of_a_module() {
    let text = "variable \"a\" {}\nvariable \"b\" {\n  default = null\n}\noutput \"c\" {}\n";
    let inputs = module_variables(&[SourceFile::new("variables.tf", text)]).expect("HCL");
    assert_eq!(inputs, Inputs::from([("a".to_owned(), true), ("b".to_owned(), false)]));
}
