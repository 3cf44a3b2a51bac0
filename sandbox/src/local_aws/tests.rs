use std::time::{Duration, Instant};

use super::*;

const PUT: &str = "AmazonEC2ContainerRegistry_V20150921.PutImage";

fn aws() -> LocalAws {
    LocalAws::shared().expect("the local AWS starts")
}

fn put(aws: &LocalAws, repository: &str, image: &Image, tag: &str) -> Result<Value> {
    let body = json!({
        "repositoryName": repository, "imageManifest": image.manifest, "imageManifestMediaType": image.media_type,
        "imageDigest": image.digest, "imageTag": tag,
    });
    aws.ask("ecr", PUT, &body)
}

#[test]
fn each_kind_has_its_media_type_and_a_true_digest() {
    let aws = aws();
    aws.create_repository("weco/kinds").expect("a repository");
    for kind in Kind::ALL {
        let image = aws.seed_image("weco/kinds", "one", kind, &[kind.name()]).expect("an image");
        assert_eq!(image.media_type, kind.media_type());
        let hash = <sha2::Sha256 as sha2::Digest>::digest(image.manifest.as_bytes());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(image.digest, format!("sha256:{hash}"));
        assert_eq!(aws.tagged("weco/kinds", kind.name()).expect("an answer"), Some(image));
    }
    assert_eq!(aws.tagged("weco/kinds", "absent").expect("an answer"), None);
}

#[test]
fn accounts_of_a_shared_server_do_not_see_each_other() {
    let (one, two) = (aws(), aws());
    assert_ne!(one.account_id(), two.account_id());
    one.create_repository("weco/same").expect("a repository");
    two.create_repository("weco/same").expect("the same name in another account");
    one.set(&Switches::new().faults(vec![Fault::always("*", "AccessDeniedException")])).expect("a switch");
    assert!(one.create_repository("weco/refused").is_err());
    two.create_repository("weco/allowed").expect("the fault is the other's");
    assert_eq!(two.calls().expect("a log").len(), 2);
}

#[test]
fn a_fault_strikes_where_and_when_it_should() {
    let aws = aws();
    for repository in ["weco/a", "weco/b"] {
        aws.create_repository(repository).expect("a repository");
    }
    let image = aws.seed_image("weco/a", "one", Kind::Docker, &["latest"]).expect("an image");
    aws.seed_image("weco/b", "one", Kind::Docker, &["latest"]).expect("an image");
    let fault = Fault::nth("PutImage", 2, "AccessDeniedException").on("weco/a").message("not yours");
    aws.set(&Switches::new().faults(vec![fault])).expect("a switch");
    put(&aws, "weco/a", &image, "first").expect("the first");
    put(&aws, "weco/b", &image, "elsewhere").expect("another repository");
    let refused = put(&aws, "weco/a", &image, "second").expect_err("the second").to_string();
    assert!(refused.contains("AccessDeniedException") && refused.contains("not yours"), "{refused}");
    assert_eq!(aws.tagged("weco/a", "second").expect("an answer"), None);
    put(&aws, "weco/a", &image, "third").expect("the third");
}

#[test]
fn a_lost_answer_leaves_the_effect() {
    let aws = aws();
    aws.create_repository("weco/a").expect("a repository");
    let image = aws.seed_image("weco/a", "one", Kind::Oci, &["latest"]).expect("an image");
    let fault = Fault::nth("PutImage", 1, "InternalServerError").status(500).after_effect();
    aws.set(&Switches::new().faults(vec![fault])).expect("a switch");
    put(&aws, "weco/a", &image, "2022-10-14").expect_err("the answer is lost");
    assert!(aws.tagged("weco/a", "2022-10-14").expect("an answer").is_some());
    let again = put(&aws, "weco/a", &image, "2022-10-14").expect_err("it is there").to_string();
    assert!(again.contains("ImageAlreadyExistsException"), "{again}");
}

#[test]
fn the_log_tells_writes_from_reads_with_their_parameters() {
    let aws = aws();
    aws.create_repository("weco/a").expect("a repository");
    aws.create_bucket(&format!("bucket-{}", aws.account_id())).expect("a bucket");
    aws.create_secret("search/host", "localhost").expect("a secret");
    let _ = aws.ask_rest("lambda", "GET", "/2015-03-31/functions/absent", &Value::Null);
    let calls = aws.calls().expect("a log");
    let seen: Vec<_> = calls.iter().map(|call| (call.operation.as_str(), call.is_write(), call.status)).collect();
    assert_eq!(
        seen,
        [
            ("CreateRepository", true, Some(200)),
            ("CreateBucket", true, Some(200)),
            ("CreateSecret", true, Some(200)),
            ("GetFunction", false, Some(404)),
        ]
    );
    assert_eq!(calls[0].parameter("repositoryName"), Some("weco/a"));
    assert_eq!(calls[3].parameter("FunctionName"), Some("absent"));
    assert!(!calls[2].parameters.to_string().contains("localhost"), "a secret is in the log");
    aws.forget().expect("a switch");
    assert!(aws.calls().expect("a log").is_empty());
}

#[test]
fn latency_is_waited_side_by_side() {
    let aws = aws();
    aws.create_repository("weco/a").expect("a repository");
    aws.set(&Switches::new().latency_ms(300)).expect("a switch");
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                aws.ask("ecr", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", &json!({})).expect("a list")
            });
        }
    });
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(300), "no latency: {took:?}");
    assert!(took < Duration::from_secs(2), "one after the other: {took:?}");
}

#[test]
fn put_image_is_limited_and_the_limit_can_be_switched_off() {
    let aws = aws();
    aws.create_repository("weco/a").expect("a repository");
    let image = aws.seed_image("weco/a", "one", Kind::Docker, &["latest"]).expect("an image");
    let refused = (0..40).filter(|number| put(&aws, "weco/a", &image, &format!("tag-{number}")).is_err()).count();
    assert!(refused > 0, "forty calls in a moment were all taken");
    aws.set(&Switches::new().put_image_rate(false)).expect("a switch");
    for number in 0..40 {
        put(&aws, "weco/a", &image, &format!("more-{number}")).expect("no limit");
    }
}

#[test]
fn expired_credentials_are_refused_everywhere() {
    let aws = aws();
    aws.create_repository("weco/a").expect("a repository");
    aws.set(&Switches::new().expired_credentials(true)).expect("a switch");
    let refused = aws.create_repository("weco/b").expect_err("expired").to_string();
    assert!(refused.contains("ExpiredTokenException"), "{refused}");
    let refused = aws.create_bucket("any-bucket").expect_err("expired").to_string();
    assert!(refused.contains("<Code>ExpiredToken</Code>"), "{refused}");
    aws.set(&Switches::new().expired_credentials(false)).expect("a switch");
    aws.create_repository("weco/b").expect("renewed");
}

#[test]
fn a_function_fails_with_the_reason_that_was_switched_on() {
    let aws = aws();
    aws.create_repository("weco/a").expect("a repository");
    aws.seed_image("weco/a", "one", Kind::Docker, &["latest"]).expect("an image");
    let uri = format!("{}.dkr.ecr.{REGION}.amazonaws.com/weco/a:latest", aws.account_id());
    aws.ask_query("iam", &[("Action", "CreateRole"), ("RoleName", "r"), ("AssumeRolePolicyDocument", "{}")])
        .expect("a role");
    let role = format!("arn:aws:iam::{}:role/r", aws.account_id());
    let body = json!({"FunctionName": "f", "Role": role, "PackageType": "Image", "Code": {"ImageUri": uri}});
    aws.ask_rest("lambda", "POST", "/2015-03-31/functions", &body).expect("a function");
    aws.set(&Switches::new().lambda_failing("f", "InvalidImage", "no entry point").lambda_rate(true))
        .expect("switches");
    aws.ask_rest("lambda", "PUT", "/2015-03-31/functions/f/code", &json!({"ImageUri": uri})).expect("an update");
    let status =
        || aws.ask_rest("lambda", "GET", "/2015-03-31/functions/f", &Value::Null).expect("it")["Configuration"].take();
    let failed = status();
    assert_eq!(failed["LastUpdateStatusReasonCode"], "InvalidImage", "{failed}");
    assert_eq!(failed["LastUpdateStatusReason"], "no entry point");
    aws.set(&Switches::new().lambda_healthy()).expect("a switch");
    aws.ask_rest("lambda", "PUT", "/2015-03-31/functions/f/code", &json!({"ImageUri": uri})).expect("an update");
    assert_eq!(status()["LastUpdateStatus"], "Successful");
    let refused =
        (0..40).filter(|_| aws.ask_rest("lambda", "GET", "/2015-03-31/functions", &Value::Null).is_err()).count();
    assert!(refused > 0, "forty control calls in a moment were all taken");
}

#[test]
fn a_deployment_that_its_breaker_rolls_back_ends_as_another_that_completed() {
    let aws = aws();
    aws.create_repository("weco/a").expect("a repository");
    aws.seed_image("weco/a", "one", Kind::Docker, &["latest"]).expect("an image");
    let ask = |operation: &str, body: Value| aws.ecs(operation, &body).expect(operation);
    let uri = format!("{}.dkr.ecr.{REGION}.amazonaws.com/weco/a:latest", aws.account_id());
    ask("CreateCluster", json!({"clusterName": "c"}));
    let container = json!({"name": "main", "image": uri, "memory": 128});
    ask("RegisterTaskDefinition", json!({"family": "t", "containerDefinitions": [container]}));
    let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}});
    ask(
        "CreateService",
        json!({"cluster": "c", "serviceName": "s", "taskDefinition": "t", "desiredCount": 1, "deploymentConfiguration": breaker}),
    );
    aws.set(&Switches::new().ecs_failing(&["s"]).ecs_rollout(Duration::from_millis(300))).expect("switches");
    let updated = ask("UpdateService", json!({"cluster": "c", "service": "s", "forceNewDeployment": true}));
    let mine = updated["service"]["deployments"][0]["id"].clone();
    std::thread::sleep(Duration::from_millis(700));
    let described = ask("DescribeServices", json!({"cluster": "c", "services": ["s"]}));
    let deployments = described["services"][0]["deployments"].as_array().expect("a list");
    assert_eq!(deployments.len(), 1, "{deployments:?}");
    assert_eq!(deployments[0]["rolloutState"], "COMPLETED");
    assert_ne!(deployments[0]["id"], mine, "it is another deployment");
    let stopped = ask("ListTasks", json!({"cluster": "c", "serviceName": "s", "desiredStatus": "STOPPED"}));
    assert_eq!(stopped["taskArns"].as_array().map(Vec::len), Some(3));
}

#[test]
fn chaos_strikes_a_share_of_the_calls_and_then_calm_comes_back() {
    let aws = aws();
    aws.set(&Switches::new().chaos(0.5, &["ThrottlingException"]).chaos_seed(3).chaos_services(&["ecr"]))
        .expect("chaos");
    let refused = (0..40).filter(|number| aws.create_repository(&format!("weco/{number}")).is_err()).count();
    assert!((10..30).contains(&refused), "{refused} of 40 failed");
    aws.create_secret("elsewhere", "x").expect("another service");
    aws.set(&Switches::new().calm()).expect("a switch");
    for number in 40..60 {
        aws.create_repository(&format!("weco/{number}")).expect("calm");
    }
}

#[test]
fn a_switch_that_does_not_exist_is_refused() {
    let refused = aws().control("POST", "set", "", &json!({"latency": 5})).expect_err("a typing error").to_string();
    assert!(refused.contains("unknown switch latency"), "{refused}");
}

#[test]
fn a_server_of_its_own_ends_when_dropped() {
    let aws = LocalAws::start().expect("the local AWS starts");
    assert_eq!(aws.account_id(), ACCOUNT);
    let address = aws.server.address().to_owned();
    drop(aws);
    assert!(std::net::TcpStream::connect(address).is_err(), "something still listens");
}

#[test]
fn a_server_ends_with_the_process_that_started_it() {
    let mut command = Command::new(crate::python::of_local_aws().expect("the environment"));
    command.args(["-m", "local_aws"]).envs(crate::python::variables());
    // A shell starts it, holds its standard input, and is killed without a chance to tidy up.
    let mut shell = Command::new("sh");
    shell.args(["-c", "mkfifo \"$0/in\"; \"$@\" <\"$0/in\" & exec 9>\"$0/in\"; echo $!; wait"]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    shell.arg(folder.path()).arg(command.get_program()).args(command.get_args()).envs(crate::python::variables());
    let mut shell = shell.stdout(std::process::Stdio::piped()).spawn().expect("a shell");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(shell.stdout.take().expect("its output")));
    let process: String = lines.next().expect("a line").expect("the server's process id");
    let port: u16 = lines.next().expect("a line").expect("its port").trim().parse().expect("a number");
    shell.kill().expect("it is killed");
    shell.wait().expect("it is gone");
    let deadline = Instant::now() + Duration::from_secs(10);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
        assert!(Instant::now() < deadline, "the server, process {process}, outlives the process that started it");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_python_tests_pass() {
    let mut command = Command::new(crate::python::of_local_aws().expect("the environment"));
    command.args(["-m", "unittest", "discover", "--start-directory", "local_aws/tests", "--top-level-directory", "."]);
    command.envs(crate::python::variables()).current_dir(crate::source_folder());
    crate::process::run(&mut command).expect("they pass");
}
