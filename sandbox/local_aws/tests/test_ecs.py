"""Amazon ECS services and their deployments."""

import time

from .support import TestCase


class Deployments(TestCase):
    def setUp(self):
        super().setUp()
        self.image = self.seed("weco/a", "one", tags=["latest"])
        self.ecs = self.client("ecs")
        self.ecs.create_cluster(clusterName="c")
        uri = f"{self.account}.dkr.ecr.eu-west-1.amazonaws.com/weco/a:latest"
        self.ecs.register_task_definition(
            family="t", containerDefinitions=[{"name": "main", "image": uri, "memory": 128, "essential": True}]
        )
        self.ecs.create_service(cluster="c", serviceName="s", taskDefinition="t", desiredCount=2, launchType="EC2")
        self.assertEqual(len(self.deployments()), 1)
        self.control("set", {"ecs_rollout_s": 0.5})

    def deployments(self):
        return self.ecs.describe_services(cluster="c", services=["s"])["services"][0]["deployments"]

    def digests(self):
        tasks = self.ecs.list_tasks(cluster="c", serviceName="s")["taskArns"]
        described = self.ecs.describe_tasks(cluster="c", tasks=tasks)["tasks"]
        return {container.get("imageDigest") for task in described for container in task["containers"]}

    def test_a_forced_deployment_takes_a_while_and_then_runs_the_new_digest(self):
        newer = self.seed("weco/a", "two")
        self.client("ecr").put_image(repositoryName="weco/a", imageManifest=newer["manifest"], imageTag="latest")
        self.assertEqual(self.digests(), {self.image["digest"]})
        self.ecs.update_service(cluster="c", service="s", forceNewDeployment=True)
        first = self.deployments()[0]
        self.assertEqual((first["status"], first["rolloutState"]), ("PRIMARY", "IN_PROGRESS"))
        time.sleep(0.6)
        last = self.deployments()
        self.assertEqual([(one["id"], one["rolloutState"]) for one in last], [(first["id"], "COMPLETED")])
        self.assertEqual(self.digests(), {newer["digest"]})

    def test_ten_services_are_the_most_to_ask_for(self):
        names = [f"s{number}" for number in range(11)]
        self.refused("InvalidParameterException", self.ecs.describe_services, cluster="c", services=names)
