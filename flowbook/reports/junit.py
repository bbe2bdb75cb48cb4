"""A run as JUnit XML: a test suite whose test cases are the nodes, for the test reports of CI services.

The elements and attributes are those that Jenkins, GitLab and GitHub's report actions read:
https://github.com/testmoapp/junitxml (a description of the format, which has no standard of its own).
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from flowbook.reports.contents import NodeReport, RunReport, visible
from flowbook.view.document import stamp
from flowbook.view.wording import first_line

TEXT_KEPT = 100_000  # of what a node printed, its end: CI services refuse files of some megabytes


def render(report: RunReport, drawing: str = "") -> str:
    """One suite. A failure that was handled is no failure of the suite, as it is none of the run; a node that ended in
    no way of its own (cancelled, unknown, still running) is an error. ``drawing`` is not part of it.
    """
    cases = [_case(report, node) for node in report.nodes]
    if report.summary.status != "succeeded" and not any(_is_bad(case) for case in cases):
        cases.append(_run_case(report))
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
        "time": f"{report.whole:.6f}",
    }
    name = report.summary.workflow
    # Jenkins' description of the format knows no "skipped" of the whole.
    suites = ET.Element("testsuites", {"name": name, **{key: counts[key] for key in counts if key != "skipped"}})
    started = str(stamp(report.summary.started_at)).removesuffix("Z")
    suite = ET.SubElement(suites, "testsuite", {"name": name, **counts, "timestamp": started})
    properties = ET.SubElement(suite, "properties")
    for key, value in (("run", report.summary.id), ("status", report.summary.status)):
        ET.SubElement(properties, "property", {"name": key, "value": value})
    suite.extend(cases)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _is_bad(case: ET.Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def _case(report: RunReport, node: NodeReport) -> ET.Element:
    took = f"{node.record.seconds:.6f}"
    case = ET.Element("testcase", {"classname": report.summary.workflow, "name": node.id, "time": took})
    status, message = node.record.status, visible(first_line(node.record.message))
    trace = node.text_of("traceback") or node.record.message
    if status == "failed" and not node.record.handled:
        _child(case, "failure", trace, message=message, type=node.node.task)
    elif status in ("skipped", "pending"):
        _child(case, "skipped", "", message=message)
    elif status not in ("succeeded", "failed"):
        _child(case, "error", trace, message=f"{status}: {message}" if message else status, type=status)
    errors = [node.text_of("stderr")]
    if status == "failed" and node.record.handled:
        errors.append(f"It failed, and that was handled: {node.record.message}\n{node.text_of('traceback')}")
    for name, text in (("system-out", node.text_of("stdout", "display")), ("system-err", "".join(errors))):
        if text.strip():
            _child(case, name, text if len(text) <= TEXT_KEPT else f"…\n{text[-TEXT_KEPT:]}")
    return case


def _run_case(report: RunReport) -> ET.Element:
    """What a run that did not succeed, though none of its nodes failed, has to say."""
    case = ET.Element("testcase", {"classname": report.summary.workflow, "name": "(run)", "time": "0.000000"})
    message = visible(report.summary.message) or f"The run is {report.summary.status}."
    _child(case, "error", message, message=first_line(message), type=report.summary.status)
    return case


def _child(case: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(case, name, attributes).text = visible(text)
