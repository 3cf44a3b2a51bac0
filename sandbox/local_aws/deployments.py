"""The deployments of an ECS service and what becomes of them, as functions of the time.

* "Amazon ECS deployments", "Deployment" (API Reference): a new deployment is PRIMARY and IN_PROGRESS until its tasks run,
  then COMPLETED; the ones before it are ACTIVE and drain. How long that takes is the switch ``ecs_rollout_s``.
* "Container image resolution": a deployment fixes tag → digest when it starts.
* "How the Amazon ECS deployment circuit breaker detects failures": tasks that do not reach RUNNING count; at half the
  desired count, 3 at least and 200 at most, the deployment is FAILED. With ``rollback`` the last completed deployment is
  deployed again, its digests too ("Amazon ECS service revisions"); where there is none, the service is stalled.
* "Deployment", ``failedTasks``: a task that runs and then ends is not counted, so no breaker ever trips over it.
"""

import hashlib
import math
import time

from . import ecr, images
from .accounts import account

_ids = iter(range(1, 1 << 62))
_MOST_STOPPED = 200

NOT_FOUND = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {}: not found"
NO_START = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed"
EXITED = "Essential container in task exited"


class Deployment:
    """One deployment: the task definition and images fixed at its start, and why its tasks fail, if they do."""

    def __init__(self, service, template=None, started=None):
        """A deployment of what the service names now, or with ``template`` of that deployment's state again."""
        switches = account(service._backend.account_id)
        self.service = service
        self.id = f"ecs-svc/{int(time.time()) * 1_000_000 + next(_ids)}"
        self.started = time.time() if started is None else started
        self.seconds = switches.ecs_rollout_s
        self.desired = service.desired_count
        self.superseded = None
        self.template = template
        self.failure, self.exits = None, False
        if template:
            self.task_definition, self.images = template.task_definition, template.images
            return
        self.task_definition = service._backend.describe_task_definition(service.task_definition).arn
        containers = service._backend.describe_task_definition(self.task_definition).container_definitions
        self.images = [(one["name"], one["image"], ecr.resolve(one["image"])) for one in containers]
        self.failure, self.exits = self._failure(switches)

    def _failure(self, switches):
        names = (self.service.name, f"{self.service.cluster_name}/{self.service.name}")
        absent = next((uri for _, uri, image in self.images if image is None and ".dkr.ecr." in uri), None)
        if self.desired == 0:
            return None, False
        if absent:
            return NOT_FOUND.format(absent), False
        if any(name in switches.ecs_failing for name in names):
            return NO_START, False
        if any(name in switches.ecs_crashing for name in names):
            return EXITED, True
        return None, False

    def _breaker(self, name):
        configuration = getattr(self.service, "deployment_configuration", {})
        return bool(configuration.get("deploymentCircuitBreaker", {}).get(name))

    @property
    def has_breaker(self):
        """Whether failed tasks end it."""
        return self._breaker("enable")

    @property
    def rolls_back(self):
        """Whether the deployment before takes its place when it fails."""
        return self.has_breaker and self._breaker("rollback")

    def now(self):
        """The present, or the moment from which another deployment took its place."""
        return time.time() if self.superseded is None else self.superseded

    @property
    def ends(self):
        """When it completes or fails; None when it never does."""
        if self.failure and (self.exits or not self.has_breaker):
            return None
        return self.started + self.seconds

    @property
    def state(self):
        """Its ``rolloutState``."""
        if self.ends is None or self.now() < self.ends:
            return "IN_PROGRESS"
        return "FAILED" if self.failure else "COMPLETED"

    def is_done(self):
        """Whether its tasks run."""
        return self.state == "COMPLETED"

    @property
    def reason(self):
        """Its ``rolloutStateReason``."""
        if self.state == "FAILED":
            return "ECS deployment circuit breaker: tasks failed to start."
        if self.template and self.state == "IN_PROGRESS":
            return f"ECS deployment circuit breaker: rolling back to deploymentId {self.template.id}."
        return f"ECS deployment {self.id} {self.state.lower().replace('_', ' ')}."

    def stopped_at(self):
        """When each of its tasks that failed so far stopped. They fail evenly, so that the breaker trips at the end."""
        if not self.failure:
            return []
        threshold = min(200, max(3, math.ceil(self.desired / 2)))
        interval = self.seconds / threshold
        so_far = threshold if interval == 0 else int((self.now() - self.started) / interval + 1e-6)
        most = threshold if self.has_breaker and not self.exits else _MOST_STOPPED
        return [self.started + interval * (number + 1) for number in range(min(so_far, most))]

    def describe(self, place):
        """The ``Deployment`` of the API; ``place`` is 0 for the newest."""
        running = self.service.desired_count if self is running_of(self.service) else 0
        return {
            "id": self.id,
            "status": "ACTIVE" if place else "PRIMARY",
            "taskDefinition": self.task_definition,
            "desiredCount": 0 if place else self.service.desired_count,
            "runningCount": running,
            "pendingCount": 0 if running or place or self.state == "FAILED" else self.service.desired_count,
            "failedTasks": 0 if self.exits else len(self.stopped_at()),
            "createdAt": self.started,
            "updatedAt": self.started,
            "launchType": self.service.launch_type or "FARGATE",
            "rolloutState": self.state,
            "rolloutStateReason": self.reason,
        }

    def task_id(self, kind, number):
        """The id of one of its tasks."""
        return hashlib.md5(f"{self.id}{kind}{number}".encode()).hexdigest()

    def digest_of(self, image):
        """What ``imageDigest`` says of a running container: on Fargate, the child of an index for its platform."""
        if self.service.launch_type != "EC2" and image.image_manifest_media_type in images.INDEXES:
            return images.first_child(image.image_manifest)
        return image.get_image_digest()


def history_of(service):
    """Every deployment of a service, oldest first, after rolling back what the circuit breaker has stopped."""
    if "sandbox_history" not in service.__dict__:
        service.sandbox_history = [Deployment(service)]
    history = service.sandbox_history
    newest = history[-1]
    if newest.state == "FAILED" and newest.rolls_back:
        completed = next((one for one in reversed(history[:-1]) if one.is_done()), None)
        if completed:
            history.append(Deployment(service, completed, newest.ends))
    return history


def begin(service):
    """Begins a deployment of what the service names now."""
    history = history_of(service)
    history[-1].superseded = time.time()
    history.append(Deployment(service))


def current(service):
    """The deployments that DescribeServices tells, newest first: what stands behind a completed one has drained."""
    newest_first = list(reversed(history_of(service)))
    done = next((place for place, one in enumerate(newest_first) if one.is_done()), len(newest_first) - 1)
    return newest_first[: done + 1]


def running_of(service):
    """The deployment whose tasks run, or None."""
    return next((one for one in reversed(history_of(service)) if one.is_done()), None)


def events_of(service):
    """The events of a service, newest first, in the words of "Amazon ECS service event messages"."""
    told = []
    for one in history_of(service):
        name, stopped = f"(service {service.name})", one.stopped_at()
        if one.template:
            told.append((one.started, f"{name} rolling back to deployment {one.template.id}."))
        if not one.failure and one.desired:
            told.append((one.started, f"{name} has started {one.desired} tasks: (task {one.task_id('', 0)})."))
        for number, at in enumerate(stopped):
            told.append((at, f"{name} has started 1 tasks: (task {one.task_id('stopped', number)})."))
        if one.state == "FAILED":
            told.append((one.ends, f"{name} (deployment {one.id}) deployment failed: tasks failed to start."))
        if one.is_done():
            told.append((one.ends, f"{name} (deployment {one.id}) deployment completed."))
            told.append((one.ends, f"{name} has reached a steady state."))
    told.sort(key=lambda event: event[0])
    return [
        {"id": hashlib.md5(f"{at}{message}".encode()).hexdigest(), "createdAt": at, "message": message}
        for at, message in reversed(told[-100:])
    ]
