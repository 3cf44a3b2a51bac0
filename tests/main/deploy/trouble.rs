//! Targets that do not follow.

use super::*;

#[test]
fn a_deployment_that_the_circuit_breaker_rolled_back_is_a_failure_with_its_reasons() {
    let estate = built(Estate::deployed().with_services(3).with_ecs(1));
    let before = estate.running_tasks(&target(BULK)).expect("an answer");
    set(&estate, &Switches::new().ecs_failing(&[&target(BULK)]).ecs_rollout(Duration::from_millis(500)));
    let run = run(&estate, &["deploy", "live", "--yes"]);
    insta::assert_snapshot!(told(&estate, &run, &[]), @r"
    exit code 1
    --- stdout
      REPOSITORY                     FROM                                    TO                                     ORDER
    ~ weco/concepts_ingestor         commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator       commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator_bulk  commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead

      RESTARTED                 RUNS AS                                       RUNS NOW      WILL RUN
    ~ concepts_ingestor         2022-08-31-concepts_ingestor                  [the digest]  [the digest]
    ~ concepts_aggregator       2022-08-31-concepts_aggregator                [the digest]  [the digest]
    ~ concepts_aggregator_bulk  concepts/2022-08-31-concepts_aggregator_bulk  [the digest]  [the digest]

    SERVICE                   RUNS AS                                       DIGEST        STATE
    concepts_ingestor         2022-08-31-concepts_ingestor                  [the digest]  restarted, verified
    concepts_aggregator       2022-08-31-concepts_aggregator                [the digest]  restarted, verified
    concepts_aggregator_bulk  concepts/2022-08-31-concepts_aggregator_bulk  [the digest]  failed, RolledBack: ECS deployment circuit breaker: tasks failed to start.
    --- stderr
      ✓ 2022-08-31-concepts_aggregator  restarted, verified
      ✓ 2022-08-31-concepts_ingestor  restarted, verified
      ✓ weco/concepts_aggregator  tagged 2022-08-31
      ✓ weco/concepts_aggregator_bulk  tagged 2022-08-31
      ✓ weco/concepts_ingestor  tagged 2022-08-31
      ✗ concepts/2022-08-31-concepts_aggregator_bulk  failed, RolledBack: ECS deployment circuit breaker: tasks failed to start.
    error: one of 3 targets is not known to run what the tag of 2022-08-31 names
      concepts/2022-08-31-concepts_aggregator_bulk: failed, RolledBack: ECS deployment circuit breaker: tasks failed to start.
        3 tasks stopped: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed
        (service 2022-08-31-concepts_aggregator_bulk) (deployment ecs-svc/[ID]) deployment failed: tasks failed to start.
        (service 2022-08-31-concepts_aggregator_bulk) rolling back to deployment ecs-svc/[ID].
    hint: when the reason is gone, run the same command again: it restarts only what does not run its image yet
    hint: to go back: pipelinectl rollback 2022-08-31
    ");
    assert_eq!(estate.running_tasks(&target(BULK)).expect("an answer"), before);
    assert_eq!(outcomes(&estate), ["failed"]);
    // While ECS goes back, that is waited for; afterwards the service is restarted, in vain once more.
    let service = serde_json::json!({ "cluster": "concepts", "services": [target(BULK)] });
    let begun = Instant::now();
    loop {
        let told = aws(&estate).ecs("DescribeServices", &service).expect("an answer");
        if told["services"][0]["deployments"].as_array().is_some_and(|deployments| deployments.len() == 1) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "it never goes back: {told:#}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let json = crate::support::run(&estate, &["notify", "live", "--yes", "--format", "json"]).ends_with(1).json();
    assert!(json["services"][2]["details"].as_array().is_some_and(|details| details.len() > 1), "{json:#}");
    // When the reason is gone, it is restarted.
    set(&estate, &Switches::new().ecs_failing(&[]));
    crate::support::run(&estate, &["notify", "live", "--yes"]).ends_with(0);
    is_at(&estate, "latest");
}

#[test]
fn an_update_that_failed_ends_the_waiting_at_once_with_the_reason() {
    let estate = functions(2);
    set(&estate, &Switches::new().lambda_failing(&target(AGGREGATOR), "InvalidImage", "exec format error"));
    set(&estate, &Switches::new().lambda_update(Duration::from_millis(200)));
    let begun = Instant::now();
    let failed = run(&estate, &["deploy", "live", "--timeout", "10m", "--yes"]);
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    insta::assert_snapshot!(told(&estate, &failed, &[]), @r"
    exit code 1
    --- stdout
      REPOSITORY                FROM                                       TO                                       ORDER
    ~ weco/concepts_ingestor    commit 2 Keep concepts that no work us…  → commit 3 Aggregate concepts by identif…  1 ahead
    ~ weco/concepts_aggregator  commit 2 Keep concepts that no work us…  → commit 3 Aggregate concepts by identif…  1 ahead

      RESTARTED            RUNS AS                         RUNS NOW      WILL RUN
    ~ concepts_ingestor    2022-08-31-concepts_ingestor    [the digest]  [the digest]
    ~ concepts_aggregator  2022-08-31-concepts_aggregator  [the digest]  [the digest]

    SERVICE              RUNS AS                         DIGEST        STATE
    concepts_ingestor    2022-08-31-concepts_ingestor    [the digest]  restarted, verified
    concepts_aggregator  2022-08-31-concepts_aggregator  [the digest]  failed, InvalidImage: exec format error
    --- stderr
      ✓ 2022-08-31-concepts_ingestor  restarted, verified
      ✓ weco/concepts_aggregator  tagged 2022-08-31
      ✓ weco/concepts_ingestor  tagged 2022-08-31
      ✗ 2022-08-31-concepts_aggregator  failed, InvalidImage: exec format error
    error: one of 2 targets is not known to run what the tag of 2022-08-31 names
      2022-08-31-concepts_aggregator: failed, InvalidImage: exec format error
    hint: when the reason is gone, run the same command again: it restarts only what does not run its image yet
    hint: to go back: pipelinectl rollback 2022-08-31
    ");
    set(&estate, &Switches::new().lambda_healthy());
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    is_at(&estate, "latest");
}

#[test]
fn the_waiting_ends_at_the_timeout() {
    let estate = built(Estate::deployed().with_services(3).with_ecs(1));
    set(&estate, &Switches::new().lambda_update(Duration::from_secs(60)).ecs_crashing(&[&target(BULK)]));
    let begun = Instant::now();
    let run = run(&estate, &["deploy", "live", "--timeout", "3s", "--yes"]);
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(3) && took < Duration::from_secs(20), "{took:?}");
    insta::assert_snapshot!(told(&estate, &run, &[]), @r"
    exit code 1
    --- stdout
      REPOSITORY                     FROM                                    TO                                     ORDER
    ~ weco/concepts_ingestor         commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator       commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator_bulk  commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead

      RESTARTED                 RUNS AS                                       RUNS NOW      WILL RUN
    ~ concepts_ingestor         2022-08-31-concepts_ingestor                  [the digest]  [the digest]
    ~ concepts_aggregator       2022-08-31-concepts_aggregator                [the digest]  [the digest]
    ~ concepts_aggregator_bulk  concepts/2022-08-31-concepts_aggregator_bulk  [the digest]  [the digest]

    SERVICE                   RUNS AS                                       DIGEST        STATE
    concepts_ingestor         2022-08-31-concepts_ingestor                  [the digest]  is still changing
    concepts_aggregator       2022-08-31-concepts_aggregator                [the digest]  is still changing
    concepts_aggregator_bulk  concepts/2022-08-31-concepts_aggregator_bulk  [the digest]  is still changing
    --- stderr
      ✓ weco/concepts_aggregator  tagged 2022-08-31
      ✓ weco/concepts_aggregator_bulk  tagged 2022-08-31
      ✓ weco/concepts_ingestor  tagged 2022-08-31
      ✗ 2022-08-31-concepts_aggregator  is still changing
      ✗ 2022-08-31-concepts_ingestor  is still changing
      ✗ concepts/2022-08-31-concepts_aggregator_bulk  is still changing
    error: all 3 targets are not known to run what the tag of 2022-08-31 names
      2022-08-31-concepts_ingestor: is still changing
      2022-08-31-concepts_aggregator: is still changing
      concepts/2022-08-31-concepts_aggregator_bulk: is still changing
        3 tasks stopped: Essential container in task exited; main ended with 1
    hint: 'pipelinectl notify 2022-08-31' goes on waiting; --timeout says how long
    hint: when the reason is gone, run the same command again: it restarts only what does not run its image yet
    hint: to go back: pipelinectl rollback 2022-08-31
    ");
    assert_eq!(outcomes(&estate), ["failed"]);
}

#[test]
fn services_that_want_no_tasks_are_idle_and_will_start_the_new_image() {
    let estate = built(Estate::deployed().with_services(3).with_ecs(1));
    let stop = serde_json::json!({ "cluster": "concepts", "service": target(BULK), "desiredCount": 0 });
    aws(&estate).ecs("UpdateService", &stop).expect("stopped");
    forget(&estate);
    let first = run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    insta::assert_snapshot!(told(&estate, &first, &[]), @r"
    exit code 0
    --- stdout
      REPOSITORY                     FROM                                    TO                                     ORDER
    ~ weco/concepts_ingestor         commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator       commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator_bulk  commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead

      RESTARTED                 RUNS AS                                       RUNS NOW      WILL RUN
    ~ concepts_ingestor         2022-08-31-concepts_ingestor                  [the digest]  [the digest]
    ~ concepts_aggregator       2022-08-31-concepts_aggregator                [the digest]  [the digest]
    ~ concepts_aggregator_bulk  concepts/2022-08-31-concepts_aggregator_bulk  ?             [the digest]

    SERVICE                   RUNS AS                                       DIGEST        STATE
    concepts_ingestor         2022-08-31-concepts_ingestor                  [the digest]  restarted, verified
    concepts_aggregator       2022-08-31-concepts_aggregator                [the digest]  restarted, verified
    concepts_aggregator_bulk  concepts/2022-08-31-concepts_aggregator_bulk  [the digest]  idle
    --- stderr
      ✓ 2022-08-31-concepts_aggregator  restarted, verified
      ✓ 2022-08-31-concepts_ingestor  restarted, verified
      ✓ weco/concepts_aggregator  tagged 2022-08-31
      ✓ weco/concepts_aggregator_bulk  tagged 2022-08-31
      ✓ weco/concepts_ingestor  tagged 2022-08-31
      · concepts/2022-08-31-concepts_aggregator_bulk  idle
    2022-08-31 has this release: [RELEASE]. One of its services wants no tasks and runs nothing.
    ");
    assert_eq!(outcomes(&estate), ["done"]);
    let go = serde_json::json!({ "cluster": "concepts", "service": target(BULK), "desiredCount": 1 });
    aws(&estate).ecs("UpdateService", &go).expect("started");
    is_at(&estate, "latest");
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0).says("Nothing to do");
}

#[test]
fn a_target_that_is_missing_is_said_before_anything_moves() {
    let estate = functions(3);
    let path = format!("/2015-03-31/functions/{}", target(AGGREGATOR));
    aws(&estate).ask_rest("lambda", "DELETE", &path, &Value::Null).expect("deleted");
    forget(&estate);
    let refused = run(&estate, &["deploy", "live", "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: one of 3 targets stands in the way
      2022-08-31-concepts_aggregator: is not there
    hint: apply the pipeline's terraform first, mend the name in pipelinectl.toml, or set optional = true for concepts_aggregator there
    hint: nothing was changed
    ");
    nothing_was_changed(&estate);
}

#[test]
fn a_target_that_may_be_missing_is_no_failure() {
    let estate = built(Estate::deployed().with_services(3).setting(AGGREGATOR, "optional = true"));
    let path = format!("/2015-03-31/functions/{}", target(AGGREGATOR));
    aws(&estate).ask_rest("lambda", "DELETE", &path, &Value::Null).expect("deleted");
    let run = run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    run.says("is not there, which is allowed").says("runs this release");
    assert_eq!(named(&estate, LIVE), named(&estate, "latest"));
    assert_eq!(outcomes(&estate), ["verified"]);
}

#[test]
fn no_permission_to_look_is_no_skip() {
    let estate = functions(3);
    faults(&estate, vec![Fault::always("GetFunction", "AccessDeniedException").status(403).on(&target(AGGREGATOR))]);
    let refused = run(&estate, &["deploy", "live", "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: one of 3 targets stands in the way
      2022-08-31-concepts_aggregator: not verified: no permission for lambda:GetFunction on the function 2022-08-31-concepts_aggregator: AccessDeniedException
    hint: ask for lambda:GetFunction on the function 2022-08-31-concepts_aggregator, or use credentials that have it
    hint: nothing was changed
    ");
    nothing_was_changed(&estate);
}

#[test]
fn no_permission_to_restart_one_does_not_stop_the_others() {
    let estate = functions(3);
    let message = "User is not authorized to perform: lambda:UpdateFunctionCode";
    let denied = Fault::always("UpdateFunctionCode", "AccessDeniedException").status(403).message(message);
    faults(&estate, vec![denied.on(&target(AGGREGATOR))]);
    let run = run(&estate, &["deploy", "live", "--yes"]);
    insta::assert_snapshot!(told(&estate, &run, &[]), @r"
    exit code 1
    --- stdout
      REPOSITORY                     FROM                                    TO                                     ORDER
    ~ weco/concepts_ingestor         commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator       commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator_bulk  commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead

      RESTARTED                 RUNS AS                              RUNS NOW      WILL RUN
    ~ concepts_ingestor         2022-08-31-concepts_ingestor         [the digest]  [the digest]
    ~ concepts_aggregator       2022-08-31-concepts_aggregator       [the digest]  [the digest]
    ~ concepts_aggregator_bulk  2022-08-31-concepts_aggregator_bulk  [the digest]  [the digest]

    SERVICE                   RUNS AS                              DIGEST        STATE
    concepts_ingestor         2022-08-31-concepts_ingestor         [the digest]  restarted, verified
    concepts_aggregator       2022-08-31-concepts_aggregator       [the digest]  not restarted: no permission for lambda:UpdateFunctionCode on the function 2022-08-31-concepts_aggregator: User is not authorized to perform: lambda:UpdateFunctionCode
    concepts_aggregator_bulk  2022-08-31-concepts_aggregator_bulk  [the digest]  restarted, verified
    --- stderr
      ✓ 2022-08-31-concepts_aggregator_bulk  restarted, verified
      ✓ 2022-08-31-concepts_ingestor  restarted, verified
      ✓ weco/concepts_aggregator  tagged 2022-08-31
      ✓ weco/concepts_aggregator_bulk  tagged 2022-08-31
      ✓ weco/concepts_ingestor  tagged 2022-08-31
      ✗ 2022-08-31-concepts_aggregator  not restarted: no permission for lambda:UpdateFunctionCode on the function 2022-08-31-concepts_aggregator: User is not authorized to perform: lambda:UpdateFunctionCode
    error: one of 3 targets is not known to run what the tag of 2022-08-31 names
      2022-08-31-concepts_aggregator: not restarted: no permission for lambda:UpdateFunctionCode on the function 2022-08-31-concepts_aggregator: User is not authorized to perform: lambda:UpdateFunctionCode
    hint: ask for lambda:UpdateFunctionCode on the function 2022-08-31-concepts_aggregator, or use credentials that have it
    hint: when the reason is gone, run the same command again: it restarts only what does not run its image yet
    hint: to go back: pipelinectl rollback 2022-08-31
    ");
    assert_eq!(restarted(&estate), targets(&[BULK, INGESTOR]));
}

#[test]
fn an_index_for_a_function_is_said_before_any_tag_moves() {
    let estate = functions(2);
    let commit = estate.change("Build for two platforms").expect("a commit");
    estate.publish(&commit).expect("images");
    let tags = [commit.tag(), "latest".to_owned()];
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    aws(&estate).seed_image("weco/concepts_aggregator", "two", sandbox::Kind::OciIndex, &tags).expect("an image");
    forget(&estate);
    let refused = run(&estate, &["deploy", "live", "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[&commit]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: 1 of 2 repositories cannot be tagged 2022-08-31
      Lambda does not run the image [the digest] in weco/concepts_aggregator: it is an index of several images (OCI image index)
    hint: nothing was changed
    hint: build the image for one platform: docker buildx build --provenance=false --platform …
    ");
    nothing_was_changed(&estate);
}

#[test]
fn credentials_of_another_account_are_refused_before_anything_is_read() {
    let estate = functions(2);
    let mut command = program(&estate, &["deploy", "live", "--yes"]);
    aws(&estate).in_account("999999999999").environment().apply(&mut command);
    let refused = Run::from(command.output().expect("it runs"));
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 3
    --- stdout
    --- stderr
    error: the AWS credentials belong to the account [OTHER], not [ACCOUNT]
    hint: they are those of arn:aws:sts::[OTHER]:user/moto
    hint: sign in to the account [ACCOUNT], or mend account_id in pipelinectl.toml
    ");
    nothing_was_changed(&estate);
}

#[test]
fn expired_credentials_are_said_once() {
    let estate = functions(4);
    set(&estate, &Switches::new().expired_credentials(true));
    let refused = run(&estate, &["deploy", "live", "--yes"]);
    set(&estate, &Switches::new().expired_credentials(false));
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: the AWS credentials have expired
    hint: The security token included in the request is expired
    hint: sign in again, for instance with 'aws sso login'
    ");
}

#[test]
fn a_new_pipeline_that_is_not_whole_is_not_deployed_to() {
    let estate = functions(2);
    estate.apply_live().expect("it applies");
    // Its functions do not exist: `new` makes tags, and is stopped at its apply.
    let terraform =
        crate::errors::script(&estate, "broken", "#!/bin/sh\n[ \"$1\" = apply ] && exit 1\nexec terraform \"$@\"\n");
    run(&estate, &["new", "2022-10-14", "--yes", "--terraform", &terraform.display().to_string()]).ends_with(1);
    forget(&estate);
    let refused = run(&estate, &["deploy", "2022-10-14", "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 3
    --- stdout
    --- stderr
    error: 'new 2022-10-14' was begun by [WHO] and has not ended: its pipeline is not whole
    hint: finish it first: pipelinectl new 2022-10-14
    ");
    run(&estate, &["notify", "2022-10-14", "--yes"]).ends_with(3);
    run(&estate, &["rollback", "2022-10-14", "--yes"]).ends_with(1).says("no earlier release of 2022-10-14");
    nothing_was_changed(&estate);
}

#[test]
fn nobody_there_to_say_yes_is_said_before_anything_else() {
    let estate = functions(2);
    insta::assert_snapshot!(told(&estate, &run(&estate, &["deploy", "live"]), &[]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: nobody is there to say yes
    hint: use --yes to go on unattended
    ");
    assert!(aws(&estate).calls().expect("a log").is_empty());
}
