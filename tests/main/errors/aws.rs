//! Credentials, account, role, region, repositories and images.

use sandbox::{Fault, Switches};

use super::{NEW, configure, main_tf, shown, small};
use crate::support::{Run, program, run, writes};

#[test]
fn credentials_of_another_account_are_refused() {
    let estate = small();
    let other = estate.aws().expect("an AWS").in_account("999999999999");
    let before = main_tf(&estate);
    let mut command = program(&estate, &NEW);
    other.environment().apply(&mut command);
    let new = Run::from(command.output().expect("it runs"));
    insta::assert_snapshot!(shown(&estate, &new), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: the AWS credentials belong to the account 999999999999, not [ACCOUNT]
    hint: they are those of arn:aws:sts::999999999999:user/moto
    hint: sign in to the account [ACCOUNT], or mend account_id in pipelinectl.toml
    ");
    for arguments in [&["tag", "2022-10-14", "--yes"][..], &["plan", "2022-08-31"]] {
        let mut command = program(&estate, arguments);
        other.environment().apply(&mut command);
        Run::from(command.output().expect("it runs")).ends_with(3).says("belong to the account 999999999999");
    }
    assert_eq!(main_tf(&estate), before);
    assert!(other.calls().expect("a log").iter().all(|call| !call.is_write()));
}

#[test]
fn expired_credentials_say_so() {
    let estate = small();
    estate.aws().expect("an AWS").set(&Switches::new().expired_credentials(true)).expect("switched");
    let before = main_tf(&estate);
    insta::assert_snapshot!(shown(&estate, &run(&estate, &NEW)), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: the AWS credentials have expired
    hint: The security token included in the request is expired
    hint: sign in again, for instance with 'aws sso login'
    ");
    assert_eq!(main_tf(&estate), before);
}

#[test]
fn no_credentials_at_all_say_so() {
    let estate = small();
    let bare = |arguments: &[&str]| {
        let mut command = program(&estate, arguments);
        command
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        Run::from(command.output().expect("it runs"))
    };
    insta::assert_snapshot!(shown(&estate, &bare(&NEW)), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: no AWS credentials were found
    hint: the environment, the shared AWS files and the machine's role have none
    hint: sign in with 'aws sso login', use --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    ");
    insta::assert_snapshot!(shown(&estate, &bare(&["tag", "2022-10-14", "--yes", "--profile", "team"])), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: no AWS credentials were found for the profile team
    hint: the shared AWS files have no such profile, or none with credentials
    hint: sign in with 'aws sso login --profile team', or use another --profile
    ");
}

#[test]
fn credentials_that_aws_does_not_know_say_so() {
    let estate = small();
    let fault = Fault::always("*", "InvalidClientTokenId")
        .status(403)
        .message("The security token included in the request is invalid.");
    estate.aws().expect("an AWS").set(&Switches::new().faults(vec![fault])).expect("switched");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["tag", "2022-10-14", "--yes"])), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: AWS does not accept the credentials: The security token included in the request is invalid.
    hint: see which credentials are used: 'aws sts get-caller-identity'
    ");
}

#[test]
fn a_role_that_cannot_be_assumed_is_named() {
    let estate = small();
    let fault = Fault::always("AssumeRole", "AccessDenied").status(403).message(
        "User: arn:aws:iam::123456789012:user/alex is not authorized to perform: sts:AssumeRole on resource: \
         arn:aws:iam::123456789012:role/deployer",
    );
    estate.aws().expect("an AWS").set(&Switches::new().faults(vec![fault])).expect("switched");
    let role = ["--role-arn", "arn:aws:iam::123456789012:role/deployer"];
    insta::assert_snapshot!(shown(&estate, &run(&estate, &[&NEW[..], &role].concat())), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: the role arn:aws:iam::123456789012:role/deployer cannot be assumed: User: arn:aws:iam::123456789012:user/alex is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/deployer
    hint: see that the role exists, trusts your identity, and that you may call sts:AssumeRole on it
    ");
}

#[test]
fn a_missing_permission_names_the_call_and_the_repository() {
    let estate = small();
    let fault = Fault::always("BatchGetImage", "AccessDeniedException")
        .on("weco/concepts_aggregator")
        .message("User: arn:aws:iam::123456789012:user/alex is not authorized to perform: ecr:BatchGetImage");
    estate.aws().expect("an AWS").set(&Switches::new().faults(vec![fault])).expect("switched");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["tag", "2022-10-14", "--yes"])), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: a repository cannot be read
      no permission for ecr:BatchGetImage on the repository weco/concepts_aggregator: User: arn:aws:iam::123456789012:user/alex is not authorized to perform: ecr:BatchGetImage
    hint: ask for ecr:BatchGetImage on the repository weco/concepts_aggregator, or use credentials that have it
    hint: nothing was changed
    ");
}

#[test]
fn an_endpoint_that_does_not_answer_is_named() {
    let estate = small();
    let mut command = program(&estate, &NEW);
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    insta::assert_snapshot!(shown(&estate, &command.output().expect("it runs").into()), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: http://127.0.0.1:[PORT] cannot be reached: Connection refused (os error 111)
    hint: see the network, the region, and AWS_ENDPOINT_URL
    ");
}

#[test]
fn a_missing_repository_is_named_with_the_nearest_ones() {
    let estate = small();
    configure(&estate, "\"weco/concepts_aggregator\"", "\"weco/concepts_agregator\"");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["tag", "2022-10-14", "--yes"])), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 1 of 2 repositories cannot be tagged 2022-10-14
      there is no repository weco/concepts_agregator; nearest: weco/concepts_aggregator, weco/concepts_ingestor
    hint: nothing was changed
    hint: make the repository with terraform first, or mend the name in pipelinectl.toml
    hint: looked for in the account [ACCOUNT], region eu-west-1
    ");
    assert!(writes(&estate).is_empty());
}

#[test]
fn a_missing_image_is_named_with_the_nearest_tags() {
    let estate = small();
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["tag", "2022-10-14", "--yes", "--source-tag", "lates"])), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 2 of 2 repositories cannot be tagged 2022-10-14
      the repository weco/concepts_ingestor has no image lates; nearest: latest, 2022-08-31
      the repository weco/concepts_aggregator has no image lates; nearest: latest, 2022-08-31
    hint: nothing was changed
    hint: push what is missing, or choose other images; --help tells how
    ");
    assert!(writes(&estate).is_empty());
}

#[test]
fn an_immutable_repository_says_how_to_let_tags_move() {
    let estate = small();
    let fault = Fault::always("PutImage", "ImageTagAlreadyExistsException")
        .on("weco/concepts_aggregator")
        .message("The image tag '2022-10-14' already exists in the 'weco/concepts_aggregator' repository and cannot be overwritten because the repository is immutable.");
    estate.aws().expect("an AWS").set(&Switches::new().faults(vec![fault])).expect("switched");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["tag", "2022-10-14", "--yes"])), @r#"
    exit code 1
    --- stdout
      REPOSITORY                DIGEST        COMMIT                                                     TAG
    + weco/concepts_ingestor    508f9b828326  commit 3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14
    + weco/concepts_aggregator  4d6483345f0d  commit 3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14
    --- stderr
    Reading 2 services' repositories …
      ✓ weco/concepts_ingestor  2022-10-14 is as before
      ✓ weco/concepts_ingestor  tagged 2022-10-14
      ✗ weco/concepts_aggregator  the repository weco/concepts_aggregator is immutable and its tag 2022-10-14 names another image already
      weco/concepts_ingestor: put back, it has no tag 2022-10-14
    error: the tag 2022-10-14 could not be made everywhere
      weco/concepts_aggregator: the repository weco/concepts_aggregator is immutable and its tag 2022-10-14 names another image already
    hint: allow its tags to move: image_tag_mutability = "MUTABLE" for that repository
    hint: no repository has the tag 2022-10-14
    hint: run the same command again: it makes what is missing
    "#);
}

#[test]
fn a_secret_for_terraform_that_is_not_there_is_named() {
    let estate = small();
    let text = estate.read("pipelinectl.toml").expect("readable");
    let secret = "[terraform]\nenv = { EC_API_KEY = { secret = \"elastic/api_key\" } }\n";
    estate.write("pipelinectl.toml", &format!("{text}\n{secret}")).expect("writable");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["plan", "2022-08-31"])), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate …
    error: the secret elastic/api_key does not exist
    hint: see that the name, the account and the region are right
    hint: it is wanted for EC_API_KEY below [terraform] env
    ");
}
