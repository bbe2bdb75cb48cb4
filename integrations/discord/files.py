"""Files for Discord. Facts: https://docs.discord.com/developers/reference#uploading-files."""

from __future__ import annotations

from flowbook import Result, attachments, task
from flowbook.counting import counted

from .messages import send
from .models import Credentials, SendFile


@task(
    effects="write",
    network=True,
    reads_files="files",
    writes_files=False,
    runs_code=False,
    example={
        "id": "334385199974967042",
        "channel_id": "290926798999357250",
        "content": "Hello",
        "timestamp": "2017-07-11T17:27:07.299000+00:00",
        "author": {"id": "53908099506183680", "username": "Mason"},
        "attachments": [
            {
                "id": "334385199974967043",
                "filename": "report.csv",
                "size": 532,
                "url": "https://cdn.discordapp.com/attachments/290926798999357250/334385199974967043/report.csv",
            }
        ],
    },
)
def send_file(credentials: Credentials, params: SendFile) -> Result:
    """Send files, from this machine or out of data, in one message. Data: Discord's message, with its attachments."""
    files = [attachments.read(given) for given in params.files]
    message = send(credentials, params, files)
    size = sum(len(file.content) for file in files)
    what = files[0].filename if len(files) == 1 else f"{counted(len(files), 'file')}"
    return Result.ok(f"{what} sent ({size:,} bytes).", message)
