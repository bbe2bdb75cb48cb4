"""The tasks of the runs in this workspace's history."""

import os
import time

from flowbook import task


def ended(params):
    """As the params say."""
    if params.get("raises"):
        raise ValueError("it is bad")
    time.sleep(params.get("waits", 0))
    good = not (params.get("fails") or (params.get("may_fail") and os.path.exists("bad")))
    return {"success": good, "message": "done" if good else "it failed", "data": params.get("gives")}


@task(effects="read")
def read(credentials, params):
    """Read."""
    return ended(params)


@task(effects="write")
def write(credentials, params):
    """Write."""
    return ended(params)


@task(effects="write")
def table(credentials, params):
    """Give a table."""
    import pandas as pd

    return {"success": True, "message": "done", "data": pd.DataFrame({"n": [1, 2, 3], "t": ["x", "y", None]})}


@task(effects="write")
def odd(credentials, params):
    """Give what JSON has no form for."""
    return {"success": True, "message": "done", "data": {1: "one"}}
