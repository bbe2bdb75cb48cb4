"""HTTP for integrations: one session per service, with faults told in words and no secret in any of them.

    from flowbook import http

    with http.Session("https://api.example.com", service="Example", headers={"Authorization": f"Bearer {token}"},
                      secrets=[token]) as api:
        user = api.get("user").json
        items = [item for page in api.pages("items", params={"per_page": 100}) for item in page.json]

A status of 400 and above, a redirect that leads nowhere, a service that cannot be reached, an answer that is cut off or
too large: each raises :class:`ServiceError`, whose ``kind`` says which it was. ``requests`` does the talking and is
loaded when first used; proxies and the CA bundle come from the environment as it reads them (``HTTPS_PROXY``,
``REQUESTS_CA_BUNDLE``). Credentials go to the origin of the address alone, and an address with more than one meaning is
refused, whoever gives it (:func:`checked_address`, :func:`same_origin`).
"""

from flowbook.http.address import checked as checked_address
from flowbook.http.address import same_origin, segment
from flowbook.http.beginning import hold, sent
from flowbook.http.cookies import Cookies
from flowbook.http.faults import BadAnswer, Kind, ServiceError, unlike
from flowbook.http.response import Response
from flowbook.http.session import Session
from flowbook.http.waiting import asked_wait, wait_hint

__all__ = [
    "BadAnswer", "Cookies", "Kind", "Response", "ServiceError", "Session", "asked_wait", "checked_address",
    "hold", "same_origin", "segment", "sent", "unlike", "wait_hint",
]  # fmt: skip
