"""A local AWS: moto plus the behaviour of AWS that moto lacks and a deployment tool stands on.

``python -m local_aws`` starts it; see ``server.py``. Each module patches one service of moto and names the AWS document
that it follows. Patches are applied when a service gets its first request, because importing a service costs time.
"""
