"""How far an exercise is, to look at."""

from html import escape

from labkit.control import CheckReport


class Progress:
    """A :class:`~labkit.control.CheckReport` that shows itself: each step, done or not, with its hint."""

    def __init__(self, report: CheckReport) -> None:
        self.report = report

    @property
    def done(self) -> bool:
        """Whether every step is done; never in an exam, which says nothing."""
        return bool(self.report.steps) and all(step.done for step in self.report.steps)

    def __str__(self) -> str:
        return "\n".join([self._summary(), *(self._line(number) for number in range(len(self.report.steps)))])

    def __repr__(self) -> str:
        return str(self)

    def _line(self, number: int) -> str:
        step = self.report.steps[number]
        mark, hint = ("✓", "") if step.done else ("·", f"  {step.hint}")
        return f"  {mark} {number + 1}. {step.name}{hint}"

    def _summary(self) -> str:
        steps, exercise = self.report.steps, self.report.exercise
        if not steps:
            return f"{exercise}: recorded, {self.report.recorded} actions so far"
        return f"{exercise}: {sum(step.done for step in steps)} of {len(steps)} steps done"

    def _repr_html_(self) -> str:
        rows = [
            f'<li style="list-style:none">{"✅" if step.done else "⬜"} {escape(step.name)}'
            + (f' <span style="opacity:.7">{escape(step.hint)}</span>' if step.hint and not step.done else "")
            + "</li>"
            for step in self.report.steps
        ]
        return f'<b>{escape(self._summary())}</b><ol style="padding-left:0.5em">{"".join(rows)}</ol>'
