use super::*;

const MAIN: &str = "locals {\n  date = \"2022-10-14\"\n  kind = \"small\"\n  state = {\n    up = false\n  }\n}\n\nmodule \"p\" {\n  source = \"./stack\"\n\n  date  = local.date\n  label = local.date\n  kind  = local.kind\n  state = local.state\n  size  = var.size\n}\n\nmodule \"q\" {\n  source = \"./stack\"\n\n  more = local.more\n}\n";
const OTHER: &str = "locals {\n  more = 1\n}\n\noutput \"more\" {\n  value = local.more\n}\n\nmodule \"q\" {\n}\n";

fn files() -> Vec<SourceFile> {
    let json = "{\n  \"output\": {\n    \"old\": { \"value\": 1 }\n  }\n}\n";
    vec![SourceFile::new("main.tf", MAIN), SourceFile::new("other.tf", OTHER), SourceFile::new("x.tf.json", json)]
}

fn changed(address: &str, file: Option<&str>, sets: &[&str]) -> Result<Changed, LayoutError> {
    let files = files();
    let blocks = Blocks::read(&files)?;
    let changes: Vec<Change> = sets.iter().map(|set| Change::set(&set.parse().expect("a set"))).collect();
    let target = blocks.find(&address.parse().expect("an address"), file, &changes)?;
    blocks.change(&target, &changes)
}

#[track_caller]
fn becomes(address: &str, sets: &[&str], path: &str, old: &str, new: &str) -> Vec<String> {
    let changed = changed(address, None, sets).expect("changed");
    let before = if path == "main.tf" { MAIN } else { OTHER };
    let after = before.replacen(old, new, 1);
    assert_eq!(changed.edits, [Edit::Write { path: path.into(), before: before.into(), after }]);
    changed.notes
}

#[track_caller]
fn refused(address: &str, set: &str) -> String {
    changed(address, None, &[set]).expect_err("refused").to_string()
}

#[test]
fn changes_any_block() {
    becomes("module.p", &["other=1"], "main.tf", "  size  = var.size", "  size  = var.size\n  other = 1");
    becomes("output.more", &["value=local.date"], "other.tf", "local.more", "local.date");
    becomes("locals", &["more=2"], "other.tf", "= 1", "= 2");
    becomes("locals#1", &["x=2"], "main.tf", "  }\n", "  }\n  x = 2\n");
    becomes("module.q#2", &["x=2"], "other.tf", "module \"q\" {\n", "module \"q\" {\n  x = 2\n");
    assert_eq!(changed("locals", None, &["date=2022-10-14"]).expect("nothing").edits, []);
    let in_one_file = changed("module.q", Some("other.tf"), &["x=2"]).expect("changed");
    assert_eq!(in_one_file.edits.len(), 1);
}

#[test]
fn follows_locals_that_nothing_else_uses() {
    let notes = becomes("module.p", &["state.up=true"], "main.tf", "up = false", "up = true");
    assert_eq!(notes, ["'state.up' is local.state.up: that is changed (main.tf:1)"]);
    becomes("module.p", &["kind=large"], "main.tf", "small", "large");
    assert_eq!(
        refused("module.p", "label=x"),
        "main.tf:13:11: 'label' cannot be changed: its present value is the expression local.date, and local.date is used elsewhere, too: main.tf:12, main.tf:13"
    );
    assert_eq!(refused("module.q", "more=3"), "module.q stands there 2 times: main.tf:19:1, other.tf:9:1");
    assert_eq!(
        refused("module.q#1", "more=3"),
        "main.tf:22:10: 'more' cannot be changed: its present value is the expression local.more, and local.more is used elsewhere, too: other.tf:6"
    );
    assert_eq!(
        refused("module.p", "size=3"),
        "main.tf:16:11: 'size' cannot be changed: its present value is the expression var.size"
    );
}

#[test]
fn says_what_is_not_there() {
    assert_eq!(refused("module.z", "a=1"), "there is no module.z");
    assert_eq!(refused("output.old", "a=1"), "x.tf.json:3:5: output.old is written as JSON, which is not edited");
    assert_eq!(refused("locals", "none=1"), "locals stands there 2 times: main.tf:1:1, other.tf:1:1");
    assert_eq!(refused("locals#3", "none=1"), "there is no locals#3");
}

#[test]
fn tells_addresses_from_namespaces() {
    for address in ["module.p", "locals", "locals#2", "output.x", "var.x", "data.aws_x.y", "aws_x.y", "terraform"] {
        assert!(Address::is_meant(address), "{address}");
        assert!(address.parse::<Address>().is_ok(), "{address}");
    }
    for namespace in ["2022-10-14", "live", "v1.2", "2022.10.14", "output", "module"] {
        assert!(!Address::is_meant(namespace), "{namespace}");
    }
    assert_eq!("resource.aws_x.y".parse::<Address>().expect("one").to_string(), "aws_x.y");
    for wrong in ["module", "module.a.b", "locals#0", "locals.x", "aws_x", "module."] {
        assert!(wrong.parse::<Address>().is_err(), "{wrong}");
    }
}
