"""A task with credentials."""

from flowbook import task


@task(effects="write")
def sealed(credentials, params):
    """Give the secret itself.

    Credentials: {"token": "tok-..."}
    """
    return {"success": True, "message": f"with {credentials['token']}", "data": {"token": credentials["token"]}}
