"""nbgrader's settings for this course: read by ``labkit course`` and by plain ``nbgrader`` alike.

``labkit course grade`` runs no code of a trainee. Plain ``nbgrader autograde`` does, as the user who
calls it, and promises no integrity: use it on work that you trust.
"""

c = get_config()  # noqa: F821 - traitlets gives it to a configuration file

c.CourseDirectory.course_id = "llm-research-lab-academy"
c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"

# Never copied from one step to the next: the instructor's side of an assignment, and a verdict,
# whose keys are not for a feedback page.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    ".labkit",
    "INSTRUCTOR.md",
    "rubric.toml",
    "verdict.json",
]

# A solution stub that does not raise, so that a released notebook runs from top to bottom.
c.ClearSolutions.code_stub = {"python": "# Your work here."}

# Bounds for plain `nbgrader autograde`: a cell that loops is interrupted, one that floods is cut.
c.Execute.timeout = 120
c.Execute.iopub_timeout = 30
c.Execute.interrupt_on_timeout = True
c.LimitOutput.max_lines = 200
c.LimitOutput.max_traceback = 40
