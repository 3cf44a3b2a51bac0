use super::*;
use crate::layout::Rules;

fn rules() -> Rules {
    Rules::new(Some("./stack"), "namespace", "p_{namespace}", "main.tf", Some(r"\d{4}-\d{2}-\d{2}[\w-]*"))
        .expect("rules")
}

const STACK: &str = "variable \"namespace\" {}\nvariable \"size\" {}\nvariable \"extra\" {\n  default = 1\n}\n";

/// What is found in files, where `stack` is the module of the pipelines.
fn found(layout: &Layout, files: &[(&str, &str)], stack: &str, template: Option<&str>) -> Vec<String> {
    let files: Vec<SourceFile> = files.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect();
    let module = Module::read(vec![SourceFile::new("stack/main.tf", stack)]).expect("HCL");
    let modules = BTreeMap::from([("stack".to_owned(), module)]);
    let names = [NameLimit {
        what: "Lambda function".to_owned(),
        pattern: "{namespace}-ingestor".to_owned(),
        longest: 20,
        dots: false,
    }];
    let template = template.map(|text| ("new.tf", text));
    let findings = check(&Looked { files: &files, layout, modules: &modules, names: &names, template });
    let line = |found: Finding| format!("{}:{}:{} {}", found.path, found.line, found.column, found.message);
    findings.into_iter().map(line).collect()
}

fn blocks() -> Layout {
    Layout::ModuleBlocks(rules())
}

fn messages(text: &str) -> Vec<String> {
    let found = found(&blocks(), &[("main.tf", text)], STACK, None);
    found.into_iter().map(|line| line.trim_start_matches("main.tf:").to_owned()).collect()
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
    assert_eq!(messages[wanted.len() + 1..], ["20:1 module.y lacks the input 'size'"]);
}

#[test]
fn a_label_may_spell_the_namespace_in_another_way() {
    let rules = Rules::new(Some("./stack"), "namespace", "p_{namespace}", "main.tf", None).expect("rules");
    let labels = |label: &str, namespace: &str| {
        let text = format!("module \"{label}\" {{\n  source    = \"./stack\"\n  namespace = \"{namespace}\"\n}}\n");
        let files = [SourceFile::new("main.tf", text)];
        let layout = Layout::ModuleBlocks(rules.clone());
        let modules = BTreeMap::new();
        check(&Looked { files: &files, layout: &layout, modules: &modules, names: &[], template: None }).len()
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
    let (layout, modules) = (blocks(), BTreeMap::new());
    let findings = check(&Looked { files: &files, layout: &layout, modules: &modules, names: &[], template: None });
    let places: Vec<_> = findings.iter().map(|found| (found.path.as_str(), found.line, found.column)).collect();
    assert_eq!(places, [("a.tf", 1, 5), ("b.tf", 2, 1)]);
}

#[test]
fn inputs_must_be_of_their_types() {
    let stack = "variable \"namespace\" {\n  type = string\n}\nvariable \"size\" {\n  type = object({\n    tasks = number\n    on    = optional(bool)\n    names = list(string)\n  })\n}\n";
    let text = "locals {\n  many = \"many\"\n}\nmodule \"p_2022-08-31\" {\n  source    = \"./stack\"\n  namespace = \"2022-08-31\"\n  size = {\n    tasks = local.many\n    on    = \"yes\"\n    names = var.names\n  }\n}\n
module \"p_2022-10-14\" {\n  source    = \"./stack\"\n  namespace = [\"2022-10-14\"]\n  size      = { tasks = 1, other = 2 }\n}\n";
    let found = found(&blocks(), &[("main.tf", text)], stack, None);
    assert_eq!(
        found,
        [
            "main.tf:8:13 'size.tasks' is the string \"many\", but the module wants a number",
            "main.tf:9:13 'size.on' is the string \"yes\", but the module wants a bool",
            "main.tf:16:15 'namespace' is a list, but the module wants a string",
            "main.tf:17:15 'size' lacks 'names'"
        ]
    );
}

#[test]
fn two_pipelines_must_not_make_one_thing() {
    let stack = "variable \"namespace\" {}\nvariable \"queue\" {\n  default = \"shared\"\n}\nlocals {\n  prefix = \"${var.namespace}-x\"\n}\n\
                 resource \"aws_sns_topic\" \"updates\" {\n  name = \"concepts-updates\"\n}\nresource \"aws_sqs_queue\" \"q\" {\n  name = \"${var.queue}-q\"\n}\n\
                 resource \"aws_iam_role\" \"r\" {\n  name = \"${local.prefix}-role\"\n}\nresource \"aws_sqs_queue\" \"each\" {\n  for_each = toset([])\n  name = \"x\"\n}\n";
    let block = |name: &str, more: &str| {
        format!("module \"p_{name}\" {{\n  source    = \"./stack\"\n  namespace = \"{name}\"\n{more}}}\n")
    };
    let text = format!(
        "{}{}{}",
        block("2022-08-31", ""),
        block("2022-10-14", "  queue = \"own\"\n"),
        "resource \"aws_sns_topic\" \"own\" {\n  name = \"concepts-updates\"\n}\nresource \"aws_sns_topic\" \"two\" {\n  name = \"concepts-updates\"\n  provider = aws.other\n}\n"
    );
    assert_eq!(
        found(&blocks(), &[("main.tf", &text)], stack, None),
        [
            "main.tf:1:1 in module.p_2022-08-31: aws_sns_topic.updates is called 'concepts-updates', as the aws_sns_topic is (main.tf:11)",
            "main.tf:5:1 in module.p_2022-10-14: aws_sns_topic.updates is called 'concepts-updates', as the aws_sns_topic is (main.tf:11)"
        ]
    );
    let two = format!("{}{}", block("2022-08-31", ""), block("2022-10-14", ""));
    assert_eq!(
        found(&blocks(), &[("main.tf", &two)], stack, None),
        [
            "main.tf:5:1 in module.p_2022-10-14: aws_sns_topic.updates is called 'concepts-updates', as the aws_sns_topic of module.p_2022-08-31 is (stack/main.tf:9)",
            "main.tf:5:1 in module.p_2022-10-14: aws_sqs_queue.q is called 'shared-q', as the aws_sqs_queue of module.p_2022-08-31 is (stack/main.tf:12)"
        ]
    );
}

#[test]
fn looks_through_the_entries_of_a_map() {
    let map = crate::layout::MapRules {
        rules: rules(),
        map: "local.pipelines".parse().expect("a map"),
        addresses: Vec::new(),
    };
    let text = "locals {\n  pipelines = {\n    \"2022-08-31\" = { size = 1, size = 2 }\n    \"2022-08-31-with-a-suffix\" = { size = [] }\n    \"2022-08-31\" = {}\n    \"2022-02-31\" = {}\n  }\n}\n\
                module \"pipelines\" {\n  source    = \"./stack\"\n  for_each  = local.pipelines\n  namespace = each.key\n  more      = 1\n}\n";
    let stack = format!(
        "{STACK}resource \"aws_sns_topic\" \"t\" {{\n  name = \"t\"\n}}\nresource \"aws_sns_topic\" \"u\" {{\n  name = var.namespace\n}}\n"
    );
    assert_eq!(
        found(&Layout::MapEntries(map), &[("main.tf", text)], &stack, None),
        [
            "main.tf:3:32 'size' stands here a second time; the first is on line 3",
            "main.tf:4:5 the Lambda function name '2022-08-31-with-a-suffix-ingestor' has 33 characters; 20 are allowed",
            "main.tf:5:5 '2022-08-31' stands here a second time; the first is on line 3",
            "main.tf:6:5 the entry \"2022-02-31\" is not clear: there is no day 2022-02-31, which the namespace '2022-02-31' begins with",
            "main.tf:9:1 module.pipelines lacks the input 'size'",
            "main.tf:9:1 in module.pipelines[\"2022-08-31-with-a-suffix\"]: aws_sns_topic.t is called 't', as the aws_sns_topic of module.pipelines[\"2022-08-31\"] is (stack/main.tf:7)",
            "main.tf:13:3 the module has no input 'more'"
        ]
    );
}

#[test]
fn looks_through_folders() {
    let directories = crate::layout::DirectoryRules {
        rules: rules(),
        below: String::new(),
        directory: "{namespace}".parse().expect("a pattern"),
        rename: Vec::new(),
        keep: Vec::new(),
        backend: Vec::new(),
    };
    let root = |label: &str, date: &str| {
        format!(
            "module \"{label}\" {{\n  source    = \"../stack\"\n  namespace = \"{date}\"\n  size      = 1\n}}\n\nterraform {{\n  backend \"s3\" {{\n    bucket = \"b\"\n    key    = \"one\"\n  }}\n}}\n"
        )
    };
    let files = [
        ("2022-08-31/main.tf", root("p", "2022-08-31")),
        ("2022-10-14/main.tf", root("p_2022-08-31", "2022-08-31")),
        ("2022-10-14/more.tf", "module \"p_2022-08-31\" {}\n".to_owned()),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    let stack = format!("{STACK}resource \"aws_sns_topic\" \"t\" {{\n  name = var.namespace\n}}\n");
    assert_eq!(
        found(&Layout::Directories(directories), &files, &stack, None),
        [
            "2022-08-31/main.tf:10:5 the state of 2022-08-31 is kept where that of 2022-10-14 is",
            "2022-10-14/main.tf:1:1 the label names 2022-08-31, but the folder 2022-10-14",
            "2022-10-14/main.tf:1:1 in module.p_2022-08-31 in 2022-10-14: aws_sns_topic.t is called '2022-08-31', as the aws_sns_topic of module.p in 2022-08-31 is (stack/main.tf:7)",
            "2022-10-14/main.tf:3:3 the folder names 2022-10-14, but 'namespace' is 2022-08-31",
            "2022-10-14/main.tf:10:5 the state of 2022-10-14 is kept where that of 2022-08-31 is",
            "2022-10-14/more.tf:1:1 module.p_2022-08-31 stands here a second time; the first is 2022-10-14/main.tf:1"
        ]
    );
}

#[test]
fn a_template_must_render() {
    let check = |template: &str| found(&blocks(), &[("main.tf", "")], STACK, Some(template));
    let good =
        "module \"{{label}}\" {\n  source    = \"./stack\"\n  namespace = \"{{namespace}}\"\n  size      = 1\n}\n";
    assert_eq!(check(good), Vec::<String>::new());
    assert_eq!(
        check(&good.replace("{{namespace}}", "{{name}}")),
        [
            "new.tf:3:1 there is no placeholder {{name}}; there are {{namespace}}, {{namespace_underscored}}, {{namespace_compact}}, {{label}}"
        ]
    );
    assert_eq!(
        check(&good.replace("size      = 1", "size = \"")),
        ["new.tf:4:10 this string is not closed before the end of the line"]
    );
    assert_eq!(
        check(&format!("{good}{good}")),
        ["new.tf:1:1 a template must hold one module block with one label and nothing else"]
    );
    assert_eq!(
        check(&format!("# A new one.\n{}", good.replace("size ", "sise "))),
        [
            "new.tf:2:1 module.p_{{namespace}} lacks the input 'size'",
            "new.tf:5:3 the module has no input 'sise'; is 'size' meant?"
        ]
    );
    assert_eq!(check(&good.replace("\"{{label}}\"", "\"2022 x\"")).len(), 1);
}

#[test]
fn reads_the_variables_of_a_module() {
    let text = "variable \"a\" {}\nvariable \"b\" {\n  default = null\n  type    = string\n}\noutput \"c\" {}\n";
    let module = Module::read(vec![SourceFile::new("variables.tf", text)]).expect("HCL");
    let [a, b] = [
        Variable { kind: Type::Any, default: None, nullable: true },
        Variable { kind: Type::String, default: Some("null".to_owned()), nullable: true },
    ];
    assert_eq!(module.variables, BTreeMap::from([("a".to_owned(), a), ("b".to_owned(), b)]));
}
