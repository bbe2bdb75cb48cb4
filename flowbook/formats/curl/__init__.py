r"""A curl command as a node of ``http.request``, its secrets apart.

>>> found = read_curl("curl -X POST https://api.example.com/items -H 'Authorization: Bearer t0k' --json '{\"a\": 1}'")
>>> found.node.params["url"], found.node.params["method"], found.node.params["body"]
('https://api.example.com/items', 'POST', {'a': 1})
>>> found.node.integration, sorted(found.credentials)
('api.example.com', ['base_url', 'token'])
"""

from flowbook.formats.curl.node import FromCurl, read_curl

__all__ = ["FromCurl", "read_curl"]
