"""What Google's APIs answer when they refuse, in their older form and in the newer one, and what they take.

https://developers.google.com/workspace/drive/api/guides/handle-errors,
https://developers.google.com/workspace/gmail/api/guides/handle-errors and
https://docs.cloud.google.com/apis/design/errors.
"""

from __future__ import annotations

from flowbook.testing import Answer

TOKEN = "ya29.a0AfH6SMBx-secretsecretsecret"


def refused(status: int, reason: str, message: str, *, domain: str = "global", name: str = "") -> Answer:
    """A refusal in the form that has ``errors``; Gmail says its newer ``status``, too."""
    errors = [{"domain": domain, "reason": reason, "message": message}]
    error = {"errors": errors, "code": status, "message": message} | ({"status": name} if name else {})
    return Answer(status, json={"error": error})


OVER = refused(403, "userRateLimitExceeded", "User Rate Limit Exceeded", domain="usageLimits")
DAILY = refused(403, "dailyLimitExceeded", "Daily Limit Exceeded", domain="usageLimits")
NOT_ON = refused(403, "accessNotConfigured", "The API has not been used in project 1 before", domain="usageLimits")
NO_SCOPE = refused(403, "insufficientPermissions", "Insufficient Permission")
EXPIRED = refused(401, "authError", "Invalid Credentials")
