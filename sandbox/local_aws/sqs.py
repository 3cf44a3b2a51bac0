"""Amazon SQS, where moto differs.

* "GetQueueAttributes": a redrive policy comes back as it was set. moto writes the JSON anew, with other spaces, which
  terraform takes for a change in every plan.
"""

from moto.sqs import models

_setup_dlq = models.Queue._setup_dlq
_attributes = models.Queue.attributes


def setup_dlq(self, policy):
    """Queue._setup_dlq: keeps the text."""
    _setup_dlq(self, policy)
    self.redrive_policy_text = policy if isinstance(policy, str) else None


def attributes(self):
    """Queue.attributes: gives the text back."""
    result = _attributes.fget(self)
    text = getattr(self, "redrive_policy_text", None)
    if text and "RedrivePolicy" in result:
        result["RedrivePolicy"] = text
    return result


def apply():
    """Puts the patches in place."""
    models.Queue._setup_dlq = setup_dlq
    models.Queue.attributes = property(attributes)
