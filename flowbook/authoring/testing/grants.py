"""What the provider of :mod:`~flowbook.authoring.testing.provider` keeps and grants: Authlib's classes, filled in."""

from __future__ import annotations

import html
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowbook.authoring.testing.provider import SignInProvider

USER = "ada@example.com"
_METHODS = ["client_secret_post", "client_secret_basic"]
_ACCOUNT = "robot@project.example.com"


class Kept:
    """All that the provider knows."""

    def __init__(self) -> None:
        self.tokens: list[Any] = []
        self.codes: dict[str, Any] = {}
        self.devices: dict[str, dict[str, Any]] = {}
        self.entered: dict[str, bool] = {}


def application(provider: SignInProvider) -> Any:
    """The WSGI application. Authlib refuses plain http, so it is told that this loopback connection is https."""
    from flask import Flask

    app = Flask("flowbook-provider")
    server = _server(provider, app)
    _add_pages(provider, app, server)
    _add_endpoints(provider, app, server)

    @app.before_request
    def stop_when_down() -> Any:
        return ("Service Unavailable", 503) if provider.down else None

    def https(environ: dict[str, Any], start: Any) -> Any:
        return app.wsgi_app(environ | {"wsgi.url_scheme": "https"}, start)

    return https


def _add_pages(provider: SignInProvider, app: Any, server: Any) -> None:
    from flask import redirect, request

    @app.get("/authorize")
    def ask() -> Any:
        grant = server.get_consent_grant(end_user=USER)
        return _consent_page(provider.client_id, grant.request.payload.scope or "", request.full_path)

    @app.post("/authorize")
    def answered() -> Any:
        allowed = request.form.get("allow") == "yes"
        return server.create_authorization_response(
            grant=server.get_consent_grant(end_user=USER), grant_user=USER if allowed else None
        )

    @app.get("/activate")
    def activate() -> Any:
        return _consent_page(provider.client_id, "")

    @app.post("/activate")
    def activated() -> Any:
        provider.enter(request.form["code"].strip(), allow=request.form.get("allow") == "yes")
        return redirect("/done")

    @app.get("/done")
    def done() -> Any:
        return "Thank you. You can close this page."


def _consent_page(client: str, scope: str, action: str = "") -> str:
    """The page that asks."""
    code = '<p><label>Code <input name="code" autofocus></label></p>' if not action else ""
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Allow access?</title>
<body style="font: 16px system-ui; max-width: 30em; margin: 15vh auto"><h1>Allow access?</h1>
<p><b>{html.escape(client)}</b> asks for: {html.escape(scope) or "nothing in particular"}. You are {USER}.</p>
<form method="post" action="{html.escape(action)}">{code}
<button name="allow" value="yes">Allow</button> <button name="allow" value="no">Deny</button></form></body></html>"""


def _add_endpoints(provider: SignInProvider, app: Any, server: Any) -> None:
    from flask import jsonify, request

    @app.post("/token")
    def token() -> Any:
        provider.calls.append(dict(request.form))
        if request.form.get("grant_type") == "refresh_token" and provider.delay:
            time.sleep(provider.delay)
        return server.create_token_response()

    @app.post("/device")
    def device() -> Any:
        return server.create_endpoint_response("device_authorization")

    @app.post("/revoke")
    def revoke() -> Any:
        return server.create_endpoint_response("revocation")

    @app.get("/me")
    def me() -> Any:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        found = next((one for one in provider.kept.tokens if one.access == given), None)
        if found is None or found.revoked or found.is_expired():
            return _unauthorized(bool(given))
        return jsonify(email=found.user, scope=found.scope)


def _unauthorized(given: bool) -> Any:
    """As https://www.rfc-editor.org/rfc/rfc6750#section-3.1 says: no error code where no token was given."""
    from flask import jsonify

    said = 'Bearer realm="cloud"'
    if not given:
        return "", 401, {"WWW-Authenticate": said}
    why = "The access token expired"
    said += f', error="invalid_token", error_description="{why}"'
    return jsonify(error="invalid_token", error_description=why), 401, {"WWW-Authenticate": said}


def _server(provider: SignInProvider, app: Any) -> Any:
    from authlib.integrations.flask_oauth2 import AuthorizationServer
    from authlib.oauth2.rfc7636 import CodeChallenge

    client, new_token = _client(provider), _token_class(provider)

    def save(token: dict[str, Any], request: Any) -> None:
        provider.kept.tokens.append(new_token(token, getattr(request, "user", None) or _ACCOUNT))

    def known(client_id: str) -> Any:
        return client if client_id == provider.client_id else None

    server = AuthorizationServer(app, query_client=known, save_token=save)
    server.register_token_generator("default", lambda **asked: _token(provider, **asked))
    server.register_grant(_code_grant(provider), [CodeChallenge(required=True)])
    server.register_grant(_refresh_grant(provider))
    _add_devices(provider, server)
    _add_accounts(provider, server, client)
    return server


def _client(provider: SignInProvider) -> Any:
    from authlib.oauth2.rfc6749 import ClientMixin

    class Client(ClientMixin):
        def get_client_id(self) -> str:
            return provider.client_id

        def get_allowed_scope(self, scope: str) -> str:
            return scope or ""

        def check_redirect_uri(self, redirect_uri: str) -> bool:
            return redirect_uri.startswith(("http://127.0.0.1:", "http://localhost:"))

        def check_client_secret(self, client_secret: str) -> bool:
            return client_secret == provider.client_secret

        def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
            return method in _METHODS

        def check_response_type(self, response_type: str) -> bool:
            return response_type == "code"

        def check_grant_type(self, grant_type: str) -> bool:
            return True

    return Client()


def _token_class(provider: SignInProvider) -> Any:
    from authlib.oauth2.rfc6749 import TokenMixin

    class Token(TokenMixin):
        def __init__(self, token: dict[str, Any], user: str) -> None:
            self.access, self.refresh = token["access_token"], token.get("refresh_token")
            self.scope, self.user, self.revoked = token.get("scope", ""), user, False
            self.used, self.issued_at, self.lifetime = False, time.time(), provider.lifetime

        def check_client(self, client: Any) -> bool:
            return True

        def get_scope(self) -> str:
            return str(self.scope)

        def get_expires_in(self) -> float:
            return self.lifetime

        def is_expired(self) -> bool:
            return time.time() >= self.issued_at + self.lifetime

        def is_revoked(self) -> bool:
            return self.revoked

    return Token


def _code_grant(provider: SignInProvider) -> Any:
    from authlib.oauth2.rfc6749 import grants

    codes = provider.kept.codes

    class Code(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = _METHODS

        def save_authorization_code(self, code: str, request: Any) -> None:
            codes[code] = _Code(request)

        def query_authorization_code(self, code: str, client: Any) -> Any:
            return codes.get(code)

        def delete_authorization_code(self, authorization_code: Any) -> None:
            for code in [code for code, one in codes.items() if one is authorization_code]:
                del codes[code]

        def authenticate_user(self, authorization_code: Any) -> str:
            return str(authorization_code.user)

    return Code


def _refresh_grant(provider: SignInProvider) -> Any:
    from authlib.oauth2.rfc6749 import grants

    class Refresh(grants.RefreshTokenGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = _METHODS

        @property
        def INCLUDE_NEW_REFRESH_TOKEN(self) -> bool:  # noqa: N802 - Authlib's name
            return provider.rotates

        def authenticate_refresh_token(self, refresh_token: str) -> Any:
            found = next((one for one in provider.kept.tokens if one.refresh == refresh_token), None)
            if found is not None and found.used:
                provider.end_all()  # somebody else has it, too
            return None if found is None or found.used or found.revoked else found

        def authenticate_user(self, refresh_token: Any) -> str:
            return str(refresh_token.user)

        def revoke_old_credential(self, refresh_token: Any) -> None:
            refresh_token.used = provider.rotates

    return Refresh


def _token(provider: SignInProvider, scope: str = "", include_refresh_token: bool = True, **_: Any) -> dict[str, Any]:
    from authlib.common.security import generate_token

    made = {"token_type": "Bearer", "access_token": generate_token(42), "expires_in": int(provider.lifetime)}
    made |= {"scope": scope} if scope else {}
    return made | ({"refresh_token": generate_token(48)} if include_refresh_token else {})


class _Code:
    """A code that was given out."""

    def __init__(self, request: Any) -> None:
        self.user = request.user
        self.scope = request.payload.scope
        self.redirect_uri = request.payload.redirect_uri
        self.code_challenge = request.payload.data.get("code_challenge")
        self.code_challenge_method = request.payload.data.get("code_challenge_method")

    def get_redirect_uri(self) -> str:
        """Where it was sent to."""
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        """What it is for."""
        return str(self.scope or "")


def _add_devices(provider: SignInProvider, server: Any) -> None:
    from authlib.oauth2.rfc7009 import RevocationEndpoint
    from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant, DeviceCredentialDict

    kept = provider.kept

    class Device(DeviceAuthorizationEndpoint):
        CLIENT_AUTH_METHODS = _METHODS
        INTERVAL = provider.interval

        def get_verification_uri(self) -> str:
            return f"{provider.url}/activate"

        def save_device_credential(self, client_id: str, scope: str, data: dict[str, Any]) -> None:
            ends = time.time() + provider.device_lifetime
            kept.devices[data["device_code"]] = {"client_id": client_id, "scope": scope, **data, "expires_at": ends}

    class DeviceCode(DeviceCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = _METHODS

        def query_device_credential(self, device_code: str) -> Any:
            found = kept.devices.get(device_code)
            return None if found is None else DeviceCredentialDict(found)

        def query_user_grant(self, user_code: str) -> tuple[str, bool] | None:
            return (USER, kept.entered[user_code]) if user_code in kept.entered else None

        def should_slow_down(self, credential: Any) -> bool:
            provider.slow_down -= 1
            return provider.slow_down >= 0

    class Revocation(RevocationEndpoint):
        CLIENT_AUTH_METHODS = _METHODS

        def query_token(self, token_string: str, token_type_hint: str) -> Any:
            return next((one for one in kept.tokens if token_string in (one.access, one.refresh)), None)

        def revoke_token(self, token: Any, request: Any) -> None:
            provider.end_all()

    server.register_endpoint(Device)
    server.register_endpoint(Revocation)
    server.register_grant(DeviceCode)


def _add_accounts(provider: SignInProvider, server: Any, client: Any) -> None:
    from authlib.oauth2.rfc7523 import JWTBearerGrant
    from joserfc.jwk import RSAKey

    class Account(JWTBearerGrant):
        def resolve_issuer_client(self, issuer: str) -> Any:
            return client if issuer == _ACCOUNT and provider.account_key else None

        def resolve_client_public_key(self, client: Any) -> Any:
            return RSAKey.import_key(provider.account_key)

        def authenticate_user(self, subject: str) -> str:
            return subject

        def get_audiences(self) -> list[str]:
            return [provider.token]

        def has_granted_permission(self, client: Any, user: str) -> bool:
            return True

    server.register_grant(Account)


def new_account(provider: SignInProvider) -> dict[str, str]:
    """A new service account that the provider knows: its JSON key, in the form of Google's."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    provider.account_key = public.decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return {
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "a1b2c3",
        "private_key": private,
        "client_email": _ACCOUNT,
        "client_id": "1",
        "token_uri": provider.token,
    }
