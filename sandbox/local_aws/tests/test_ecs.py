"""Amazon ECS services, their deployments, and what becomes of those that fail."""

import time

from .support import TestCase


class Service(TestCase):
    """A service of two tasks that runs the image ``latest``."""

    breaker = None

    def setUp(self):
        super().setUp()
        self.image = self.seed("weco/a", "one", tags=["latest"])
        self.ecs = self.client("ecs")
        self.ecs.create_cluster(clusterName="c")
        uri = f"{self.account}.dkr.ecr.eu-west-1.amazonaws.com/weco/a:latest"
        self.ecs.register_task_definition(
            family="t", containerDefinitions=[{"name": "main", "image": uri, "memory": 128, "essential": True}]
        )
        more = {"deploymentConfiguration": {"deploymentCircuitBreaker": self.breaker}} if self.breaker else {}
        self.ecs.create_service(
            cluster="c", serviceName="s", taskDefinition="t", desiredCount=2, launchType="FARGATE", **more
        )
        self.control("set", {"ecs_rollout_s": 0.6})

    def push(self, seed, kind="docker"):
        """Another image takes the tag."""
        newer = self.seed("weco/a", seed, kind)
        put = {"imageManifest": newer["manifest"], "imageManifestMediaType": newer["media_type"]}
        self.client("ecr").put_image(repositoryName="weco/a", imageTag="latest", **put)
        return newer

    def force(self):
        """Forces a deployment; gives it."""
        self.ecs.update_service(cluster="c", service="s", forceNewDeployment=True)
        return self.deployments()[0]

    def described(self):
        return self.ecs.describe_services(cluster="c", services=["s"])["services"][0]

    def deployments(self):
        return self.described()["deployments"]

    def tasks(self, status="RUNNING"):
        tasks = self.ecs.list_tasks(cluster="c", serviceName="s", desiredStatus=status)["taskArns"]
        return self.ecs.describe_tasks(cluster="c", tasks=tasks)["tasks"] if tasks else []

    def digests(self):
        running = [task for task in self.tasks() if task["lastStatus"] == "RUNNING"]
        return {container.get("imageDigest") for task in running for container in task["containers"]}

    def messages(self):
        return [event["message"] for event in self.described()["events"]]


class Deployments(Service):
    def test_a_forced_deployment_takes_a_while_and_then_runs_the_new_digest(self):
        newer = self.push("two")
        self.assertEqual(self.digests(), {self.image["digest"]})
        first = self.force()
        self.assertEqual((first["status"], first["rolloutState"]), ("PRIMARY", "IN_PROGRESS"))
        self.assertEqual(self.digests(), {self.image["digest"]})
        time.sleep(0.7)
        last = self.deployments()
        self.assertEqual([(one["id"], one["rolloutState"]) for one in last], [(first["id"], "COMPLETED")])
        self.assertEqual(self.digests(), {newer["digest"]})
        self.assertIn(f"(service s) (deployment {first['id']}) deployment completed.", self.messages())

    def test_a_deployment_that_another_overtakes_never_completes(self):
        first, second = self.force(), self.force()
        self.assertEqual([one["id"] for one in self.deployments()][:2], [second["id"], first["id"]])
        time.sleep(0.7)
        self.assertEqual([one["id"] for one in self.deployments()], [second["id"]])
        self.assertNotIn(f"(service s) (deployment {first['id']}) deployment completed.", self.messages())

    def test_of_an_index_the_child_runs_on_fargate(self):
        from local_aws import images

        index = self.push("two", "oci-index")
        self.control("set", {"ecs_rollout_s": 0})
        self.force()
        self.assertEqual(self.digests(), {images.first_child(index["manifest"])})

    def test_another_task_definition_begins_a_deployment_and_the_same_does_not(self):
        before = self.deployments()[0]["id"]
        self.ecs.update_service(cluster="c", service="s", taskDefinition="t")
        self.assertEqual(self.deployments()[0]["id"], before)
        uri = f"{self.account}.dkr.ecr.eu-west-1.amazonaws.com/weco/a@{self.image['digest']}"
        container = {"name": "main", "image": uri, "memory": 128, "essential": True}
        self.ecs.register_task_definition(family="t", containerDefinitions=[container])
        self.ecs.update_service(cluster="c", service="s", taskDefinition="t:2")
        self.assertNotEqual(self.deployments()[0]["id"], before)

    def test_no_tasks_wanted_is_done_at_once(self):
        self.ecs.update_service(cluster="c", service="s", desiredCount=0, forceNewDeployment=True)
        time.sleep(0.7)
        self.assertEqual([(one["rolloutState"], one["runningCount"]) for one in self.deployments()], [("COMPLETED", 0)])
        self.assertEqual(self.tasks(), [])

    def test_limits_and_what_is_not_there(self):
        names = [f"s{number}" for number in range(11)]
        self.refused("InvalidParameterException", self.ecs.describe_services, cluster="c", services=names)
        arns = [str(number) for number in range(101)]
        self.refused("InvalidParameterException", self.ecs.describe_tasks, cluster="c", tasks=arns)
        absent = self.ecs.describe_services(cluster="c", services=["absent"])
        self.assertEqual(absent["failures"][0]["reason"], "MISSING")
        self.refused("ServiceNotFoundException", self.ecs.update_service, cluster="c", service="absent")
        self.refused("ClusterNotFoundException", self.ecs.describe_services, cluster="absent", services=["s"])
        self.ecs.delete_service(cluster="c", service="s", force=True)
        self.refused("ServiceNotActiveException", self.ecs.update_service, cluster="c", service="s", desiredCount=1)


class WithoutBreaker(Service):
    def test_tasks_that_cannot_start_are_tried_for_ever(self):
        self.control("set", {"ecs_failing": ["s"]})
        first = self.force()
        time.sleep(1)
        primary = self.deployments()[0]
        self.assertEqual((primary["id"], primary["rolloutState"]), (first["id"], "IN_PROGRESS"))
        self.assertGreaterEqual(primary["failedTasks"], 3)
        self.assertEqual(self.digests(), {self.image["digest"]}, "the tasks before go on")
        stopped = self.tasks("STOPPED")[0]
        self.assertEqual((stopped["stopCode"], stopped["lastStatus"]), ("TaskFailedToStart", "STOPPED"))
        self.assertIn("ResourceInitializationError", stopped["stoppedReason"])
        self.assertEqual(stopped["startedBy"], first["id"])

    def test_only_the_deployments_that_begin_meanwhile_fail(self):
        self.control("set", {"ecs_failing": ["s"]})
        self.force()
        self.control("set", {"ecs_failing": []})
        self.force()
        time.sleep(0.7)
        self.assertEqual([one["rolloutState"] for one in self.deployments()], ["COMPLETED"])


class Breaker(Service):
    breaker = {"enable": True, "rollback": False}

    def test_an_image_that_is_missing_fails_the_deployment(self):
        self.client("ecr").batch_delete_image(repositoryName="weco/a", imageIds=[{"imageTag": "latest"}])
        first = self.force()
        time.sleep(0.7)
        primary = self.deployments()[0]
        self.assertEqual((primary["id"], primary["rolloutState"]), (first["id"], "FAILED"))
        self.assertEqual(primary["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start.")
        self.assertEqual((primary["failedTasks"], primary["pendingCount"]), (3, 0))
        self.assertIn("CannotPullContainerError", self.tasks("STOPPED")[0]["stoppedReason"])
        self.assertIn(f"(service s) (deployment {first['id']}) deployment failed: tasks failed to start.", self.messages())

    def test_the_threshold_is_half_the_desired_count(self):
        self.control("set", {"ecs_failing": ["c/s"], "ecs_rollout_s": 0})
        self.ecs.update_service(cluster="c", service="s", desiredCount=9, forceNewDeployment=True)
        self.assertEqual(self.deployments()[0]["failedTasks"], 5)
        self.assertEqual(len(self.tasks("STOPPED")), 5)

    def test_tasks_that_run_and_then_end_are_not_counted(self):
        self.control("set", {"ecs_crashing": ["s"]})
        self.force()
        time.sleep(0.8)
        primary = self.deployments()[0]
        self.assertEqual((primary["rolloutState"], primary["failedTasks"]), ("IN_PROGRESS", 0))
        stopped = self.tasks("STOPPED")[0]
        self.assertEqual((stopped["stopCode"], stopped["containers"][0]["exitCode"]), ("EssentialContainerExited", 1))


class BreakerWithRollback(Service):
    breaker = {"enable": True, "rollback": True}

    def test_the_deployment_before_is_deployed_again_and_completes(self):
        self.push("two")
        self.control("set", {"ecs_failing": ["s"]})
        before, mine = self.deployments()[0], self.force()
        time.sleep(0.8)
        back, failed, old = self.deployments()
        self.assertEqual((failed["id"], failed["status"], failed["rolloutState"]), (mine["id"], "ACTIVE", "FAILED"))
        self.assertEqual((back["status"], back["rolloutState"], old["id"]), ("PRIMARY", "IN_PROGRESS", before["id"]))
        self.assertIn(f"rolling back to deploymentId {before['id']}", back["rolloutStateReason"])
        self.assertEqual(back["taskDefinition"], failed["taskDefinition"], "forced: only digests differ")
        time.sleep(0.6)
        self.ecs.get_waiter("services_stable").wait(cluster="c", services=["s"], WaiterConfig={"MaxAttempts": 1})
        last = self.deployments()
        self.assertEqual([(one["id"], one["rolloutState"]) for one in last], [(back["id"], "COMPLETED")])
        self.assertEqual(self.digests(), {self.image["digest"]})
        self.assertEqual(len(self.tasks("STOPPED")), 3, "they can still be asked for")
        self.assertIn(f"(service s) rolling back to deployment {before['id']}.", self.messages())

    def test_without_a_completed_deployment_the_service_is_stalled(self):
        self.control("set", {"ecs_failing": ["new"], "ecs_rollout_s": 0})
        more = {"deploymentConfiguration": {"deploymentCircuitBreaker": self.breaker}}
        self.ecs.create_service(cluster="c", serviceName="new", taskDefinition="t", desiredCount=1, **more)
        described = self.ecs.describe_services(cluster="c", services=["new"])["services"][0]
        self.assertEqual([one["rolloutState"] for one in described["deployments"]], ["FAILED"])
        self.assertEqual(described["runningCount"], 0)
        self.assertEqual(described["deploymentConfiguration"]["deploymentCircuitBreaker"]["rollback"], True)
