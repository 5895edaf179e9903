"""How far an exercise is, as text and as a page."""

from labkit.control import CheckReport, CheckStep
from labkit.lab.check import Progress

STEPS = (CheckStep(name="Pods", done=True), CheckStep(name="API <ready>", done=False, hint="ask its & health"))


def test_it_says_what_is_done_and_hints_at_the_rest():
    progress = Progress(CheckReport(exercise="exercise-1", steps=STEPS))
    assert str(progress).splitlines() == [
        "exercise-1: 1 of 2 steps done",
        "  ✓ 1. Pods",
        "  · 2. API <ready>  ask its & health",
    ]
    assert not progress.done
    assert Progress(CheckReport(exercise="e", steps=STEPS[:1])).done


def test_the_page_is_escaped():
    page = Progress(CheckReport(exercise="e", steps=STEPS))._repr_html_()
    assert "API &lt;ready&gt;" in page
    assert "its &amp; health" in page


def test_in_an_exam_it_says_only_that_it_is_recorded():
    progress = Progress(CheckReport(exercise="exam", recorded=7))
    assert str(progress) == "exam: recorded, 7 actions so far"
    assert not progress.done
