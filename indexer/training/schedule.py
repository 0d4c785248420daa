"""The learning-rate schedule: linear warm-up, then linear decay to zero at the end of the steps or minutes."""

from dataclasses import dataclass

WARM_UP_STEPS = 100
"""Maximum number of steps in which the learning rate rises."""
WARM_UP_FRACTION = 0.05
"""Maximum fraction of the time in which the learning rate rises."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Maximum learning rate and length of a training, in steps or else in minutes."""

    max_rate: float
    minutes: float | None
    steps: int | None

    def fraction(self, step: int, seconds: float) -> float:
        """Return the fraction of the training that is done, 0 to 1."""
        done = step / self.steps if self.steps else seconds / (60 * (self.minutes or 1))
        return min(done, 1.0)

    def seconds_left(self, step: int, seconds: float) -> float:
        """Estimate the training time left."""
        if self.steps:
            return (self.steps - step) * seconds / max(step, 1)
        return max(60 * (self.minutes or 1) - seconds, 0.0)

    def rate(self, step: int, seconds: float) -> float:
        """Return the learning rate of the next step after `step` steps. It is 0 at the end."""
        warm_up = min(WARM_UP_STEPS, self.steps // 10) if self.steps else WARM_UP_STEPS
        fraction = self.fraction(step, seconds)
        warmth = (step + 1) / (warm_up + 1)
        if not self.steps:  # there may be time for fewer than `WARM_UP_STEPS` steps
            warmth = max(warmth, fraction / WARM_UP_FRACTION)
        return self.max_rate * min(1.0, warmth) * (1 - fraction)
