"""Amazon ECS services whose deployments take time, where moto differs.

* "Amazon ECS deployments" and "Deployment" (API Reference): a new deployment is PRIMARY and IN_PROGRESS until its tasks
  run, then COMPLETED; the one before it is ACTIVE and drains. How long that takes is the switch ``ecs_rollout_s``.
* "Container image resolution": a deployment fixes tag → digest when it starts; ``imageDigest`` stands in each task.
* ListServices and DescribeServices keep the documented limits of 10.

The deployment circuit breaker is not here yet: an image that does not exist leaves its deployment IN_PROGRESS.
"""

import hashlib
import time

from moto.core.responses import ActionResult
from moto.ecs import models, responses

from . import ecr
from .accounts import account

_ids = iter(range(1, 1 << 62))


class Deployment:
    """One deployment of a service: the task definition and the digests fixed at its start."""

    def __init__(self, service, task_definition):
        self.id = f"ecs-svc/{int(time.time()) * 1_000_000 + next(_ids)}"
        self.started, self.task_definition = time.time(), task_definition
        self.seconds = account(service._backend.account_id).ecs_rollout_s
        containers = service._backend.describe_task_definition(task_definition).container_definitions
        self.images = [(one["name"], one["image"], ecr.resolve(one["image"])) for one in containers]
        self.is_broken = any(image is None and ".dkr.ecr." in uri for _, uri, image in self.images)

    def is_done(self):
        """Whether its tasks run."""
        return not self.is_broken and time.time() >= self.started + self.seconds


def deployments_of(service):
    """The deployments of a service, newest first; what stands behind a completed one has drained."""
    if "sandbox_deployments" not in service.__dict__:
        service.sandbox_deployments = [Deployment(service, service.task_definition)]
    known = service.sandbox_deployments
    done = next((index for index, deployment in enumerate(known) if deployment.is_done()), None)
    if done is not None:
        service.sandbox_deployments = known = known[: done + 1]
    return known


def describe(service):
    """The ``deployments`` of DescribeServices."""
    known, described = deployments_of(service), []
    for index, deployment in enumerate(known):
        done = deployment.is_done()
        is_oldest = index > 0 and index == len(known) - 1
        running = service.desired_count if done or is_oldest else 0
        state = "COMPLETED" if done else "IN_PROGRESS"
        described.append(
            {
                "id": deployment.id,
                "status": "ACTIVE" if index else "PRIMARY",
                "taskDefinition": deployment.task_definition,
                "desiredCount": 0 if index else service.desired_count,
                "runningCount": running,
                "pendingCount": 0 if running or index else service.desired_count,
                "failedTasks": 1 if deployment.is_broken else 0,
                "createdAt": deployment.started,
                "updatedAt": deployment.started,
                "launchType": service.launch_type or "FARGATE",
                "rolloutState": state,
                "rolloutStateReason": f"ECS deployment {deployment.id} {state.lower().replace('_', ' ')}.",
            }
        )
    return described


def running_count(service):
    """How many tasks of a service run."""
    if not hasattr(service, "_backend") or not service.task_definition:
        return 0
    return sum(deployment["runningCount"] for deployment in describe(service))


_update_service = models.EC2ContainerServiceBackend.update_service


def update_service(self, properties):
    """EC2ContainerServiceBackend.update_service: another task definition, or force, begins a deployment."""
    force, wanted = properties.get("force_new_deployment"), properties.get("task_definition")
    service = _update_service(self, properties)
    known = deployments_of(service)
    if wanted:
        service.task_definition = self.describe_task_definition(wanted).arn
    if force or (wanted and service.task_definition != known[0].task_definition):
        service.sandbox_deployments = [Deployment(service, service.task_definition), *known]
    return service


def tasks_of(backend, cluster):
    """Each task of a cluster's services, with its service."""
    for key, service in backend.services.items():
        if key.split(":")[0] != cluster.split("/")[-1] or service.status != "ACTIVE":
            continue
        known = deployments_of(service)
        for index, deployment in enumerate(known):
            is_between = index > 0 and not known[0].is_broken and index != len(known) - 1
            if deployment.is_broken or is_between:
                continue
            status = "RUNNING" if deployment.is_done() or index else "PENDING"
            for number in range(service.desired_count):
                yield service, _task(backend, service, deployment, number, status)


def _task(backend, service, deployment, number, status):
    name = hashlib.md5(f"{deployment.id}{number}".encode()).hexdigest()
    containers = []
    for container, uri, image in deployment.images:
        running = {"imageDigest": image.get_image_digest()} if image and status == "RUNNING" else {}
        containers.append({"name": container, "image": uri, "lastStatus": status, **running})
    return {
        "taskArn": f"arn:aws:ecs:{service.region_name}:{backend.account_id}:task/{service.cluster_name}/{name}",
        "clusterArn": service.cluster_arn,
        "taskDefinitionArn": deployment.task_definition,
        "lastStatus": status,
        "desiredStatus": "RUNNING",
        "startedBy": deployment.id,
        "group": f"service:{service.name}",
        "launchType": service.launch_type or "FARGATE",
        "createdAt": deployment.started,
        "containers": containers,
    }


def list_tasks(self):
    """EC2ContainerServiceResponse.list_tasks."""
    cluster, name = self._get_param("cluster", "default"), self._get_param("serviceName")
    self.ecs_backend._get_cluster(cluster)
    name = name.split("/")[-1] if name else None
    if name and f"{cluster.split('/')[-1]}:{name}" not in self.ecs_backend.services:
        raise models.ServiceNotFoundException
    tasks = tasks_of(self.ecs_backend, cluster)
    return ActionResult({"taskArns": [task["taskArn"] for service, task in tasks if name in (None, service.name)]})


def describe_tasks(self):
    """EC2ContainerServiceResponse.describe_tasks."""
    wanted = {arn.split("/")[-1] for arn in self._get_param("tasks", [])}
    tasks = [task for _, task in tasks_of(self.ecs_backend, self._get_param("cluster", "default"))]
    found = {task["taskArn"].split("/")[-1]: task for task in tasks}
    missing = [{"arn": name, "reason": "MISSING"} for name in sorted(wanted - set(found))]
    return ActionResult({"tasks": [task for name, task in found.items() if name in wanted], "failures": missing})


_list_services = responses.EC2ContainerServiceResponse.list_services
_describe_services = responses.EC2ContainerServiceResponse.describe_services


def list_services(self):
    """EC2ContainerServiceResponse.list_services, a page at a time."""
    result = _list_services(self)
    arns = result.result["serviceArns"]
    start, size = int(self._get_param("nextToken") or 0), int(self._get_param("maxResults") or 10)
    result.result["serviceArns"] = arns[start : start + size]
    if start + size < len(arns):
        result.result["nextToken"] = str(start + size)
    return result


def describe_services(self):
    """EC2ContainerServiceResponse.describe_services, ten at most."""
    if len(self._get_param("services", [])) > 10:
        raise models.InvalidParameterException("Services cannot have more than 10 elements.")
    return _describe_services(self)


def apply():
    """Puts the patches in place."""
    ignored = lambda service, value: None  # moto assigns what is computed here
    models.Service.deployments = property(describe, ignored)
    models.Service.running_count = property(running_count, ignored)
    models.Service.pending_count = property(
        lambda service: max(0, service.desired_count - running_count(service)), ignored
    )
    models.EC2ContainerServiceBackend.update_service = update_service
    for operation in (list_tasks, describe_tasks, list_services, describe_services):
        setattr(responses.EC2ContainerServiceResponse, operation.__name__, operation)
