//! Tests of the guard.

use crate::pipeline::Namespace;
use crate::terraform::*;

const NEW: &str = "module.x_2022-10-14";

fn address(text: &str) -> Address {
    text.parse().expect(text)
}

fn namespace(text: &str) -> Namespace {
    text.parse().expect(text)
}

fn scope(module: &str, of: &str, permits: Permits) -> Scope {
    Scope { module: address(module), namespace: Some(namespace(of)), permits }
}

fn rules(permits: Permits) -> Rules {
    Rules {
        scopes: vec![scope(NEW, "2022-10-14", permits)],
        namespaces: ["2022-08-31", "2022-10-1", "2022-10-14"].map(namespace).into(),
        ..Rules::default()
    }
}

/// A plan with these `resource_changes`: address, actions, and more fields of the element and of its change.
fn plan(changes: &[(&str, &str, &str, &str)]) -> Plan {
    let change = |(address, actions, element, change): &(&str, &str, &str, &str)| {
        let address = address.replace('"', "\\\"");
        format!(
            r#"{{"address":"{address}","mode":"{}","type":"t"{element},"change":{{"actions":{actions}{change}}}}}"#,
            if address.contains("data.") { "data" } else { "managed" }
        )
    };
    let changes: Vec<_> = changes.iter().map(change).collect();
    whole(&format!(r#","complete":true,"resource_changes":[{}]"#, changes.join(",")))
}

fn whole(rest: &str) -> Plan {
    let text = format!(r#"{{"format_version":"1.2","terraform_version":"1.11.4"{rest}}}"#);
    read_plan(text.as_bytes(), &Redactor::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What is refused, as `--allow` would have it; `!` before what cannot be allowed.
fn refused(plan: &Plan, rules: &Rules) -> Vec<String> {
    let verdict = judge(plan, rules);
    assert_eq!(verdict.passes(), verdict.refusals.is_empty() && verdict.blocks.is_empty());
    let text =
        |it: &Refusal| it.allow.as_ref().map_or_else(|| format!("!{}={}", it.address, it.action), ToString::to_string);
    verdict.refusals.iter().map(text).collect()
}

#[test]
fn each_permission_lets_pass_what_it_says() {
    let inside = |actions| plan(&[("module.x_2022-10-14.aws_sqs_queue.q", actions, "", "")]);
    let cases = [
        (r#"["create"]"#, "create", [true, true, false, true]),
        (r#"["update"]"#, "update", [false, true, false, true]),
        (r#"["delete"]"#, "delete", [false, false, true, true]),
        (r#"["delete","create"]"#, "replace", [false, false, false, true]),
        (r#"["create","delete"]"#, "replace", [false, false, false, true]),
        (r#"["forget"]"#, "forget", [false, false, false, true]),
        (r#"["read"]"#, "read", [true; 4]),
        (r#"["no-op"]"#, "no-op", [true; 4]),
    ];
    let all = [Permits::Create, Permits::CreateAndUpdate, Permits::Delete, Permits::Anything];
    for (actions, action, expected) in cases {
        for (permits, passes) in all.into_iter().zip(expected) {
            let found = refused(&inside(actions), &rules(permits));
            let wanted = if passes { vec![] } else { vec![format!("module.x_2022-10-14.aws_sqs_queue.q={action}")] };
            assert_eq!(found, wanted, "{actions} {permits:?}");
        }
    }
}

#[test]
fn outside_nothing_passes_but_reads() {
    for (actions, action) in [
        (r#"["create"]"#, "create"),
        (r#"["update"]"#, "update"),
        (r#"["delete"]"#, "delete"),
        (r#"["delete","create"]"#, "replace"),
        (r#"["create","delete"]"#, "replace"),
        (r#"["forget"]"#, "forget"),
    ] {
        for outside in
            ["module.x_2022-10-1.a.b", "a.b", "module.x_2022-08-31.a.b[0]", "module.y.module.x_2022-10-14.a.b"]
        {
            let found = refused(&plan(&[(outside, actions, "", "")]), &rules(Permits::Anything));
            assert_eq!(found, [format!("{outside}={action}")]);
        }
    }
    let quiet = plan(&[
        ("data.a.b", r#"["read"]"#, "", r#","importing":null"#),
        ("module.live.data.a.b", r#"["read"]"#, r#","action_reason":"read_because_check_nested""#, ""),
        ("module.live.a.b", r#"["no-op"]"#, "", ""),
    ]);
    let verdict = judge(&quiet, &rules(Permits::Create));
    assert!(verdict.passes() && !quiet.has_changes());
    assert_eq!((verdict.reads.len(), quiet.unchanged), (2, 1));
}

#[test]
fn a_no_op_that_moves_or_imports_is_none() {
    let moved = |to, from| plan(&[(to, r#"["no-op"]"#, &format!(r#","previous_address":"{from}""#), "")]);
    let everything = rules(Permits::Anything);
    assert_eq!(refused(&moved("a.new", "a.old"), &everything), ["a.new=move"]);
    let stolen = moved("module.x_2022-10-14.a.b", "module.x_2022-08-31.a.b");
    assert_eq!(refused(&stolen, &everything), ["module.x_2022-10-14.a.b=move"]);
    assert_eq!(refused(&moved("module.x_2022-08-31.a.b", "module.x_2022-10-14.a.b"), &everything).len(), 1);
    let within = moved("module.x_2022-10-14.a.b", "module.x_2022-10-14.a.c");
    assert!(refused(&within, &everything).is_empty() && within.has_changes());
    assert_eq!(refused(&within, &rules(Permits::Create)).len(), 1);

    let imported = |to| plan(&[(to, r#"["no-op"]"#, "", r#","importing":{"id":"i"}"#)]);
    assert_eq!(refused(&imported("a.b"), &everything), ["a.b=import"]);
    assert!(refused(&imported("module.x_2022-10-14.a.b"), &everything).is_empty());
    assert_eq!(refused(&imported("module.x_2022-10-14.a.b"), &rules(Permits::CreateAndUpdate)).len(), 1);
    let both = plan(&[("a.b", r#"["update"]"#, r#","previous_address":"a.c""#, r#","importing":{"id":"i"}"#)]);
    assert_eq!(refused(&both, &everything), ["a.b=move", "a.b=import", "a.b=update"]);
}

#[test]
fn deposed_and_tainted_are_told_as_what_they_are() {
    let deposed = plan(&[("module.live.a.b", r#"["delete"]"#, r#","deposed":"1a2b3c4d""#, "")]);
    let verdict = judge(&deposed, &rules(Permits::Anything));
    assert_eq!(verdict.refusals[0].deposed.as_deref(), Some("1a2b3c4d"));
    let tainted = plan(&[(
        "module.x_2022-10-14.a.b",
        r#"["delete","create"]"#,
        r#","action_reason":"replace_because_tainted""#,
        "",
    )]);
    let verdict = judge(&tainted, &rules(Permits::Create));
    assert_eq!(verdict.refusals[0].cause.as_deref(), Some("replace_because_tainted"));
    assert_eq!(verdict.refusals[0].reason, Reason::NotAsked);
    assert!(refused(&tainted, &rules(Permits::Anything)).is_empty());
}

#[test]
fn outputs_deferred_and_provider_actions_are_refused() {
    let outputs =
        whole(r#","output_changes":{"a":{"actions":["create"]},"b":{"actions":["no-op"]},"c":{"actions":["delete"]}}"#);
    assert_eq!(refused(&outputs, &rules(Permits::Anything)), ["output.a=update", "output.c=update"]);
    assert!(outputs.has_changes());
    let deferred = whole(
        r#","deferred_changes":[{"reason":"provider_config_unknown","resource_change":{"address":"module.x_2022-10-14.a.b",
        "change":{"actions":["create"]}}}],"deferred_action_invocations":[{"reason":"absent_prereq","action_invocation":{"address":
        "action.a.b"}}]"#,
    );
    assert_eq!(
        refused(&deferred, &rules(Permits::Anything)),
        ["!module.x_2022-10-14.a.b=deferred", "!action.a.b=deferred"]
    );
    let action = |at: &str| {
        whole(&format!(r#","action_invocations":[{{"address":"{at}action.aws_lambda_invoke.f","type":"t"}}]"#))
    };
    assert_eq!(refused(&action(""), &rules(Permits::Anything)), ["!action.aws_lambda_invoke.f=invoke"]);
    assert_eq!(refused(&action("module.x_2022-10-14."), &rules(Permits::Create)).len(), 1);
    assert!(refused(&action("module.x_2022-10-14."), &rules(Permits::Anything)).is_empty());
    let unknown = plan(&[("module.x_2022-10-14.a.b", r#"["frobnicate"]"#, "", "")]);
    assert_eq!(refused(&unknown, &rules(Permits::Anything)), ["!module.x_2022-10-14.a.b=frobnicate"]);
    let strange = plan(&[("module.x_2022-10-14..a", r#"["create"]"#, "", "")]);
    assert_eq!(refused(&strange, &rules(Permits::Anything)).len(), 1);
}

#[test]
fn some_plans_are_refused_as_a_whole() {
    let blocks =
        |text: &str, rules: &Rules| judge(&read_plan(text.as_bytes(), &Redactor::default()).expect(text), rules).blocks;
    let plain = rules(Permits::Anything);
    assert_eq!(blocks(r#"{"format_version":"2.0"}"#, &plain), [Block::Format { version: "2.0".into() }]);
    assert_eq!(blocks("{}", &plain).len(), 1);
    assert_eq!(blocks(r#"{"format_version":"1.2","errored":true}"#, &plain), [Block::Errored]);
    assert_eq!(blocks(r#"{"format_version":"1.2","complete":false}"#, &plain), [Block::Incomplete]);
    assert!(blocks(r#"{"format_version":"1.1"}"#, &plain).is_empty(), "tofu and old versions do not say");
    let retire = Rules { targeted_destroy: true, ..plain };
    assert!(blocks(r#"{"format_version":"1.2","complete":false}"#, &retire).is_empty());
}

#[test]
fn what_the_user_allows_passes_and_is_recorded() {
    let drifted = plan(&[
        ("module.live.a.b", r#"["update"]"#, "", ""),
        (r#"module.live.a.c["x.y"]"#, r#"["delete","create"]"#, "", ""),
    ]);
    let mut rules = rules(Permits::Create);
    rules.allows = ["module.live.a.b=update", "module.live.a.b=delete"].map(|it| it.parse().expect(it)).into();
    let verdict = judge(&drifted, &rules);
    assert_eq!(verdict.allowed, ["module.live.a.b=update".parse().expect("an allow")]);
    assert_eq!(verdict.unused, ["module.live.a.b=delete".parse().expect("an allow")]);
    assert_eq!(refused(&drifted, &rules), [r#"module.live.a.c["x.y"]=replace"#]);
    rules.allows.push(verdict.refusals[0].allow.clone().expect("can be allowed"));
    assert!(judge(&drifted, &rules).passes());
}

#[test]
fn the_old_pipeline_may_only_go() {
    let mut rules = rules(Permits::Create);
    rules.scopes.push(scope("module.x_2022-08-31", "2022-08-31", Permits::Delete));
    let replaced = plan(&[
        ("module.x_2022-10-14.a.b", r#"["create"]"#, "", ""),
        ("module.x_2022-08-31.a.b", r#"["delete"]"#, "", r#","before":{"name":"x-2022-08-31"}"#),
        ("module.x_2022-08-31.a.c", r#"["update"]"#, "", ""),
    ]);
    assert_eq!(refused(&replaced, &rules), ["module.x_2022-08-31.a.c=update"]);
}

#[test]
fn what_another_may_use_is_not_destroyed() {
    let retire = |of: &str| Rules {
        scopes: vec![scope("module.p", of, Permits::Delete)],
        namespaces: ["2022-08-31", "2022-08-31-2"].map(namespace).into(),
        ..Rules::default()
    };
    let gone =
        |before: &str| plan(&[("module.p.aws_sns_topic.t", r#"["delete"]"#, "", &format!(r#","before":{before}"#))]);
    let shared = gone(r#"{"name":"shared","arn":"arn:aws:sns:eu-west-1:1:shared","tags":{"x":"2022-08-31"}}"#);
    let verdict = judge(&shared, &retire("2022-08-31"));
    assert_eq!(
        verdict.refusals[0].reason,
        Reason::ForeignName {
            names: vec!["arn:aws:sns:eu-west-1:1:shared".into(), "shared".into()],
            namespace: "2022-08-31".into()
        }
    );
    let mut allowing = retire("2022-08-31");
    allowing.allows.extend(verdict.refusals[0].allow.clone());
    assert!(judge(&shared, &allowing).passes());

    for mine in [
        r#"{"name":"x-20220831"}"#,
        r#"{"arn":"arn:aws:sns:eu-west-1:1:x_2022_08_31"}"#,
        "{}",
        "null",
        r#"{"id":"d4389d03-9fc0-925d-9e4f-b797c9a7fe32"}"#,
        r#"{"arn":"arn:aws:lambda:eu-west-1:1:event-source-mapping:d4389d03-9fc0-925d-9e4f-b797c9a7fe32","function_name":"2022-08-31-f"}"#,
        r#"{"name":"logs","role":"2022-08-31-role","id":"2022-08-31-role:logs"}"#,
    ] {
        assert!(refused(&gone(mine), &retire("2022-08-31")).is_empty(), "{mine}");
    }
    for other in [
        r#"{"name":"x-2022-08-31-2"}"#,
        r#"{"queue_url":"https://sqs/1/shared"}"#,
        r#"{"function_name":"shared","arn":"arn:aws:lambda:eu-west-1:1:function:shared","role":"2022-08-31-role"}"#,
    ] {
        assert_eq!(refused(&gone(other), &retire("2022-08-31")).len(), 1, "{other}");
    }
    assert!(refused(&gone(r#"{"name":"x-2022-08-31-2"}"#), &retire("2022-08-31-2")).is_empty());
}

#[test]
fn a_strange_name_of_something_new_is_warned_of() {
    let made = |after: &str| {
        let plan =
            plan(&[("module.x_2022-10-14.a.b", r#"["create"]"#, "", &format!(r#","before":null,"after":{after}"#))]);
        let verdict = judge(&plan, &rules(Permits::Create));
        assert!(verdict.passes());
        verdict.warnings.len()
    };
    assert_eq!(made(r#"{"name":"shared"}"#), 1);
    assert_eq!(made(r#"{"name":"queue-2022-08-31"}"#), 1, "a name that was forgotten when the block was copied");
    for fine in [
        r#"{"name":"queue-2022-10-14"}"#,
        r#"{"name":null}"#,
        r#"{"input":"x"}"#,
        r#"{"name":"logs","role":"2022-10-14-r"}"#,
        r#"{"role":"2022-10-14-r","policy_arn":"arn:aws:iam::aws:policy/x"}"#,
    ] {
        assert_eq!(made(fine), 0, "{fine}");
    }
    let hidden = plan(&[(
        "module.x_2022-10-14.a.b",
        r#"["create"]"#,
        "",
        r#","after":{"name":"hunter2"},"after_sensitive":{"name":true}"#,
    )]);
    let verdict = judge(&hidden, &rules(Permits::Create));
    assert!(!format!("{hidden:?} {verdict:?}").contains("hunter2"));
}

#[test]
fn drift_that_stays_is_told_when_it_is_elsewhere() {
    let drifted = whole(
        r#","resource_drift":[{"address":"module.live.a.b","change":{"actions":["update"],"before":{"x":1},"after":{"x":2}}},
        {"address":"module.live.a.c","change":{"actions":["delete"]}},{"address":"module.x_2022-10-14.a.b","change":{"actions":["update"]}}],
        "resource_changes":[{"address":"module.live.a.c","mode":"managed","type":"a","change":{"actions":["create"]}}]"#,
    );
    let verdict = judge(&drifted, &rules(Permits::Create));
    assert_eq!(verdict.drift.iter().map(|it| it.address.as_str()).collect::<Vec<_>>(), ["module.live.a.b"]);
    assert_eq!(verdict.refusals.len(), 1);
}
