"""What a folder has that ``flowbook new integration NAME --oauth2`` writes: a sign-in in place of a token."""

from __future__ import annotations


def with_sign_in(texts: dict[str, str]) -> dict[str, str]:
    """The files of a typed folder, by path, with people signing in."""
    return {path: _changed(text) for path, text in texts.items()}


def _changed(text: str) -> str:
    for old, new in _CHANGES:
        text = text.replace(old, new)
    return text


_CHANGES = (
    ("from typing import Any, Literal\n", "from typing import Annotated, Any, Literal\n"),
    (
        """    base_url: str = Field(
        description="Address of the API, e.g. https://api.example.com/v1", json_schema_extra={"flowbook_type": "url"}
    )
    token: Secret = Field(description="Access token, sent as 'Authorization: Bearer …'")
""",
        """    base_url: str = Field(
        description="Address of the service, e.g. https://example.com", json_schema_extra={"flowbook_type": "url"}
    )
    client_id: str = Field(description="Client ID of your app, from where it is registered with the service")
    client_secret: Secret | None = Field(None, description="Client secret of your app, if it has one")
    # The access token. Put in the addresses of your service's documentation; {base_url} is the credential above.
    oauth2: Annotated[
        Secret,
        typed.OAuth2(
            authorize="{base_url}/authorize",
            token="{base_url}/token",
            device="{base_url}/device",
            revoke="{base_url}/revoke",
            scopes=["read"],
        ),
    ]
""",
    ),
    (
        """TRIED = ""  # a path that every token may read, below the base URL: put in your service's, such as "/me"
""",
        """TRIED = "/me"  # who has signed in: put in your service's path for that
""",
    ),
    ("Try the base URL and the token.", "Ask who has signed in."),
    ("credentials.token.reveal()", "credentials.oauth2.reveal()"),
    (
        '{"base_url": service.url, "token": "a-token-for-tests"}',
        '{"base_url": service.url, "client_id": "my-app", "oauth2": "a-token-for-tests"}',
    ),
    ('service.on("GET", "/", ', 'service.on("GET", "/me", '),
    ("Talks to an HTTP API that takes a bearer token.", "Talks to an HTTP API that people sign in to with OAuth2."),
    (
        "| `token` | access token, sent as `Authorization: Bearer …` |\n",
        "| `client_id`, `client_secret` | of your app, from where it is registered with the service |\n"
        "| `oauth2` | the access token: press **Sign in**, or `flowbook integrations sign-in NAME` |\n",
    ),
    ("`test_connection` tries the credentials:", "`test_connection` asks who has signed in:"),
)
