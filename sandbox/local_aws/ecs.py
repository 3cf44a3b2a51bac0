"""Amazon ECS services whose deployments take time and can fail, where moto differs. ``deployments.py`` has the deployments.

* ``imageDigest`` stands in each running task; a stopped one says ``stoppedReason`` and ``stopCode`` ("Task").
* ListServices, DescribeServices, ListTasks and DescribeTasks keep the documented limits of 10 and 100.
* A service keeps its ``deploymentConfiguration`` and tells its ``events`` ("Service").
* A service that has been deleted cannot be updated (``ServiceNotActiveException``, "UpdateService", "Errors").
"""

import json

from moto.core.responses import ActionResult
from moto.ecs import models, responses

from . import deployments
from .errors import service_error

_DEFAULTS = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
}


def described(service):
    """The ``deployments`` of DescribeServices."""
    return [one.describe(place) for place, one in enumerate(deployments.current(service))]


def running_count(service):
    """How many tasks of a service run."""
    if not hasattr(service, "_backend") or not service.task_definition or service.status != "ACTIVE":
        return 0
    return service.desired_count if deployments.running_of(service) else 0


_create_service = responses.EC2ContainerServiceResponse.create_service
_update_service = models.EC2ContainerServiceBackend.update_service


def create_service(self):
    """EC2ContainerServiceResponse.create_service, with its deployment configuration; the first deployment begins."""
    result = _create_service(self)
    service = result.result["service"]
    service.deployment_configuration = {**_DEFAULTS, **(self._get_param("deploymentConfiguration") or {})}
    # Absent in AWS where it was not given; an empty one makes terraform's provider fall over.
    service.network_configuration = service.network_configuration or None
    service.availability_zone_rebalancing = self._get_param("availabilityZoneRebalancing") or "DISABLED"
    deployments.history_of(service)
    return result


def update_service(self, properties):
    """EC2ContainerServiceBackend.update_service: another task definition, or force, begins a deployment."""
    force, wanted = properties.get("force_new_deployment"), properties.get("task_definition")
    service = self._get_service(properties.get("cluster", "default"), properties["service"])
    if service.status != "ACTIVE":
        raise service_error("ServiceNotActiveException", "Service was not ACTIVE.")
    before = deployments.history_of(service)[-1].task_definition
    if properties.get("deployment_configuration"):
        properties["deployment_configuration"] = {
            **getattr(service, "deployment_configuration", _DEFAULTS),
            **properties["deployment_configuration"],
        }
    _update_service(self, properties)
    if wanted:
        service.task_definition = self.describe_task_definition(wanted).arn
    if force or service.task_definition != before:
        deployments.begin(service)
    return service


def tasks_of(backend, cluster, desired_status):
    """Each task of a cluster's services, with its service: ``RUNNING`` is what shall run, ``STOPPED`` what has ended."""
    for key, service in backend.services.items():
        if key.split(":")[0] != cluster.split("/")[-1] or service.status != "ACTIVE":
            continue
        history = deployments.history_of(service)
        if desired_status == "STOPPED":
            for one in history:
                for number, at in enumerate(one.stopped_at()):
                    yield service, {**_task(one, "stopped", number, "STOPPED"), **_end(one, at)}
            continue
        running, newest = deployments.running_of(service), history[-1]
        shown = [(running, "RUNNING")] if running else []
        if newest.state == "IN_PROGRESS":
            shown.append((newest, "PENDING"))
        for one, status in shown:
            for number in range(service.desired_count):
                yield service, _task(one, "", number, status)


def _task(deployment, kind, number, status):
    service, containers = deployment.service, []
    for container, uri, image in deployment.images:
        has_run = image and (status == "RUNNING" or (status == "STOPPED" and deployment.exits))
        digest = {"imageDigest": deployment.digest_of(image)} if has_run else {}
        ended = {"exitCode": 1} if status == "STOPPED" and deployment.exits else {}
        if status == "STOPPED" and not deployment.exits:
            ended["reason"] = deployment.failure
        containers.append({"name": container, "image": uri, "lastStatus": status, **digest, **ended})
    name = deployment.task_id(kind, number)
    owner = service._backend.account_id
    return {
        "taskArn": f"arn:aws:ecs:{service.region_name}:{owner}:task/{service.cluster_name}/{name}",
        "clusterArn": service.cluster_arn,
        "taskDefinitionArn": deployment.task_definition,
        "lastStatus": status,
        "desiredStatus": "STOPPED" if status == "STOPPED" else "RUNNING",
        "startedBy": deployment.id,
        "group": f"service:{service.name}",
        "launchType": service.launch_type or "FARGATE",
        "createdAt": deployment.started,
        "containers": containers,
    }


def _end(deployment, at):
    code = "EssentialContainerExited" if deployment.exits else "TaskFailedToStart"
    return {"stoppedReason": deployment.failure, "stopCode": code, "stoppingAt": at, "stoppedAt": at}


def list_tasks(self):
    """EC2ContainerServiceResponse.list_tasks."""
    cluster, name = self._get_param("cluster", "default"), self._get_param("serviceName")
    self.ecs_backend._get_cluster(cluster)
    name = name.split("/")[-1] if name else None
    if name and f"{cluster.split('/')[-1]}:{name}" not in self.ecs_backend.services:
        raise models.ServiceNotFoundException
    started_by = self._get_param("startedBy")
    if name and started_by:
        raise models.InvalidParameterException("startedBy must be the only filter.")
    arns = [
        task["taskArn"]
        for service, task in tasks_of(self.ecs_backend, cluster, self._get_param("desiredStatus") or "RUNNING")
        if name in (None, service.name) and started_by in (None, task["startedBy"])
    ]
    return _page(self, {"taskArns": arns}, "taskArns", 100)


def describe_tasks(self):
    """EC2ContainerServiceResponse.describe_tasks, a hundred at most."""
    wanted = {arn.split("/")[-1]: arn for arn in self._get_param("tasks", [])}
    if len(wanted) > 100:
        raise models.InvalidParameterException("Tasks cannot have more than 100 elements.")
    cluster = self._get_param("cluster", "default")
    self.ecs_backend._get_cluster(cluster)
    there = {}
    for status in ("RUNNING", "STOPPED"):
        there.update({task["taskArn"].split("/")[-1]: task for _, task in tasks_of(self.ecs_backend, cluster, status)})
    missing = [{"arn": arn, "reason": "MISSING"} for name, arn in wanted.items() if name not in there]
    # Written here, as these are the API's own names: moto looks for other spellings of each, a millisecond a task.
    answer = {"tasks": [there[name] for name in wanted if name in there], "failures": missing}
    return json.dumps(answer), {"Content-Type": "application/x-amz-json-1.1"}


_list_services = responses.EC2ContainerServiceResponse.list_services
_describe_services = responses.EC2ContainerServiceResponse.describe_services


def list_services(self):
    """EC2ContainerServiceResponse.list_services, a page at a time."""
    return _page(self, _list_services(self).result, "serviceArns", 10)


def _page(self, result, key, default):
    items = result[key]
    start, size = int(self._get_param("nextToken") or 0), int(self._get_param("maxResults") or default)
    page = {**result, key: items[start : start + size]}
    if start + size < len(items):
        page["nextToken"] = str(start + size)
    return ActionResult(page)


def describe_services(self):
    """EC2ContainerServiceResponse.describe_services, ten at most."""
    if len(self._get_param("services", [])) > 10:
        raise models.InvalidParameterException("Services cannot have more than 10 elements.")
    return _describe_services(self)


def apply():
    """Puts the patches in place."""
    ignored = lambda service, value: None  # moto assigns what is computed here
    models.Service.deployments = property(described, ignored)
    models.Service.events = property(deployments.events_of, ignored)
    models.Service.running_count = property(running_count, ignored)
    models.Service.pending_count = property(
        lambda service: max(0, service.desired_count - running_count(service)), ignored
    )
    models.EC2ContainerServiceBackend.update_service = update_service
    for operation in (create_service, list_tasks, describe_tasks, list_services, describe_services):
        setattr(responses.EC2ContainerServiceResponse, operation.__name__, operation)
