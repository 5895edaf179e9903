"""What a sandbox is started with."""

from pathlib import Path

import msgspec

from labkit.scenarios import exercise as exercises
from labkit.settings import ClockMode, Settings

SEED = 1
"""The world of a sandbox for which nothing names a seed."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a sandbox is started with; with ``recorded``, the folder of a recording, that is served instead of a world.

    ``home`` is its folder; ``journal`` the file of its journal, by default in ``home``; ``parent``
    a process with which it ends.
    """

    home: Path
    seed: int = SEED
    clock: ClockMode = "live"
    exercise: str | None = None
    trainee: str | None = None
    journal: Path | None = None
    parent: int | None = None
    recorded: Path | None = None

    @classmethod
    def of(
        cls, settings: Settings, *, exercise: str | None = None, journal: Path | None = None,
        parent: int | None = None, recorded: Path | None = None,
    ) -> "Options":  # fmt: skip
        """The options that ``settings`` mean; an exercise's home and world are its trainee's own."""
        if exercise:
            exercises.exercise(exercise)  # refuses one that there is not
        seed = settings.seed
        if seed is None:
            seed = exercises.world_seed(exercise, settings.trainee) if exercise else SEED
        return cls(
            home=settings.home_of(exercise) if exercise else settings.home,
            seed=seed,
            clock=settings.clock,
            exercise=exercise,
            trainee=settings.trainee if exercise else None,
            journal=journal,
            parent=parent,
            recorded=recorded,
        )

    def command(self) -> list[str]:
        """The arguments of ``labkit`` that start a sandbox with these options (its home is in ``LABKIT_HOME``)."""
        arguments = ["up"] if self.recorded else ["up", "--seed", str(self.seed), "--clock", self.clock]
        named = {
            "--exercise": self.exercise,
            "--trainee": self.trainee,
            "--journal": self.journal,
            "--parent": self.parent,
            "--recorded": self.recorded,
        }
        return arguments + [str(word) for name, value in named.items() if value is not None for word in (name, value)]
