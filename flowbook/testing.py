"""What authors of integrations test with.

::

    from flowbook.testing import check_contract, fake_service, run_task

    def test_a_message_is_sent():
        with fake_service() as service:
            service.on("POST", "/chat.postMessage", [Answer(500), Answer(json={"ok": True})])
            result = run_task(send_message, {"base_url": service.url, "bot_token": "t"}, {"text": "hi"})
        assert result.success, result.message
        assert service.requests[-1].json == {"text": "hi"}

    def test_the_folder_keeps_the_contract():
        assert check_contract(Path(__file__).parent) == []

Works with any test runner.
"""

from flowbook.authoring.testing.contract import check_contract
from flowbook.authoring.testing.enduring import check_faults
from flowbook.authoring.testing.faults import HTTP_FAULTS, Fault
from flowbook.authoring.testing.line import FaultyLine, faulty_line
from flowbook.authoring.testing.lines import check_line_faults
from flowbook.authoring.testing.provider import SignInProvider, sign_in_provider
from flowbook.authoring.testing.running import Outcome, load_folder, run_task
from flowbook.authoring.testing.service import Answer, FakeService, Request, fake_service

__all__ = [
    "HTTP_FAULTS",
    "Answer",
    "FakeService",
    "Fault",
    "FaultyLine",
    "Outcome",
    "Request",
    "SignInProvider",
    "check_contract",
    "check_faults",
    "check_line_faults",
    "fake_service",
    "faulty_line",
    "load_folder",
    "run_task",
    "sign_in_provider",
]
