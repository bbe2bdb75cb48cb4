"""SSH: commands on other machines, and files to, from and on them (SFTP), over paramiko; host keys are checked."""

from .files import delete_file, download_file, list_files, make_folder, move_file, upload_file
from .tasks import run_command, test_connection

__all__ = [
    "delete_file",
    "download_file",
    "list_files",
    "make_folder",
    "move_file",
    "run_command",
    "test_connection",
    "upload_file",
]
